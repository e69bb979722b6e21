"""What this process keeps in memory, and how: told to the C library and to the system where they listen.

Everything here does nothing on systems that are not Linux with glibc.
"""

import contextlib
import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# From malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
# Of what is freed so much is kept for the next request: to get it anew from the system, page by page, takes longer than
# what is done with it.
KEPT_BYTES = 8 << 20
# From mman.h: what Python has no name for.
MADV_COLLAPSE = 25
LARGE = 2 << 20
# What is raised where a system has no such thing, or tells it otherwise.
NOT_THERE = (OSError, AttributeError, ValueError)


class _Mapped(NamedTuple):
    start: int
    end: int
    rights: str
    path: str  # "" for memory of no file, or a name in brackets


def share_what_is_freed() -> None:
    """Let threads share what they free, and give back what is much. The C library would keep a store for each of them,
    and a process that answers searches by several would hold a third more."""
    with contextlib.suppress(*NOT_THERE):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES // 2)


def let_go(path: Path) -> None:
    """Give back the memory of what was read from a mapped file and is used no more; what is asked for again is read
    again."""
    with contextlib.suppress(*NOT_THERE):
        for one in _maps():
            if one.path == str(path) and one.rights == "r--s":
                _advise(one.start, one.end, mmap.MADV_DONTNEED)


def use_large_pages() -> None:
    """Put what this process holds now into large pages, as far as the system has some: processors look up few small
    ones at once, and a search goes through more memory than these cover."""
    with contextlib.suppress(*NOT_THERE):
        for one in _maps():
            if one.rights != "rw-p" or one.path not in ("", "[heap]") or one.end - one.start < LARGE:
                continue
            _advise(one.start, one.end, mmap.MADV_HUGEPAGE)
            for start in range(-(-one.start // LARGE) * LARGE, one.end - LARGE + 1, LARGE):
                _advise(start, start + LARGE, MADV_COLLAPSE)


def _maps() -> Iterator[_Mapped]:
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").rstrip("\n").split("\n"):
        addresses, rights, _, _, _, *path = line.split(maxsplit=5)
        start, end = (int(address, 16) for address in addresses.split("-"))
        yield _Mapped(start, end, rights, path[0] if path else "")


def _advise(start: int, end: int, advice: int) -> None:
    """Advice may be refused, and then nothing changes."""
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.madvise(start, end - start, advice)
