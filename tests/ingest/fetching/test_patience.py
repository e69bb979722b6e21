"""Requests to one host keep their distance, and what failed for now is asked again, not for ever."""

import email.utils
import time

import pytest

from ingest.fetching import FetchError
from ingest.fetching.pace import Pace
from tests.ingest.fetching.servers import page


def test_a_passing_failure_is_tried_again(fetcher, server, slept):
    server.replies["/"] = iter([page(status="503 Later"), b"", page(b"found")])
    assert fetcher.fetch(server.url(), 0).content == b"found"
    assert [round(seconds) for seconds in slept] in ([1, 3], [1, 4], [1, 5])


def test_after_three_times_it_is_given_up(fetcher, server):
    server.replies["/"] = page(status="502 Bad Gateway")
    with pytest.raises(FetchError, match="answers 502"):
        fetcher.fetch(server.url(), 0)
    assert server.pages == ["/"] * 3


def test_what_is_final_is_not_tried_again(fetcher, server, slept):
    with pytest.raises(FetchError, match="answers 404"):
        fetcher.fetch(server.url("/none"), 0)
    assert (server.pages, slept) == (["/none"], [])


def test_half_a_page_is_not_kept_when_the_whole_one_comes(fetcher, server):
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"
    server.replies["/"] = iter([half, page(b"whole")])
    assert fetcher.fetch(server.url(), 0).content == b"whole"


@pytest.mark.parametrize(
    ("after", "waited"),
    [("7", [7]), ("0", [0]), ("-5", None), ("soon", None), ("9" * 5000, []), ("31", [])],
)
def test_retry_after_is_honoured_within_bounds(fetcher, server, slept, after, waited):
    server.replies["/"] = iter([page(status="429 Slowly", Retry_After=after), page(b"found")])
    if waited == []:
        with pytest.raises(FetchError) as error:
            fetcher.fetch(server.url(), 0)
        assert error.value.again
        assert (error.value.wait_s or 0) > 30
    else:
        assert fetcher.fetch(server.url(), 0).content == b"found"
    if waited is not None:
        assert slept == waited


def test_retry_after_may_be_a_date(fetcher, server, slept):
    when = email.utils.formatdate(time.time() + 20, usegmt=True)
    server.replies["/"] = iter([page(status="503 Later", Retry_After=when), page(b"found")])
    fetcher.fetch(server.url(), 0)
    assert 17 <= slept[0] <= 21


def test_requests_to_one_host_keep_their_distance(make, server, slept):
    server.replies |= {f"/{number}": page(b"x") for number in range(3)}
    fetcher = make(server, delay_s=5)
    for number in range(3):
        fetcher.fetch(server.url(f"/{number}"), 0)
    # Nobody sleeps here, so each moment is 5 seconds further away.
    assert [round(seconds) for seconds in slept] == [5, 10]


def test_a_host_may_ask_for_more_distance_and_not_for_ever(make, server, slept):
    server.replies |= {"/robots.txt": page(b"User-agent: *\nCrawl-delay: 7"), "/": page(b"x")}
    fetcher = make(server, delay_s=1)
    fetcher.fetch(server.url(), 0)
    fetcher.fetch(server.url(), 0)
    assert [round(seconds) for seconds in slept] == [7]


def test_moments_are_shared_between_processes_and_hosts_apart(tmp_path):
    waited: list[float] = []
    one, two = (Pace(tmp_path / "hosts", 10, waited.append) for _ in range(2))
    one.wait("a.example")
    two.wait("a.example")
    two.wait("b.example", 3600)
    one.wait("b.example")
    assert [round(seconds) for seconds in waited] == [10, 30]


@pytest.mark.parametrize("text", ["", "x", "nan", "99999999999", "\0" * 10])
def test_a_moment_that_cannot_be_read_is_now(tmp_path, text):
    waited: list[float] = []
    pace = Pace(tmp_path / "hosts", 1, waited.append)
    pace.wait("a.example")
    (file,) = (tmp_path / "hosts").iterdir()
    file.write_text(text)
    pace.wait("a.example")
    assert waited == []
