"""The bulk of the vectors, in files that all processes which read them share. They are written once, and replaced.

```
    vectors-7.npz     passage and entry ids of the rows, and what the other files must hold
    vectors-7.f32     the vectors
    vectors-7.sq8     a byte a dimension of each vector, for an index of more than FLAT_ROWS rows
    vectors-7.pq4     a bit a dimension, for the same
```

A small index compares all vectors. A large one compares the short codes of all rows, then the bytes of the best of
these, or of the rows that a narrow filter leaves, and then the vectors of the best: cosines are always those of the
vectors, and of the rows whose bytes were compared the result is exact.
"""

import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from search.engines.base import COSINE_DECIMALS, Ids, Vectors
from search.engines.row_file import RowFile
from search.engines.scan import ByteCodes, highest, products
from search.engines.short_codes import Read, ShortCodes

# Up to so many rows a search compares the vectors themselves.
FLAT_ROWS = 10_000
# Of a filter that so few rows pass, all of these are looked at.
NARROW_ROWS = 10_000
# Rows that pass a filter are spread unevenly: so much further is looked for them than would do if they were not.
MARGIN = 1.25
# Byte codes are spread over the range of so many vectors.
SAMPLE = 16_384
# Rows copied at a time while a base is built, to bound memory.
BATCH_ROWS = 8192
# Scores that round to the same number of decimals are a tie, which ids decide.
TIE = 2 * 10**-COSINE_DECIMALS
# Vectors of the index itself that tell how far the byte codes are off.
QUESTIONS = 64

# The checksums of a coded base are those of `f32`, `sq8` and `pq4`.
FILES = 3

Mask = NDArray[np.bool_]
Codes = tuple[ByteCodes, ShortCodes]


def write_base(stem: Path, dimension: int, ids: Ids, entry_ids: Ids, read: Read, old: Codes | None = None) -> None:
    """Write the files durably. `ids` must be sorted; `read` gives the vectors at positions of `ids`, in their order.

    `old` are the codes of before, which are used again where they still fit. Memory is bounded by the ids, the short
    codes and a sample of the vectors.
    """
    entries, entry_of, counts = np.unique(entry_ids, return_inverse=True, return_counts=True)
    arrays: dict[str, Any] = {"ids": ids, "dimension": dimension, "entries": entries}
    arrays |= {"entry_of": entry_of.astype(np.int32), "entry_counts": counts.astype(np.int32)}
    arrays["by_entry"] = np.argsort(entry_of, kind="stable").astype(np.int32)
    if len(ids) > FLAT_ROWS:
        arrays |= _write_coded(stem, len(ids), read, _trained(len(ids), dimension, read, old))
    else:
        arrays["sums"] = _write_vectors(stem, len(ids), read)
    with Path(f"{stem}.npz").open("wb") as file:
        np.savez(file, **arrays)
        _settle(file)


def _trained(rows: int, dimension: int, read: Read, old: Codes | None) -> Codes:
    """Codes for so many rows, with none of them in yet."""
    if old is not None and old[1].fits(rows):
        return old[0], old[1].emptied()
    sample = np.random.default_rng(rows).choice(rows, min(rows, SAMPLE), replace=False)
    return ByteCodes.train(read(np.sort(sample))), ShortCodes.train(rows, dimension, read)


def _write_vectors(stem: Path, rows: int, read: Read) -> NDArray[np.uint32]:
    """Write the vectors alone; the checksum."""
    total = 0
    with Path(f"{stem}.f32").open("wb") as file:
        for batch in _batches(rows):
            total = _append(file, np.ascontiguousarray(read(batch), "<f4"), total)
        _settle(file)
    return np.array([total], np.uint32)


