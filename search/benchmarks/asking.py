"""Questions over HTTP: one after the other, or as many a second as wanted, whatever the answers take."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

ANSWER_WITHIN_S = 60.0
PAGE_PART = {"HX-Request": "true"}
# Requests that may be under way at once when they arrive by the clock.
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `seconds` from when it was due to its last byte. Status 0: nothing came."""

    status: int
    body: bytes
    seconds: float


class Client:
    """One connection to a server on this machine, opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)

    def get(self, path: str, headers: dict[str, str], due: float | None = None) -> Answer:
        began = time.perf_counter() if due is None else due
        for attempt in (1, 2):
            try:
                self._connection.request("GET", path, headers=headers)
                response = self._connection.getresponse()
                body = response.read()
                return Answer(response.status, body, time.perf_counter() - began)
            except (OSError, http.client.HTTPException):
                # A connection that was idle for seconds may have been closed just as we used it.
                self._connection.close()
                if attempt == 2:
                    break
        return Answer(0, b"", time.perf_counter() - began)

    def close(self) -> None:
        self._connection.close()


def address(question: str, *, page: bool, **more: str) -> str:
    """Where the question is answered, by the page or by the API."""
    return f"{'/search/' if page else '/api/v1/search'}?{urlencode({'q': question, **more})}"


def one_by_one(port: int, paths: Sequence[str], headers: dict[str, str]) -> list[Answer]:
    client = Client(port)
    try:
        return [client.get(path, headers) for path in paths]
    finally:
        client.close()


def by_the_clock(port: int, paths: Sequence[str], rate: float, going_on: Callable[[], bool]) -> list[Answer]:
    """Ask one path after the other, `rate` a second, as long as `going_on` and there are some; all answers."""
    local, clients = threading.local(), []

    def ask(path: str, due: float) -> Answer:
        if not hasattr(local, "client"):
            local.client = Client(port)
            clients.append(local.client)
        return local.client.get(path, {}, due)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask, path, due) for path, due in zip(paths, _clock(rate, going_on), strict=False)]
        answers = [one.result() for one in asked]
    for client in clients:
        client.close()
    return answers


def _clock(rate: float, going_on: Callable[[], bool]) -> Iterator[float]:
    """Moments at which a request is due, each given when it has come."""
    due = time.perf_counter()
    while going_on():
        time.sleep(max(0.0, due - time.perf_counter()))
        yield due
        due += 1 / rate


def summary(seconds: Sequence[float]) -> dict[str, Any]:
    """Milliseconds that half, 95 and 99 of a hundred took at most."""
    if not len(seconds):
        return {}
    return {f"p{share}_ms": round(float(np.percentile(seconds, share)) * 1000, 2) for share in (50, 95, 99)}
