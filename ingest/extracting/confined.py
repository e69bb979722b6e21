"""Processes that read what strangers wrote, and may hang, swell or die of it: with few rights, little memory and no
secrets."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
# Of the environment; keys and passwords are in the rest.
GIVEN = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def start(module: str, *arguments: str, stdin: int, stdout: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """`python -m module arguments…` with this project's modules and hardly any of this process's environment."""
    given = {name: os.environ[name] for name in GIVEN if name in os.environ}
    return subprocess.Popen(  # noqa: S603  # our own program, and no shell
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**given, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )


def limit(megabytes: int, **others: int) -> None:
    """Let the kernel end this process where it takes more memory, and let it write no dumps; `others` are further
    limits by their names in `resource`, such as RLIMIT_CPU."""
    limits = {"RLIMIT_AS": megabytes * 1_000_000, "RLIMIT_CORE": 0, **others}
    for name, amount in limits.items():
        what = getattr(resource, name)
        _, most = resource.getrlimit(what)
        try:
            resource.setrlimit(what, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))
        except (OSError, ValueError):  # macOS knows RLIMIT_AS and refuses it
            continue
