"""OpenVINO, imported so that it tells nobody."""

import contextlib
import ctypes
import mmap
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def openvino() -> Any:
    """The library. Importing it would report to its makers; without its reporter it stays silent, and so does nncf."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as library

    assert isinstance(library, ModuleType)
    return library


def let_go(path: Path) -> None:
    """Give back the memory of what was read from a mapped file and is used no more, as weights are once they have been
    rearranged for the processor; what is asked for again is read again. Nothing where the system has no such thing."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for line in Path("/proc/self/maps").read_text().splitlines():
            addresses, rights, *_ = line.split(maxsplit=2)
            if line.endswith(f" {path}") and rights == "r--s":
                start, end = (int(address, 16) for address in addresses.split("-"))
                libc.madvise(start, end - start, mmap.MADV_DONTNEED)
