"""Work that takes long leaves the processor to who waits for a page."""

import contextlib
import os
from pathlib import Path


def make_way(niceness: int) -> None:
    """Let others have the processor first, the more so the higher `niceness` is, up to 19, for as long as this process
    lives and whatever it starts."""
    os.nice(max(0, niceness - os.nice(0)))
    # Linux may schedule each session as a group, between which the niceness of a process says nothing (sched(7)). In
    # the session of a terminal are others that do not take long.
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(niceness))
