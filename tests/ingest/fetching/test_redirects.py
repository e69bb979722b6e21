"""Redirects into what is refused, in circles and without end."""

import pytest

from ingest.fetching import FetchError
from tests.ingest.fetching.servers import page, redirect


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("http://169.254.169.254/latest/meta-data/", "a link-local address, which is not fetched"),
        ("http://0x7f.1/", "127.0.0.1 is a loopback address"),
        ("//[::ffff:127.0.0.1]/", "an IPv4-mapped address"),
        ("http://localhost/", "a loopback address"),
        ("file:///etc/passwd", "only http and https"),
        ("http://user:pass@example.org/", "user name or password"),
        ("http://example.org:25/", "only ports 80 and 443"),
        ("http://[", "not an address|no address"),
        ("/a\tb", "control characters"),
    ],
)
def test_a_redirect_is_checked_as_the_address_was(fetcher, server, to, said):
    server.replies["/"] = redirect(to)
    with pytest.raises(FetchError, match=said) as error:
        fetcher.fetch(server.url(), 0)
    assert not error.value.again
    assert server.pages == ["/"]


def test_a_redirect_to_another_port_of_this_machine_is_refused_before_it_is_connected_to(fetcher, server, other):
    server.replies["/"] = redirect(other.url())
    with pytest.raises(FetchError, match=f"names port {other.port}"):
        fetcher.fetch(server.url(), 0)
    assert other.connections == 0


def test_robots_of_where_a_redirect_leads_are_obeyed(make, server, other):
    server.replies["/"] = redirect(other.url("/closed"))
    other.replies |= {"/robots.txt": page(b"User-agent: *\nDisallow: /closed"), "/closed": page(b"secret")}
    with pytest.raises(FetchError, match="asks programs not to fetch"):
        make(server, other).fetch(server.url(), 0)
    assert other.pages == []


def test_two_hundred_redirects_end_at_ten(fetcher, server):
    for number in range(200):
        server.replies[f"/{number}"] = redirect(f"/{number + 1}")
    with pytest.raises(FetchError, match="more than 10 times"):
        fetcher.fetch(server.url("/0"), 0)
    assert server.pages == [f"/{number}" for number in range(11)]


def test_a_circle_ends_when_it_closes(fetcher, server):
    server.replies |= {"/a": redirect("/b"), "/b": redirect("/a#again")}
    with pytest.raises(FetchError, match="in a circle"):
        fetcher.fetch(server.url("/a"), 0)
    assert server.pages == ["/a", "/b"]
