"""Names that lead elsewhere the second time they are asked for."""

import itertools

import pytest

from ingest.fetching import FetchError, network
from ingest.fetching.fetcher import Fetcher
from tests.ingest.fetching.servers import page


def test_what_is_connected_to_is_the_answer_that_was_checked(make, server):
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
