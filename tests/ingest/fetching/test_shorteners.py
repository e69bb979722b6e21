"""Shortened links lead to the page they stand for."""

import pytest

from ingest.fetching import FetchError, shorteners
from ingest.fetching.shorteners import onward
from tests.ingest.fetching.servers import page, redirect


@pytest.fixture
def short(monkeypatch, make, server, other):
    """A fetcher to whom `server`, called by its name, is a shortener; `other` is where it leads."""
    monkeypatch.setattr(shorteners, "HOSTS", frozenset({"short.example"}))
    other.replies["/article"] = page(b"found")
    server.replies["/robots.txt"] = page(b"User-agent: *\nDisallow: /")
    allowed = {("short.example", server.port)}
    return make(other, more=allowed, resolve=lambda host, port: ["127.0.0.1"])


def test_a_shortened_link_is_followed_whatever_its_robots_say(short, server, other):
    server.replies["/x"] = redirect(other.url("/article"), "301 Moved")
    found = short.fetch(server.url("/x", "short.example"), 0)
    assert (found.url, found.content) == (other.url("/article"), b"found")
    assert (server.asked, other.asked) == (["/x"], ["/robots.txt", "/article"])


@pytest.mark.parametrize(
    "between",
    [
        '<meta http-equiv="refresh" content="0; url={}">',
        "<META content='5;URL={}' HTTP-EQUIV=Refresh>",
        '<a class="b" data-tracking-control-name="external_url_click" href="{}">{}</a>',
    ],
)
def test_a_page_in_between_is_passed(short, server, other, between):
    text = "<html><a href='http://ads.example/'>ad</a>" + between.replace("{}", other.url("/article"))
    server.replies["/x"] = page(text.encode())
    assert short.fetch(server.url("/x", "short.example"), 0).content == b"found"


def test_a_page_in_between_may_not_lead_inside(short, server):
    server.replies["/x"] = page(b'<meta http-equiv="refresh" content="0; url=http://10.0.0.1/">')
    with pytest.raises(FetchError, match="a private address"):
        short.fetch(server.url("/x", "short.example"), 0)


def test_one_that_leads_nowhere_says_so(short, server):
    server.replies["/x"] = page(b"<p>Log in to see where this leads")
    with pytest.raises(FetchError, match="does not say where it leads"):
        short.fetch(server.url("/x", "short.example"), 0)


def test_pages_in_between_do_not_go_on_for_ever(short, server):
    server.replies["/x"] = page(b'<meta http-equiv="refresh" content="0; url=/x">')
    with pytest.raises(FetchError, match="from one to another"):
        short.fetch(server.url("/x", "short.example"), 0)
    assert server.pages == ["/x"] * 4


def test_a_large_page_in_between_is_quick():
    assert onward(b"<meta " * 1_000_000) == ""
    assert onward(b'<a external_url_click href="' * 100_000) == ""
