"""One parent, a few children: started together, restarted when one dies, stopped together."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from kb.lifeline import VARIABLE

STOP_WITHIN_S = 8.0
BACK_OFF_S = (0.0, 1.0, 5.0, 15.0, 30.0)
STEADY_AFTER_S = 60.0  # one that ran this long had a good start: its next restart is immediate again


@dataclass
class Child:
    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    failures: int = 0
    started: float = 0.0
    start_at: float = field(default=0.0)


class Supervisor:
    """Runs children until a signal asks to stop; a context, at whose end none is left.

    Each child is a process group of its own, so that Ctrl-C reaches the parent alone and the children are asked in
    order; each holds a pipe by which it notices that the parent is gone.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.children: list[Child] = []
        self._say = say
        self._read, self._write = os.pipe()
        self._stopping = False

    def add(self, name: str, *arguments: str) -> None:
        """A `manage.py` command to keep running."""
        child = Child(name, [sys.executable, sys.argv[0], *arguments])
        self.children.append(child)
        self._start(child)

    def run(self, on_ready: Callable[[], bool]) -> None:
        """Keep the children running until SIGINT or SIGTERM; until then `on_ready` is asked until it says True."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        ready = False
        while not self._stopping:
            ready = ready or on_ready()
            for child in self.children:
                self._look_after(child)
            time.sleep(0.3 if ready else 0.05)

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        """Ask every child to end, and make it so when it has not within a few seconds."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + STOP_WITHIN_S
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            _signal(process, signal.SIGKILL)
            process.wait()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603  (our own interpreter and manage.py)
            child.command,
            env={**os.environ, VARIABLE: str(self._read)},
            pass_fds=[self._read],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.started = time.monotonic()
        child.start_at = 0.0

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        _signal(child.process, signal.SIGKILL)  # what its group still holds
        child.failures = 0 if now - child.started > STEADY_AFTER_S else child.failures + 1
        wait = BACK_OFF_S[min(max(child.failures - 1, 0), len(BACK_OFF_S) - 1)]
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        self._say(f"The {child.name} {how}; starting it again{f' in {wait:.0f} s' if wait else ''}.")
        child.process, child.start_at = None, now + wait


def _signal(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
