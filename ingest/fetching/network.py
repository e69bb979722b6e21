"""Connections to what was checked, within the time there is.

A name is resolved once, every answer is checked, and the connection goes to an answer that was checked: a name that
answers differently the next time is not asked a next time.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from ingest.fetching.addresses import HostPort, check_answers, is_number
from ingest.fetching.errors import FetchError

Resolver = Callable[[str, int], list[str]]

MAX_ANSWERS = 4  # addresses of one host that are tried


class Deadline:
    """The time left for one fetch, over all its redirects and attempts. Waiting out of politeness does not count."""

    def __init__(self, seconds: float) -> None:
        self._start = time.monotonic()
        self._end = self._start + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds that are left, no more than `at_most`; 0 when the time is up."""
        left = max(0.0, self._end - time.monotonic())
        return left if at_most is None else min(left, at_most)

    def reach(self, seconds: float, at_most: float) -> None:
        """Move the end to `seconds` after the start, if that is later, and no more than `at_most` after it."""
        self._end = max(self._end, self._start + min(seconds, at_most))

    @contextmanager
    def paused(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            waited = time.monotonic() - began
            self._start += waited
            self._end += waited


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to public addresses only, and to the `allowed` hosts and ports wherever they are."""

    def __init__(self, resolve: Resolver, allowed: Collection[HostPort], deadline: Deadline) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        answers = [host] if is_number(host) else _within(self._deadline.left(timeout), self._resolve, host, port)
        check_answers(host, port, answers, self._allowed)
        for number, answer in enumerate(answers[:MAX_ANSWERS], start=1):
            try:
                stream = self._plain.connect_tcp(answer, port, self._time_left(timeout), None, socket_options)
                return TimedStream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == min(len(answers), MAX_ANSWERS):
                    raise
        raise FetchError(f"{host} has no address", again=True)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise FetchError("sockets of this machine are not fetched from")

    def _time_left(self, timeout: float | None) -> float:
        left = self._deadline.left(timeout)
        if not left:
            raise httpcore2.ConnectTimeout("time is up")
        return left


class TimedStream(httpcore2.NetworkStream):
    """A stream whose every step ends with the deadline: one that drips a byte a second never times out by itself."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left(timeout)
        if not left:
            raise httpcore2.ReadTimeout("time is up")
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.left(timeout)
        if not left:
            raise httpcore2.WriteTimeout("time is up")
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        if not left:
            raise httpcore2.ConnectTimeout("time is up")
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, in the order in which to try them; FetchError when the name is not known."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        again = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise FetchError(f"the name {host} is not known ({error})", again=again) from None
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def _within(seconds: float, resolve: Resolver, host: str, port: int) -> list[str]:
    """What `resolve` answers within `seconds`: getaddrinfo knows no time limit, so it is left behind in a thread."""
    results: queue.SimpleQueue[list[str] | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            results.put(resolve(host, port))
        except BaseException as error:
            results.put(error)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        result = results.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from None
    if isinstance(result, BaseException):
        raise result
    return result
