"""A child process that outlives its parent is nobody's: it ends when the pipe from its parent closes.

Closing is the kernel's doing, so it works for a parent that was killed with SIGKILL, on any POSIX system.
"""

import os
import signal
import threading
import time

VARIABLE = "KB_LIFELINE_FD"
GRACE_S = 5.0


def hold_on() -> None:
    """End this process group when the parent's end of the pipe closes. Without a parent that gave one, do nothing."""
    raw = os.environ.pop(VARIABLE, "")
    if raw.isdecimal():
        descriptor = int(raw)
        os.set_inheritable(descriptor, False)
        threading.Thread(target=_wait, args=(descriptor,), name="lifeline", daemon=True).start()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)