def _write_coded(stem: Path, rows: int, read: Read, codes: Codes) -> dict[str, Any]:
    """Write vectors and codes; what has to be known of them."""
    bytes_, short = codes
    questions = read(np.arange(0, rows, max(1, rows // QUESTIONS)))
    vectors = coded = 0
    error = 0.0
    with Path(f"{stem}.f32").open("wb") as whole, Path(f"{stem}.sq8").open("wb") as eighths:
        for batch in _batches(rows):
            some = np.ascontiguousarray(read(batch), "<f4")
            vectors = _append(whole, some, vectors)
            code = bytes_.encode(some)
            coded = _append(eighths, code, coded)
            error = max(error, bytes_.error(questions, some, code))
            short.add(some)
        _settle(whole)
        _settle(eighths)
    if not short.is_measured(rows):
        short = short.measure(read)
    sums = [vectors, coded, short.save(Path(f"{stem}.pq4"))]
    return {
        "sums": np.array(sums, np.uint32),
        "trained": bytes_.trained,
        "code_error": error,
        "measured": np.array(short.measured),
    }


def _append(file: IO[bytes], rows: NDArray[Any], checksum: int) -> int:
    """Write the rows; the checksum with theirs."""
    file.write(rows.data)
    return zlib.crc32(rows.data, checksum)


def _settle(file: IO[bytes]) -> None:
    """Make what was written durable."""
    file.flush()
    os.fsync(file.fileno())


def _batches(rows: int) -> Iterator[Ids]:
    for start in range(0, rows, BATCH_ROWS):
        yield np.arange(start, min(rows, start + BATCH_ROWS))


class VectorBase:
    """Read-only base of one generation."""

    def __init__(self, stem: Path) -> None:
        """Open the files. Raises OSError (FileNotFoundError) that names what cannot be read."""
        small = Path(f"{stem}.npz")
        try:
            with np.load(small) as arrays:
                self._read_small(arrays)
                measured = arrays["measured"] if len(self._sums) == FILES else None
        except OSError:
            raise
        except Exception as error:  # zipfile and numpy raise whatever the damage makes them raise
            raise OSError(f"{small} is damaged: {error}") from error
        rows = len(self.ids)
        self._short = None
        if measured is not None:
            self._short = ShortCodes.load(Path(f"{stem}.pq4"), int(self._sums[2]), measured)
        self._vectors = RowFile(Path(f"{stem}.f32"), rows, self.dimension, np.float32, mapped=self._bytes is None)
        self._codes = None
        if self._bytes is not None:
            self._codes = RowFile(Path(f"{stem}.sq8"), rows, self.dimension, np.uint8, mapped=True)

    def _read_small(self, arrays: Any) -> None:
        self.dimension = int(arrays["dimension"])
        self.ids: Ids = arrays["ids"]
        # Versions before this one kept rows in another order, and large bases without short codes.
        self._by_id: NDArray[np.int32] | None = arrays.get("by_id")
        self._entries: Ids = arrays["entries"]
        self._entry_of: NDArray[np.int32] = arrays["entry_of"]
        self._entry_starts = _starts(arrays["entry_counts"])
        self._by_entry: NDArray[np.int32] = arrays["by_entry"]
        self._sums = arrays["sums"]
        self._bytes = ByteCodes(self.dimension, arrays["trained"]) if "trained" in arrays else None
        self._code_error = float(arrays["code_error"]) if "code_error" in arrays else 0.0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def codes(self) -> Codes | None:
        """What the rows were coded with; None where they are compared as they are, or by bytes alone."""
        return (self._bytes, self._short) if self._bytes is not None and self._short is not None else None

    @property
    def is_outdated(self) -> bool:
        """Whether it was written by a version that knew no short codes: it is searched more slowly."""
        return self._bytes is not None and self._short is None

    def check(self) -> None:
        """Raise OSError where a file is not what was written. Reads everything."""
        for file, expected in zip((self._vectors, self._codes), self._sums.tolist(), strict=False):
            found = 0
            for start in range(0, len(self) if file else 0, BATCH_ROWS):
                found = zlib.crc32(file.slice(start, start + BATCH_ROWS).data, found)  # type: ignore[union-attr]
            if file and found != expected:
                raise OSError(f"{file.path} is damaged")

    def entry_ids(self, rows: Ids | slice = slice(None)) -> Ids:
        """The entries that these rows belong to."""
        return self._entries[self._entry_of[rows]]

    def rows(self, ids: Ids) -> Ids:
        """The rows of those ids that are here."""
        if not len(self):
            return np.empty(0, np.int64)
        at = np.searchsorted(self.ids, ids, sorter=self._by_id)
        at[at == len(self)] = 0
        rows = at if self._by_id is None else self._by_id[at].astype(np.int64)
        return rows[self.ids[rows] == ids]

    def rows_of(self, entry_ids: Ids) -> Ids:
        """The rows of these entries, in no order."""
        if not len(self):
            return np.empty(0, np.int64)
        at = np.searchsorted(self._entries, entry_ids)
        at[at == len(self._entries)] = 0
        return self._rows_of(at[self._entries[at] == entry_ids])

    def matrix(self, rows: Ids) -> Vectors:
        """Copies of the vectors in these rows, (n, d)."""
        return self._vectors.take(rows)

    def nearest(self, vector: Vectors, alive: Mask | None, filter: Ids | None, k: int) -> tuple[Ids, Vectors]:
        """Rows with the `k` highest dot products and their ties, in no order, of the rows that are `alive` (None: all)
        and whose entries are in `filter` (sorted; None: all). Fewer than `k` only where there are no more."""
        if not len(self) or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        kept = None if filter is None else np.isin(self._entries, filter)
        if self._bytes is None:
            return self._compared(vector, self._counting(alive, kept), k)
        return self._best(vector, self._near(vector, alive, kept, k), k)

    def _counting(self, alive: Mask | None, kept: Mask | None) -> Ids:
        """All rows that are alive, of the entries that are kept."""
        if kept is None:
            return np.arange(len(self)) if alive is None else np.flatnonzero(alive)
        rows = np.sort(self._rows_of(np.flatnonzero(kept)))
        return rows if alive is None else rows[alive[rows]]

    def _rows_of(self, entries: Ids) -> Ids:
        """Rows of entries by their number here."""
        starts, ends = self._entry_starts[entries], self._entry_starts[entries + 1]
        return self._by_entry[_concatenated(starts, ends)].astype(np.int64)

    def _compared(self, vector: Vectors, rows: Ids, k: int) -> tuple[Ids, Vectors]:
        """By the vectors themselves."""
        matrix = self._vectors.whole() if len(rows) == len(self) else self._vectors.take(rows)
        scores = products(vector, matrix)
        top = highest(scores, k, TIE)
        return rows[top], scores[top]

    def _near(self, vector: Vectors, alive: Mask | None, kept: Mask | None, k: int) -> Ids:
        """Rows that count, so many of the nearest by their short codes as it takes to hold the `k` nearest; all where
        that is less work."""
        passing = len(self) if kept is None else int(np.diff(self._entry_starts)[kept].sum())
        if self._short is None or passing <= NARROW_ROWS:
            return self._counting(alive, kept)
        wanted = self._short.needed(k)
        looked = wanted if kept is None and alive is None else math.ceil(MARGIN * wanted * len(self) / passing)
        while looked < passing:
            rows = self._short.nearest(vector, looked)
            if alive is not None:
                rows = rows[alive[rows]]
            if kept is not None:
                rows = rows[kept[self._entry_of[rows]]]
            if len(rows) >= wanted:
                return np.sort(rows[:wanted])
            # As many more as it takes at the rate so far.
            looked = max(2 * looked, math.ceil(MARGIN * looked * wanted / max(1, len(rows))))
        return self._counting(alive, kept)

    def _best(self, vector: Vectors, rows: Ids, k: int) -> tuple[Ids, Vectors]:
        """By bytes, then by vectors, as many as it takes to be sure of the `k` best of these rows."""
        assert self._bytes is not None
        wanted = k + k // 4 + 16
        # numpy's `take` copies whole rows in half the time that indexing does.
        codes = self._all_bytes() if len(rows) == len(self) else self._all_bytes().take(rows, axis=0)
        while True:
            wanted = min(wanted, len(rows))
            if not wanted:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            first, coded = self._bytes.nearest(vector, codes, wanted)
            scores = products(vector, self.matrix(rows[first]))
            top = highest(scores, k, TIE)
            # What was left out has no better code than the last one here, and no code erred by more than `code_error`.
            if wanted == len(rows) or coded[-1] + self._code_error < scores[top].min():
                return rows[first[top]], scores[top]
            wanted *= 2

    def _all_bytes(self) -> NDArray[np.uint8]:
        assert self._codes is not None
        return self._codes.whole()

    def close(self) -> None:
        for file in (self._vectors, self._codes):
            if file is not None:
                file.close()


def _starts(counts: NDArray[Any]) -> Ids:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _concatenated(starts: Ids, ends: Ids) -> Ids:
    """All numbers from each start up to its end, one range after the other."""
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))
