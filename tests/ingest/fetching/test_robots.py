"""robots.txt is asked for first, once, and obeyed."""

import pytest

from ingest.fetching import FetchError
from tests.ingest.fetching.servers import page, redirect

RULES = b"""
User-agent: *
Disallow: /

User-agent: precedent
Disallow: /private
Allow: /private/*.html$
Disallow: /caf%C3%A9
Crawl-delay: 4
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/", True), ("/private/a", False), ("/private/a.html", True), ("/private/a.html?b", False), ("/café", False)],
)
def test_the_rules_for_our_name_are_obeyed(fetcher, server, path, allowed):
    server.replies |= {"/robots.txt": page(RULES, "text/plain"), path: page(b"found")}
    if allowed:
        assert fetcher.fetch(server.url(path), 0).content == b"found"
        return
    with pytest.raises(FetchError, match="asks programs not to fetch") as error:
        fetcher.fetch(server.url(path), 0)
    assert not error.value.again
    assert server.pages == []


def test_robots_is_asked_once(fetcher, server):
    server.replies |= {"/a": page(b"a"), "/b": page(b"b")}
    for path in ("/a", "/b", "/a"):
        fetcher.fetch(server.url(path), 0)
    assert server.asked == ["/robots.txt", "/a", "/b", "/a"]


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "401 Unauthorized", "410 Gone"])
def test_no_file_no_rules(fetcher, server, status):
    server.replies |= {"/robots.txt": page(status=status), "/": page(b"found")}
    assert fetcher.fetch(server.url(), 0).content == b"found"


@pytest.mark.parametrize(
    "reply", [page(status="500 Oops"), page(status="503 Later"), page(status="429 Slowly"), b"", b"HTTP/1.1 200 OK\r\n"]
)
def test_rules_that_cannot_be_read_forbid_everything_for_now(fetcher, server, slept, reply):
    server.replies |= {"/robots.txt": reply, "/": page(b"found")}
    for _ in range(2):
        with pytest.raises(FetchError, match=r"robots\.txt cannot be read") as error:
            fetcher.fetch(server.url(), 0)
        assert error.value.again
    assert server.pages == []
    assert server.asked == ["/robots.txt"]
    assert slept == []


def test_rules_elsewhere_are_followed_to(make, server, other):
    server.replies |= {"/robots.txt": redirect(other.url("/rules")), "/": page(b"found")}
    other.replies["/rules"] = page(b"User-agent: *\nDisallow: /")
    with pytest.raises(FetchError, match="asks programs not to fetch"):
        make(server, other).fetch(server.url(), 0)


@pytest.mark.parametrize(
    "rules",
    [
        b"\xff\xfe\x00binary\x00",
        b"<html><body>Not found</body></html>",
        b"User-agent: *\nDisallow: " + b"/a*" * 20_000 + b"\nDisallow: /" + b"*" * 50_000 + b"x$",
        b"User-agent: *\n" + b"Disallow: /x\n" * 100_000,
        b"User-agent: *\nCrawl-delay: inf\nRequest-rate: 1/0\n",
    ],
    ids=["binary", "html", "stars", "huge", "numbers"],
)
def test_odd_rules_do_no_harm(fetcher, server, rules):
    server.replies |= {"/robots.txt": page(rules), "/" + "a" * 5000: page(b"found")}
    assert fetcher.fetch(server.url("/" + "a" * 5000), 0).content == b"found"
