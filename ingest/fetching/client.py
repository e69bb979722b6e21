"""One request, however often it has to be asked: redirects, limits of time and size, and retries with patience."""

import email.utils
import math
import random
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from typing import BinaryIO

import httpcore2

from ingest.fetching.addresses import Address, HostPort, check_port, follow
from ingest.fetching.errors import FetchError
from ingest.fetching.inflate import decoder
from ingest.fetching.network import CheckedBackend, Deadline, Resolver, resolve

REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)  # statuses that say that it may work later
CONDITIONS = {"If-None-Match", "If-Modified-Since"}
SAID = {
    401: "it wants a sign-in",
    402: "it wants to be paid",
    403: "it is not open to programs, or wants a sign-in",
    404: "there is no such page",
    410: "the page is gone",
    429: "it was asked too often",
    451: "it may not be shown for legal reasons",
}

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes that one fetch may take, all its redirects and attempts together.

    A body that comes at `slowest` bytes a second or more may go on beyond `total_s`, up to `longest_s`. `max_bytes`
    holds for what comes over the wire, and again for what it inflates to; with `cut` what is beyond is left unread
    instead of being an error.
    """

    max_bytes: int
    cut: bool = False
    connect_s: float = 10.0
    read_s: float = 20.0
    total_s: float = 60.0
    slowest: int = 0
    longest_s: float = 0.0
    redirects: int = 10
    tries: int = 3
    longest_wait_s: float = 30.0


@dataclass(frozen=True)
class Answer:
    """What the last server said. `address` is where it was found, `headers` have names in lower case."""

    address: Address
    status: int
    headers: Headers
    size: int


@dataclass(frozen=True)
class Errand:
    """What to fetch, and the file to write its body to, from where it stands.

    `before` is called with every address that is about to be asked, redirects included, and `look` with the final
    answer before its body is read (its size is 0 then): what they raise ends the fetch. `progress` is told the bytes
    that came so far, and of how many where the server says. `as_sent` says of an answer that its Content-Encoding
    is to be left on.
    """

    address: Address
    sink: BinaryIO
    limits: Limits
    headers: Headers = field(default_factory=dict)
    before: Callable[[Address], None] = lambda address: None
    look: Callable[[Answer], None] = lambda answer: None
    progress: Callable[[int, int | None], None] = lambda done, total: None
    as_sent: Callable[[Answer], bool] = lambda answer: False


class Client:
    """Fetches with GET, and nothing else: no cookies, no credentials, no proxy, no cache.

    `allowed` are (host, port) that are fetched although they are private or on an unusual port.
    """

    def __init__(
        self,
        agent: str,
        allowed: Collection[HostPort] = (),
        resolve: Resolver = resolve,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._agent = agent
        self._allowed = allowed
        self._resolve = resolve
        self._sleep = sleep

    def get(self, errand: Errand) -> Answer:
        """Do the errand, again where that may help. The body of a 304 is empty. FetchError says what went wrong."""
        limits, sink = errand.limits, errand.sink
        deadline = Deadline(limits.total_s)
        start = sink.tell()
        for attempt in range(1, limits.tries + 1):
            try:
                return self._attempt(errand, deadline)
            except FetchError as error:
                wait = _backoff(attempt) if error.wait_s is None else error.wait_s
                hopeless = not deadline.left() or wait > limits.longest_wait_s
                if not error.again or attempt == limits.tries or hopeless:
                    raise
            with deadline.paused():
                self._sleep(wait)
            sink.seek(start)
            sink.truncate()
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, errand: Errand, deadline: Deadline) -> Answer:
        address = errand.address
        seen = {address}
        for _ in range(errand.limits.redirects + 1):
            check_port(address, self._allowed)
            with deadline.paused():
                errand.before(address)
            answer = self._exchange(errand, address, deadline)
            if answer.status not in REDIRECTS:
                return answer
            address = follow(address, answer.headers["location"])
            if address in seen:
                raise FetchError(f"{errand.address} redirects in a circle; pages that want cookies do that")
            seen.add(address)
        raise FetchError(f"{errand.address} redirects more than {errand.limits.redirects} times")

    def _exchange(self, errand: Errand, address: Address, deadline: Deadline) -> Answer:
        """One request and its answer. Each has a connection of its own, which was checked when it was made."""
        limits = errand.limits
        connection = httpcore2.HTTPConnection(
            origin=httpcore2.Origin(address.scheme.encode(), address.host.encode(), address.port),
            ssl_context=_tls() if address.scheme == "https" else None,
            network_backend=CheckedBackend(self._resolve, self._allowed, deadline),
        )
        url = httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        headers = list(self._headers(address, errand.headers).items())
        timeouts = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s}
        try:
            with (
                closing(connection),
                connection.stream("GET", url, headers=headers, extensions={"timeout": timeouts}) as response,
            ):
                answer = Answer(address, response.status, _headers(response.headers), 0)
                moved = answer.status in REDIRECTS and answer.headers.get("location")
                if moved or (answer.status == 304 and CONDITIONS & errand.headers.keys()):
                    return answer
                if answer.status not in (200, 203):
                    raise _refusal(answer)
                errand.look(answer)
                return replace(answer, size=_copy(response, answer, errand, deadline))
        except httpcore2.TimeoutException:
            limit = "in the time it has" if deadline.left() else f"within {limits.total_s:g} seconds"
            raise FetchError(f"{address.origin} did not answer {limit}", again=True) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise _broken(address, error) from error

    def _headers(self, address: Address, more: Headers) -> dict[str, str]:
        return {
            "Host": address.origin.partition("//")[2],
            "User-Agent": self._agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **more,
        }


def _copy(response: httpcore2.Response, answer: Answer, errand: Errand, deadline: Deadline) -> int:
    """Write the body, inflated; its size in bytes."""
    limits = errand.limits
    too_big = FetchError(f"{answer.address} is larger than {limits.max_bytes:,} bytes")
    length = answer.headers.get("content-length", "")
    total = int(length) if length.isdecimal() and len(length) < 20 else None
    if total and total > limits.max_bytes and not limits.cut:
        raise too_big
    undo = decoder("" if errand.as_sent(answer) else answer.headers.get("content-encoding", ""))
    came = size = 0
    for chunk in response.iter_stream():
        came += len(chunk)
        if limits.slowest:
            deadline.reach(limits.total_s + came / limits.slowest, limits.longest_s)
        for piece in undo.feed(chunk):
            errand.sink.write(piece[: limits.max_bytes - size])
            size += len(piece)
            if size > limits.max_bytes:
                break
        if came > limits.max_bytes or size > limits.max_bytes:
            if limits.cut:
                return limits.max_bytes
            raise too_big
        errand.progress(came, total)
    undo.finish()
    return size


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; several of one name joined by commas. Bytes beyond ASCII are UTF-8 or, failing that, what
    HTTP says they are."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _refusal(answer: Answer) -> FetchError:
    said = SAID.get(answer.status, "")
    return FetchError(
        f"{answer.address} answers {answer.status}" + (f": {said}" if said else ""),
        again=answer.status in PASSING,
        status=answer.status,
        wait_s=_retry_after(answer.headers.get("retry-after", "")),
    )


def _retry_after(text: str) -> float | None:
    """Seconds, of a number of them or of a date; None when it says nothing that can be read."""
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, math.ceil(when.timestamp() - time.time()))


def _backoff(attempt: int) -> float:
    """1 and 4 seconds, a little longer or shorter so that many who failed at once do not come back at once."""
    return float(4 ** (attempt - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 no secret


def _broken(address: Address, error: Exception) -> FetchError:
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchError(f"{address.origin} has a certificate that cannot be trusted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    said = str(error) or type(error).__name__
    if isinstance(error, httpcore2.ConnectError):
        return FetchError(f"{address.origin} cannot be connected to ({said})", again=True)
    if isinstance(error, httpcore2.NetworkError) or "without sending" in said or "closed connection" in said:
        return FetchError(f"{address.origin} broke off ({said})", again=True)
    return FetchError(f"{address.origin} does not speak HTTP ({said[:200]})")


@cache
def _tls() -> ssl.SSLContext:
    return httpcore2.default_ssl_context()
