"""The folder of a local index: which files are current, and who may write.

```
    LOCK              held by the one writer, says who that is
    CURRENT           which generation to read, replaced atomically
    vectors-7.npz, .f32, .sq8, .pq4, .log                 see vector_base and vector_log
    words-3/                                             see local_words
```
"""

import fcntl
import json
import os
import shutil
import socket
import sys
import time
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from search.errors import IndexBusy, IndexMismatch

# Grows when files, fields or the analyzer change in a way that old indexes do not fit.
SCHEMA = 2
REBUILD = "run `python manage.py reindex --rebuild`"


@dataclass(frozen=True, slots=True)
class Current:
    """The content of CURRENT."""

    schema: int
    fingerprint: str
    dimension: int
    generation: int
    words: int

    def require(self, fingerprint: str, dimension: int) -> None:
        """Raise IndexMismatch unless the index was made by this code and this model."""
        if self.schema != SCHEMA:
            raise IndexMismatch(f"the index has layout {self.schema}, this version reads layout {SCHEMA}: {REBUILD}")
        if (self.fingerprint, self.dimension) != (fingerprint, dimension):
            raise IndexMismatch(
                f"the index was made with model {self.fingerprint} ({self.dimension} dimensions), "
                f"the model in use is {fingerprint} ({dimension} dimensions): {REBUILD}"
            )


def read_current(folder: Path) -> Current | None:
    """CURRENT, or None where nothing was ever indexed. Raises IndexMismatch for a file this code cannot read."""
    try:
        values = json.loads((folder / "CURRENT").read_text("utf-8"))
        return Current(**{field.name: field.type(values[field.name]) for field in fields(Current)})  # type: ignore[operator]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise IndexMismatch(f"{folder / 'CURRENT'} cannot be read ({error!r}): {REBUILD}") from error


def write_current(folder: Path, current: Current) -> None:
    """Make `current` what readers see, whole or not at all. Everything it names must be on disk already."""
    beside = folder / "CURRENT.new"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(asdict(current), file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / "CURRENT")
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make created, renamed and deleted names durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def next_number(folder: Path) -> int:
    """A generation number that no file here bears, not even one left by a killed build."""
    numbers = [int(path.stem.split("-")[1]) for path in _generations(folder)]
    return max(numbers, default=0) + 1


def sweep(folder: Path, current: Current) -> None:
    """Remove the files of other generations. Readers that still have them open keep reading them."""
    keep = {f"vectors-{current.generation}", f"words-{current.words}"}
    for path in _generations(folder):
        if path.stem not in keep:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _generations(folder: Path) -> list[Path]:
    named = [*folder.glob("vectors-*"), *folder.glob("words-*")]
    return [path for path in named if path.stem.split("-")[1].isdigit()]


class WriterLock:
    """The right to write, for one process at a time; the system takes it back when that process dies."""

    def __init__(self, folder: Path, wait: float = 0.0) -> None:
        """Take the lock, trying for `wait` seconds. Raises IndexBusy, which names the holder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "LOCK"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(self._descriptor)
                    raise IndexBusy(f"{folder} is being written by {self._holder()}; try again later") from None
                time.sleep(0.05)
        who = f"process {os.getpid()} on {socket.gethostname()} ({Path(sys.argv[0]).name})"
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{who} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode(), 0)

    def _holder(self) -> str:
        return self._path.read_text("utf-8", "replace").strip() or "another process"

    def release(self) -> None:
        os.ftruncate(self._descriptor, 0)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)
