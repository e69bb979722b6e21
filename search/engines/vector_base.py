"""The bulk of the vectors, in files that all processes which read them share. They are written once, and replaced.

```
    vectors-7.npz     passage and entry ids of the rows, the lists, and what the other files must hold
    vectors-7.f32     the vectors
    vectors-7.sq8     a byte a dimension of each vector, for an index of more than FLAT_ROWS rows
```

Rows are ordered by list, in a list by passage id: what is searched together lies together. A small index compares all
vectors. A large one compares codes, of the rows that a filter leaves or of the nearest lists, and then the vectors of
the best: cosines are always those of the vectors, and inside of what was looked at the result is exact.
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.engines import lists as listing
from search.engines.base import COSINE_DECIMALS, Ids, Vectors
from search.engines.lists import Lists, Read
from search.engines.row_file import RowFile
from search.engines.scan import ByteCodes, highest, products, scanned

# Rows copied at a time while a base is built, to bound memory.
BATCH_ROWS = 8192
# Of a long list of hits the last ones are spread over more rows than the first.
ROWS_A_HIT = 16
# Scores that round to the same number of decimals are a tie, which ids decide.
TIE = 2 * 10**-COSINE_DECIMALS
# Vectors of the index itself that tell how far the codes are off.
QUESTIONS = 64

Mask = NDArray[np.bool_]


def write_base(
    stem: Path, dimension: int, ids: Ids, entry_ids: Ids, read: Read, old: tuple[Lists, NDArray[np.int32]] | None = None
) -> None:
    """Write the files durably. `ids` must be sorted; `read` gives the vectors at positions of `ids`, in their order.

    `old` are lists that the rows were in before, and the list of each, -1 where it is not known: they are used again
    where they still fit. Memory is bounded by the ids and a sample of the vectors.
    """
    rows = len(ids)
    lists, assigned = _listed(rows, dimension, read, old)
    order = np.arange(rows) if lists is None else np.argsort(assigned, kind="stable")
    arrays: dict[str, Any] = {"ids": ids[order], "dimension": dimension}
    entries, entry_of, counts = np.unique(entry_ids[order], return_inverse=True, return_counts=True)
    arrays |= {"entries": entries, "entry_of": entry_of.astype(np.int32), "entry_counts": counts.astype(np.int32)}
    arrays |= {
        "by_id": np.argsort(ids[order], kind="stable").astype(np.int32),
        "by_entry": np.argsort(entry_of, kind="stable").astype(np.int32),
    }
    arrays |= _copy(stem, order, read, lists)
    if lists is not None:
        arrays |= {
            "centres": lists.centres,
            "trained": lists.codes.trained,
            "list_sizes": np.bincount(assigned, minlength=len(lists)),
            "measured": np.array([lists.share, lists.recall, lists.trained_rows, lists.measured_rows]),
        }
    with Path(f"{stem}.npz").open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())


def _listed(
    rows: int, dimension: int, read: Read, old: tuple[Lists, NDArray[np.int32]] | None
) -> tuple[Lists | None, NDArray[np.int32]]:
    """The lists for so many rows, and the list of each."""
    if rows <= listing.FLAT_ROWS:
        return None, np.zeros(rows, np.int32)
    if old is not None and old[0].fits(rows):
        lists, assigned = old
    else:
        lists, assigned = listing.train(rows, dimension, read), np.full(rows, -1, np.int32)
    unknown = np.flatnonzero(assigned < 0)
    for batch in _batches(unknown):
        assigned[batch] = lists.assign(read(batch))
    if not lists.is_measured(rows):
        lists = listing.measure(lists, assigned, read)
    return lists, assigned


def _copy(stem: Path, order: Ids, read: Read, lists: Lists | None) -> dict[str, Any]:
    """Write vectors and codes in this order; checksums, and the largest error that codes caused in a product."""
    sums, error = {"f32": 0, "sq8": 0}, 0.0
    questions = read(np.sort(order[:: max(1, len(order) // QUESTIONS)])) if lists is not None else None
    with Path(f"{stem}.f32").open("wb") as vectors, Path(f"{stem}.sq8").open("wb") as coded:
        for batch in _batches(order):
            whole = np.ascontiguousarray(read(batch), "<f4")
            sums["f32"] = zlib.crc32(whole.data, sums["f32"])
            vectors.write(whole.data)
            if lists is not None and questions is not None:
                codes = lists.codes.encode(whole)
                sums["sq8"] = zlib.crc32(codes.data, sums["sq8"])
                coded.write(codes.data)
                error = max(error, lists.codes.error(questions, whole, codes))
        for file in (vectors, coded):
            file.flush()
            os.fsync(file.fileno())
    if lists is None:
        Path(f"{stem}.sq8").unlink()
    return {"sums": np.array([sums["f32"], sums["sq8"]], np.uint32), "code_error": error}


def _batches(rows: Ids) -> Iterator[Ids]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


class VectorBase:
    """Read-only base of one generation."""

    def __init__(self, stem: Path) -> None:
        """Open the files. Raises OSError (FileNotFoundError) that names what cannot be read."""
        self._stem = stem
        small = Path(f"{stem}.npz")
        try:
            with np.load(small) as arrays:
                self._read_small(arrays)
        except OSError:
            raise
        except Exception as error:  # zipfile and numpy raise whatever the damage makes them raise
            raise OSError(f"{small} is damaged: {error}") from error
        rows = len(self.ids)
        self._vectors = RowFile(Path(f"{stem}.f32"), rows, self.dimension, np.float32, mapped=self.lists is None)
        self._codes = None
        if self.lists is not None:
            self._codes = RowFile(Path(f"{stem}.sq8"), rows, self.dimension, np.uint8, mapped=True)

    def _read_small(self, arrays: Any) -> None:
        self.dimension = int(arrays["dimension"])
        self.ids: Ids = arrays["ids"]
        self._by_id: NDArray[np.int32] = arrays["by_id"]
        self._entries: Ids = arrays["entries"]
        self._entry_of: NDArray[np.int32] = arrays["entry_of"]
        self._entry_starts = _starts(arrays["entry_counts"])
        self._by_entry: NDArray[np.int32] = arrays["by_entry"]
        self._sums = arrays["sums"]
        self._code_error = float(arrays["code_error"])
        self.lists: Lists | None = None
        self._list_starts = np.array([0, len(self.ids)])
        if "centres" in arrays:
            share, recall, trained, measured = arrays["measured"].tolist()
            codes = ByteCodes(self.dimension, arrays["trained"])
            self.lists = Lists(arrays["centres"], codes, share, recall, int(trained), int(measured))
            self._list_starts = _starts(arrays["list_sizes"])

    def __len__(self) -> int:
        return len(self.ids)

    def check(self) -> None:
        """Raise OSError where a file is not what was written. Reads everything."""
        for file, expected in zip((self._vectors, self._codes), self._sums.tolist(), strict=True):
            found = 0
            for start in range(0, len(self) if file else 0, BATCH_ROWS):
                found = zlib.crc32(file.slice(start, start + BATCH_ROWS).data, found)  # type: ignore[union-attr]
            if file and found != expected:
                raise OSError(f"{file.path} is damaged")

    def entry_ids(self, rows: Ids | slice = slice(None)) -> Ids:
        """The entries that these rows belong to."""
        return self._entries[self._entry_of[rows]]

    def list_of(self) -> NDArray[np.int32]:
        """The list that each row is in."""
        return np.repeat(np.arange(len(self._list_starts) - 1, dtype=np.int32), np.diff(self._list_starts))

    def rows(self, ids: Ids) -> Ids:
        """The rows of those ids that are here."""
        if not len(self):
            return np.empty(0, np.int64)
        at = np.searchsorted(self.ids, ids, sorter=self._by_id)
        at[at == len(self)] = 0
        rows = self._by_id[at].astype(np.int64)
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
        if self.lists is None:
            return self._compared(vector, self._few(alive, kept), k)
        rows = max(int(self.lists.share * len(self)), ROWS_A_HIT * k)
        if kept is not None:
            among = int(np.diff(self._entry_starts)[kept].sum())
            if among <= max(rows, listing.NARROW_ROWS):
                return self._best(vector, _Chosen(self, self._few(alive, kept)), k)
        if alive is None and kept is None:
            return self._best(vector, _Ranges(self, self._ranges(vector, rows)), k)
        return self._best(vector, _Chosen(self, self._near(vector, alive, kept, rows)), k)

    def _few(self, alive: Mask | None, kept: Mask | None) -> Ids | None:
        """All rows of the entries that are kept; None for every row."""
        if kept is None:
            return None if alive is None else np.flatnonzero(alive)
        rows = np.sort(self._rows_of(np.flatnonzero(kept)))
        return rows if alive is None else rows[alive[rows]]

    def _rows_of(self, entries: Ids) -> Ids:
        """Rows of entries by their number here."""
        starts, ends = self._entry_starts[entries], self._entry_starts[entries + 1]
        return self._by_entry[_concatenated(starts, ends)].astype(np.int64)

    def _compared(self, vector: Vectors, rows: Ids | None, k: int) -> tuple[Ids, Vectors]:
        """By the vectors themselves."""
        matrix = self._vectors.whole() if rows is None else self._vectors.take(rows)
        scores = products(vector, matrix)
        top = highest(scores, k, TIE)
        return (top if rows is None else rows[top]), scores[top]

    def _ranges(self, vector: Vectors, rows: int) -> list[tuple[int, int]]:
        """The nearest lists, as ranges of rows, until there are so many rows."""
        assert self.lists is not None
        order = self.lists.order(vector)
        ends = np.cumsum(self._list_starts[order + 1] - self._list_starts[order])
        chosen = np.sort(order[: int(np.searchsorted(ends, rows)) + 1])
        # Lists that lie side by side are read in one go.
        first = np.flatnonzero(np.diff(chosen, prepend=-2) > 1)
        last = np.append(first[1:], len(chosen)) - 1
        starts, stops = self._list_starts[chosen[first]], self._list_starts[chosen[last] + 1]
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    def _near(self, vector: Vectors, alive: Mask | None, kept: Mask | None, rows: int) -> Ids:
        """Rows of the nearest lists that are to be searched, until there are so many."""
        assert self.lists is not None
        order = self.lists.order(vector)
        found: list[Ids] = []
        have, at, step = 0, 0, max(1, int(len(self.lists) * self.lists.share))
        while have < rows and at < len(order):
            lists = order[at : at + step]
            some = _concatenated(self._list_starts[lists], self._list_starts[lists + 1])
            if alive is not None:
                some = some[alive[some]]
            if kept is not None:
                some = some[kept[self._entry_of[some]]]
            found.append(some)
            have, at = have + len(some), at + step
            # As many lists more as it takes at the rate so far.
            step = max(1, min(at, int((rows - have) * at / max(have, 1)) + 1))
        return np.concatenate(found)

    def _best(self, vector: Vectors, looked_at: "_Ranges | _Chosen", k: int) -> tuple[Ids, Vectors]:
        """By codes, then by vectors, as many as it takes to be sure of the `k` best of what is looked at."""
        assert self.lists is not None
        wanted = k + k // 4 + 16
        while True:
            wanted = min(wanted, len(looked_at))
            if not wanted:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            rows, coded = scanned(self.lists.codes, vector, wanted, looked_at.stretches())
            scores = products(vector, self.matrix(rows))
            top = highest(scores, k, TIE)
            # What was left out has no better code than the last one here, and no code erred by more than `code_error`.
            if wanted == len(looked_at) or coded[-1] + self._code_error < scores[top].min():
                return rows[top], scores[top]
            wanted *= 2

    def codes(self) -> NDArray[np.uint8]:
        assert self._codes is not None
        return self._codes.whole()

    def close(self) -> None:
        for file in (self._vectors, self._codes):
            if file is not None:
                file.close()


class _Ranges:
    """Whole lists, scanned where they lie."""

    def __init__(self, base: VectorBase, ranges: list[tuple[int, int]]) -> None:
        self._codes, self._ranges = base.codes(), ranges
        self._numbers = np.arange(max((end - start for start, end in ranges), default=0))

    def __len__(self) -> int:
        return sum(end - start for start, end in self._ranges)

    def stretches(self) -> list[tuple[NDArray[np.uint8], Ids]]:
        return [(self._codes[start:end], self._numbers[: end - start] + start) for start, end in self._ranges]


class _Chosen:
    """Scattered rows, gathered once."""

    def __init__(self, base: VectorBase, rows: Ids | None) -> None:
        self._rows = np.arange(len(base)) if rows is None else rows
        self._codes = base.codes() if rows is None else base.codes()[rows]

    def __len__(self) -> int:
        return len(self._rows)

    def stretches(self) -> list[tuple[NDArray[np.uint8], Ids]]:
        return [(self._codes, self._rows)]


def _starts(counts: NDArray[Any]) -> Ids:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _concatenated(starts: Ids, ends: Ids) -> Ids:
    """All numbers from each start up to its end, one range after the other."""
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))
