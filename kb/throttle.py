"""How much one reader, and all of them together, may ask of what costs a second of work, or a person's time.

The counts are kept by each process for itself, so the limits of an instance are those here times its processes.
"""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.http import HttpRequest

# At a time in a process; who comes then waits his turn for so long.
AT_ONCE = 2
PATIENCE_S = 15.0
LOOKED_UP_A_MINUTE = 30
SAVED_AN_HOUR = 20

_turns = threading.BoundedSemaphore(AT_ONCE)


class TooMuch(Exception):
    """Not now; `wait_s` says when to try again, the message is for the reader."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@contextmanager
def turn() -> Iterator[None]:
    """Work that must not run more than AT_ONCE times at once. Raises TooMuch when the others take too long."""
    if not _turns.acquire(timeout=PATIENCE_S):
        raise TooMuch("Many descriptions are being looked up right now. Try again in a moment.", 10)
    try:
        yield
    finally:
        _turns.release()


def count(request: HttpRequest, what: str, most: int, seconds: int) -> None:
    """Count one more for the reader's address. Raises TooMuch where that is more than `most` in `seconds`."""
    if getattr(request.user, "is_staff", False):
        return
    key = f"throttle:{what}:{address_of(request)}"
    cache.add(key, 0, seconds)
    try:
        reached = cache.incr(key)
    except ValueError:  # it ran out between the two
        return
    if reached > most:
        raise TooMuch(f"That was more than {most} from your address in a short time. Try again later.", seconds)


def address_of(request: HttpRequest) -> str:
    """Where the request came from. A proxy on this machine or network is believed about the hop before it, nobody else:
    what is further left in the header anybody can write."""
    near = request.META.get("REMOTE_ADDR", "")
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        proxied = bool(told) and ipaddress.ip_address(near).is_private
        return str(ipaddress.ip_address(told)) if proxied else near
    except ValueError:
        return near
