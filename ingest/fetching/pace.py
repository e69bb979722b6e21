"""How often one host is asked: each request takes the next free moment, over all processes of this machine."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

LONGEST_DELAY_S = 30.0  # a Crawl-delay of an hour would stop an import for days
LONGEST_QUEUE_S = 600.0  # a later moment than this was written by a clock that has been set back since


class Pace:
    """Moments of hosts, one small file each in `folder`."""

    def __init__(self, folder: Path, delay_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._delay_s = delay_s
        self._sleep = sleep

    def wait(self, host: str, crawl_delay_s: float | None = None) -> None:
        """Return when it is this request's turn: the configured seconds after the one before, or the `crawl_delay_s`
        that the host itself asks for, where that is longer."""
        delay = max(self._delay_s, min(crawl_delay_s or 0.0, LONGEST_DELAY_S))
        if delay and (seconds := self._take(host, delay)) > 0:
            self._sleep(seconds)

    def _take(self, host: str, delay: float) -> float:
        """Take the next free moment; the seconds until then."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / hashlib.sha256(host.encode()).hexdigest()[:32]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            now = time.time()
            free = _moment(file.read(64), now)
            file.seek(0)
            file.write(f"{free + delay:.3f}")
            file.truncate()
        return free - now


def _moment(text: str, now: float) -> float:
    try:
        free = float(text)
    except ValueError:
        return now
    return max(free, now) if free < now + LONGEST_QUEUE_S else now
