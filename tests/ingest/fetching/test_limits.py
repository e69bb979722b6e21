"""Endless, slow, huge and broken answers end, within the time and the bytes that are allowed."""

import gzip
import time
import zlib

import pytest

from ingest.fetching import FetchError
from tests.ingest.fetching.servers import chunked, page

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def failing(fetcher, server, reply):
    server.replies["/"] = reply
    began = time.monotonic()
    with pytest.raises(FetchError) as error:
        fetcher.fetch(server.url(), 0)
    assert time.monotonic() - began < 3
    assert fetcher.kept(server.url()) is None
    return error.value


def test_an_endless_body_ends_at_the_limit(make, server):
    reply = [*chunked(), server.drip(b"10000\r\n" + b"x" * 65536 + b"\r\n", 0)]
    error = failing(make(server, max_bytes=1_000_000), server, reply)
    assert "is larger than 1,000,000 bytes" in str(error)
    assert not error.again


def test_a_body_that_says_it_is_too_large_is_not_read(make, server):
    reply = [HTML + b"Content-Length: 1000001\r\n\r\n", server.silence]
    assert "is larger than" in str(failing(make(server, max_bytes=1_000_000), server, reply))


@pytest.mark.parametrize(
    "start",
    [
        HTML + b"Transfer-Encoding: chunked\r\n\r\n",
        HTML + b"Content-Length: 1000\r\n\r\n",
        HTML + b"X-Long: ",
        b"HTTP/1.1 200 ",
        b"",
    ],
    ids=["chunks", "body", "header", "status", "nothing"],
)
def test_what_drips_ends_when_the_time_is_up(make, server, start):
    error = failing(make(server, total_s=0.4), server, [start, server.drip(b"1")])
    assert "did not answer within 0.4 seconds" in str(error)
    assert error.again
    assert len(server.pages) == 1


def test_a_server_that_says_nothing_ends_too(make, server):
    assert failing(make(server, total_s=0.4), server, [server.silence]).again


def test_provisional_answers_without_end_are_no_answer(make, server):
    error = failing(make(server, total_s=0.4), server, [server.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.001)])
    assert error.again


def test_endless_headers_end(fetcher, server):
    assert "does not speak HTTP" in str(failing(fetcher, server, [HTML, server.drip(b"X-A: " + b"b" * 60_000, 0)]))


BOMB = gzip.compress(b"\0" * 50_000_000, mtime=0)  # 50 kB


@pytest.mark.parametrize(
    ("body", "coding", "said"),
    [
        (BOMB, "gzip", "is larger than 1,000,000 bytes"),
        (BOMB, "x-GZip", "is larger than"),
        (zlib.compress(b"\0" * 50_000_000), "deflate", "is larger than"),
        (gzip.compress(BOMB, mtime=0), "gzip, gzip", "which was not asked for"),
        (BOMB, "br", "which was not asked for"),
        (gzip.compress(b"", mtime=0) * 1500, "gzip", "more than 1000 parts"),
        (gzip.compress(b"page" * 1000, mtime=0)[:-20], "gzip", "broke off"),
        (b"no gzip", "gzip", "is damaged"),
        (b"\x78\x9cno deflate", "deflate", "is damaged"),
    ],
)
def test_compression_bombs_and_damage(make, server, body, coding, said):
    error = failing(make(server, max_bytes=1_000_000), server, page(body, Content_Encoding=coding))
    assert said in str(error)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"page", "identity"),
        (gzip.compress(b"pa", mtime=0) + gzip.compress(b"ge", mtime=0) + b"\0" * 8, "gzip"),
        (zlib.compress(b"page"), "deflate"),
        (zlib.compress(b"page", wbits=-15), "deflate"),
    ],
)
def test_what_is_properly_compressed_is_read(fetcher, server, body, coding):
    server.replies["/"] = page(body, Content_Encoding=coding)
    assert fetcher.fetch(server.url(), 0).content == b"page"


@pytest.mark.parametrize(
    ("reply", "again"),
    [
        (HTML + b"Content-Length: 100\r\n\r\nhalf", True),
        (HTML + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", True),
        (b"", True),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", False),
        (HTML + b"Content-Length: -5\r\n\r\n", False),
        (HTML + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", False),
        (HTML + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello", False),
    ],
)
def test_broken_answers(fetcher, server, reply, again):
    assert failing(fetcher, server, reply).again is again


def test_a_port_where_nobody_listens(make, server):
    fetcher = make(server, more={("127.0.0.1", 1)})
    with pytest.raises(FetchError, match="cannot be connected to") as error:
        fetcher.fetch("http://127.0.0.1:1/", 0)
    assert error.value.again


def test_a_page_without_encryption_at_https(fetcher, server):
    with pytest.raises(FetchError, match="cannot be connected to"):
        fetcher.fetch(server.url().replace("http:", "https:"), 0)


def test_a_name_that_is_never_resolved(make, server):
    fetcher = make(
        server,
        total_s=0.3,
        more={("name.example", server.port)},
        resolve=lambda host, port: server.ended.wait(20) and [],
    )
    began = time.monotonic()
    with pytest.raises(FetchError) as error:
        fetcher.fetch(f"http://name.example:{server.port}/", 0)
    assert error.value.again
    assert time.monotonic() - began < 3
