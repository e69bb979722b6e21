"""A file of equal rows that is read a few at a time, and does not fill the memory of who reads it."""

import ctypes
import mmap
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Below this the file is mapped as a whole. Above it rows are copied out one by one: a page that is touched maps its
# neighbours too, so a few hundred scattered rows would count the whole file as memory of every process.
MAPPED_BYTES = 16 << 20

# A search reads its candidates twice: to score them, and to compare them with each other. So each thread keeps the rows
# that it read last, up to so many.
KEPT_ROWS = 1024

# os.preadv gives up the interpreter at every row, and threads that wait for it make each of them take milliseconds.
_libc = ctypes.PyDLL(None, use_errno=True)
_pread = _libc.pread
_pread.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64]
_pread.restype = ctypes.c_ssize_t


class RowFile:
    """`rows` rows of `width` numbers of one type."""

    def __init__(self, path: Path, rows: int, width: int, dtype: type[np.generic], *, mapped: bool = False) -> None:
        """Open the file. Raises OSError for one of another size: reading past the end of a map kills the process."""
        self.path, self.rows, self.width = path, rows, width
        self._dtype = np.dtype(dtype)
        self._row_bytes = width * self._dtype.itemsize
        self._file = path.open("rb", buffering=0)
        try:
            size, expected = os.fstat(self._file.fileno()).st_size, rows * self._row_bytes
            if size != expected:
                raise OSError(f"{path} has {size} bytes, {rows} rows of {self._row_bytes} are expected")
            self._last = threading.local()
            self._map = None
            if rows and (mapped or expected <= MAPPED_BYTES):
                self._map = mmap.mmap(self._file.fileno(), 0, prot=mmap.PROT_READ)
        except BaseException:
            self._file.close()
            raise

    def whole(self) -> NDArray[Any]:
        """All rows without a copy, for a file that was opened mapped."""
        if self._map is None:
            assert not self.rows, f"{self.path} is not mapped"
            return np.empty((0, self.width), self._dtype)
        return np.frombuffer(self._map, self._dtype).reshape(self.rows, self.width)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """These rows, not to be changed: they may be given again. Raises OSError where they cannot be read."""
        found = self._read(rows) if self._map is None else self.whole().take(rows, axis=0)
        found.flags.writeable = False
        return found

    def _read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Those that this thread did not read last are copied out of the file."""
        found = np.empty((len(rows), self.width), self._dtype)
        missing = np.arange(len(rows))
        if (last := getattr(self._last, "read", None)) is not None:
            numbers, order, kept = last
            at = order[np.minimum(np.searchsorted(numbers, rows, sorter=order), len(numbers) - 1)]
            known = numbers[at] == rows
            found[known], missing = kept[at[known]], np.flatnonzero(~known)
        self._copy(rows, missing, found)
        if 0 < len(rows) <= KEPT_ROWS:
            self._last.read = rows.copy(), np.argsort(rows), found
        return found

    def _copy(self, rows: NDArray[np.int64], places: NDArray[np.int64], into: NDArray[Any]) -> None:
        """Read the rows at these places."""
        descriptor, width = self._file.fileno(), self._row_bytes
        positions, targets = rows[places] * width, into.ctypes.data + places * width
        for position, target in zip(positions.tolist(), targets.tolist(), strict=True):
            if _pread(descriptor, target, width, position) != width:
                raise OSError(ctypes.get_errno(), f"{self.path} cannot be read at row {position // width}")

    def slice(self, start: int, stop: int) -> NDArray[Any]:
        """A copy of the rows from `start` up to `stop`."""
        found = np.empty((max(0, min(stop, self.rows) - start), self.width), self._dtype)
        rest, position = memoryview(found.data).cast("B") if found.size else memoryview(b""), start * self._row_bytes
        while rest:
            count = os.preadv(self._file.fileno(), [rest], position)
            if not count:
                raise OSError(f"{self.path} ends before row {stop}")
            rest, position = rest[count:], position + count
        return found

    def close(self) -> None:
        self._file.close()  # the map stays as long as an array of it is used
