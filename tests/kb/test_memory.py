"""What a process holds, as the system counts it."""

import mmap
import platform
import re
import sys
from pathlib import Path

import pytest

from kb.memory import let_go, use_large_pages

MAPS = Path("/proc/self/smaps")
LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is told")


def held(name: str, path: str | None = None) -> int:
    """Kilobytes of this kind in all maps, or in those of a file."""
    entries = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", MAPS.read_text())
    chosen = [one for one in entries if path is None or one.partition("\n")[0].endswith(path)]
    return sum(int(size) for one in chosen for size in re.findall(rf"(?m)^{name}: +(\d+) kB", one))


def test_files_of_any_name_may_be_mapped(tmp_path: Path):
    named = tmp_path / "a\u2028b\x0bc"
    named.write_bytes(b"w" * MEGABYTE)
    with named.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == b"w" * MEGABYTE
        let_go(named)
        assert held("Rss", str(named)) == 0


def test_what_was_read_of_a_mapped_file_is_given_back_and_is_there_when_asked_for(tmp_path: Path):
    (tmp_path / "weights").write_bytes(b"w" * 8 * MEGABYTE)
    with (tmp_path / "weights").open("r+b") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == b"w" * 8 * MEGABYTE
        assert held("Rss", str(tmp_path / "weights")) == 8 * 1024

        let_go(tmp_path / "weights")

        assert held("Rss", str(tmp_path / "weights")) == 0
        assert mapped[-1:] == b"w"


@pytest.mark.skipif(
    not LARGE_PAGES.exists() or "[never]" in LARGE_PAGES.read_text(), reason="this system has no large pages"
)
@pytest.mark.skipif(
    tuple(map(int, re.findall(r"\d+", platform.release())[:2])) < (6, 1), reason="this system moves nothing into them"
)
def test_what_is_held_goes_into_large_pages_and_stays_what_it_is():
    kept = mmap.mmap(-1, 32 * MEGABYTE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    kept.madvise(mmap.MADV_NOHUGEPAGE)  # some systems would give it large ones at once
    for start in range(0, len(kept), mmap.PAGESIZE):
        kept[start] = start // mmap.PAGESIZE % 251
    before = held("AnonHugePages")

    use_large_pages()

    assert held("AnonHugePages") - before >= 24 * 1024
    assert all(kept[start] == start // mmap.PAGESIZE % 251 for start in range(0, len(kept), mmap.PAGESIZE))
