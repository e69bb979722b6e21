"""A page is fetched, and what is asked of a server."""

import pytest

from ingest import fetching
from ingest.fetching import FetchError
from tests.ingest.fetching.servers import page, redirect, zipped


def test_a_page(settings, server):
    server.replies["/a?b=%C3%A4"] = page("Grüße".encode(), 'text/HTML; charset="utf-8"', Set_Cookie="a=b", ETag='"1"')
    settings.KB_FETCH_ALLOW = frozenset({("127.0.0.1", server.port)})
    settings.KB_FETCH_DELAY = 0
    settings.KB_FETCH_AGENT_CONTACT = "mailto:kb@example.org"
    found = fetching.fetch(server.url("/a?b=ä#part"))
    assert found.content == "Grüße".encode()
    assert (found.url, found.status, found.media_type, found.charset) == (
        server.url("/a?b=%C3%A4"),
        200,
        "text/html",
        "utf-8",
    )
    assert found.headers == {"content-type": 'text/HTML; charset="utf-8"', "etag": '"1"'}
    assert server.asked == ["/robots.txt", "/a?b=%C3%A4"]
    head = server.heads[-1]
    assert head.startswith("GET /a?b=%C3%A4 HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n" in head
    assert "\r\nUser-Agent: Precedent/0.1.0 (+mailto:kb@example.org)\r\n" in head
    assert "cookie" not in head.lower()
    assert "authorization" not in head.lower()


def test_proxies_of_the_environment_are_not_used(monkeypatch, fetcher, server, other):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url())
    server.replies["/"] = page(b"direct")
    assert fetcher.fetch(server.url(), 0).content == b"direct"
    assert other.connections == 0


def test_a_page_is_kept_and_asked_for_again_only_when_it_is_too_old(fetcher, server, make):
    server.replies["/"] = page(b"first")
    assert fetcher.kept(server.url()) is None
    first = fetcher.fetch(server.url(), 3600)
    server.replies["/"] = page(b"second")
    assert fetcher.fetch(server.url(), 3600) == first
    assert make(server).kept(server.url("/#there")) == first
    assert server.pages == ["/"]
    second = fetcher.fetch(server.url(), 0)
    assert [second.content, second.fetched > first.fetched] == [b"second", True]
    assert fetcher.kept(server.url()) == second
    assert not first.file.exists()


def test_a_page_that_did_not_change_is_not_sent_again(fetcher, server):
    server.replies["/"] = page(b"same", ETag='W/"7"', Last_Modified="Tue, 03 Nov 2026 10:00:00 GMT")
    first = fetcher.fetch(server.url(), 0)
    server.replies["/"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    again = fetcher.fetch(server.url(), 0)
    assert 'If-None-Match: W/"7"' in server.heads[-1]
    assert "If-Modified-Since: Tue, 03 Nov 2026 10:00:00 GMT" in server.heads[-1]
    assert (again.content, again.file) == (b"same", first.file)
    assert again.fetched > first.fetched


def test_what_is_kept_and_damaged_is_fetched_again(fetcher, server):
    server.replies["/"] = page(b"whole")
    kept = fetcher.fetch(server.url(), 3600)
    kept.file.write_bytes(b"wh")
    assert fetcher.kept(server.url()) is None
    assert fetcher.fetch(server.url(), 3600).content == b"whole"
    (kept.file.parent / "page.json").write_text("{")
    assert fetcher.kept(server.url()) is None


def test_redirects_are_followed(fetcher, server):
    server.replies |= {
        "/a": redirect("b?x=ü y", "301 Moved"),
        "/b?x=%C3%BC%20y": redirect(server.url("/c"), "307 Temporary"),
        "/c": page(b"there"),
    }
    found = fetcher.fetch(server.url("/a"), 0)
    assert (found.address, found.url, found.content) == (server.url("/a"), server.url("/c"), b"there")


def test_compressed_pages_are_inflated(fetcher, server):
    server.replies["/"] = zipped(b"page " * 100_000)
    assert fetcher.fetch(server.url(), 0).content == b"page " * 100_000


@pytest.mark.parametrize(
    ("status", "again", "said"),
    [
        ("404 Not Found", False, "answers 404: there is no such page"),
        ("403 Forbidden", False, "answers 403: it is not open to programs"),
        ("410 Gone", False, "answers 410: the page is gone"),
        ("418 Teapot", False, "answers 418"),
        ("204 No Content", False, "answers 204"),
        ("302 Found", False, "answers 302"),
        ("429 Too Many", True, "answers 429: it was asked too often"),
        ("503 Unavailable", True, "answers 503"),
    ],
)
def test_an_answer_that_is_no_page_says_whether_to_come_again(fetcher, server, status, again, said):
    server.replies["/"] = page(status=status)
    with pytest.raises(FetchError) as error:
        fetcher.fetch(server.url(), 0)
    assert said in str(error.value)
    assert (error.value.again, error.value.status) == (again, int(status[:3]))
    assert fetcher.kept(server.url()) is None


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "Audio/MPEG; x=y"])
def test_pictures_and_films_are_not_read(fetcher, server, media_type):
    server.replies["/"] = [page(media_type=media_type, length=False), server.silence]
    with pytest.raises(FetchError, match="not a page") as error:
        fetcher.fetch(server.url(), 0)
    assert not error.value.again
