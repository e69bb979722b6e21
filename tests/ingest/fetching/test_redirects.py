"""Redirects into what is refused, in circles and without end; names that lead elsewhere the second time."""

import itertools

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


def test_a_name_that_answers_differently_the_second_time_gains_nothing(make, server, other):
    """The name is allowed to lead to `other`; what is refused is a second answer between check and connect."""
    answers = itertools.chain([["127.0.0.1"]], itertools.repeat(["127.0.0.2"]))
    asked = []

    def resolve(host, port):
        asked.append(host)
        return next(answers)

    fetcher = make(server, more={("name.example", server.port)}, resolve=resolve)
    server.replies["/robots.txt"] = page(b"")
    server.replies["/"] = page(b"found")
    with pytest.raises(FetchError, match="cannot be connected to"):
        fetcher.fetch(f"http://name.example:{server.port}/", 0)
    # One connection, one answer: the first went to robots.txt, and each later one only to what it was answered.
    assert server.asked == ["/robots.txt"]
    assert len(asked) == 1 + 3


def test_a_name_that_turns_private_is_refused_the_moment_it_does(tmp_path, monkeypatch, server):
    from ingest.fetching import network
    from ingest.fetching.fetcher import Fetcher

    connected = []
    real = network.httpcore2.SyncBackend.connect_tcp

    def connect(self, host, *rest):
        connected.append(host)
        return real(self, "127.0.0.1", server.port, *rest[1:])  # stands for the public address

    monkeypatch.setattr(network.httpcore2.SyncBackend, "connect_tcp", connect)
    answers = iter([["1.1.1.1"], ["10.0.0.1"], ["1.1.1.1"]])
    fetcher = Fetcher(tmp_path, "Precedent/0", delay_s=0, resolve=lambda host, port: next(answers))
    server.replies["/"] = page(b"found")
    with pytest.raises(FetchError, match=r"leads to 10\.0\.0\.1, a private address"):
        fetcher.fetch("http://name.example/", 0)
    assert connected == ["1.1.1.1"]
    assert fetcher.fetch("http://name.example/", 0).content == b"found"
    assert connected == ["1.1.1.1", "1.1.1.1"]
