"""Vectors changed since the base file was built, in memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Stored, Vectors
from search.engines.scan import products


@dataclass(frozen=True, slots=True, eq=False)
class DeltaView:
    """The delta at one moment; later changes do not reach it."""

    ids: Ids
    entry_ids: Ids
    matrix: Vectors
    alive: NDArray[np.bool_]

    def scores(self, vector: Vectors, filter: Ids | None) -> tuple[Ids, Ids, Vectors]:
        """Ids, entry ids and dot products of the living rows inside the filter."""
        keep = self.alive if filter is None else self.alive & np.isin(self.entry_ids, filter)
        return self.ids[keep], self.entry_ids[keep], products(vector, self.matrix)[keep]


class Delta:
    """Rows are only ever appended; replacing an id kills its old row. So a view stays valid while we write."""

    def __init__(self, dimension: int) -> None:
        self._rows = 0
        self._ids = np.empty(64, np.int64)
        self._entry_ids = np.empty(64, np.int64)
        self._matrix = np.empty((64, dimension), np.float32)
        self._alive = np.zeros(64, np.bool_)
        self._row_of: dict[int, int] = {}

    def __len__(self) -> int:
        return self._rows

    def upsert(self, ids: Ids, entry_ids: Ids, vectors: Vectors) -> None:
        self.delete(ids)
        self._reserve(len(ids))
        rows = slice(self._rows, self._rows + len(ids))
        self._ids[rows], self._entry_ids[rows], self._matrix[rows], self._alive[rows] = ids, entry_ids, vectors, True
        self._row_of.update(zip(ids.tolist(), range(rows.start, rows.stop), strict=True))
        self._rows = rows.stop

    def delete(self, ids: Ids) -> None:
        for id in ids.tolist():
            row = self._row_of.pop(id, None)
            if row is not None:
                self._alive[row] = False

    def stored(self, ids: Ids) -> Stored:
        """Copies of the vectors of those distinct ids that are here."""
        some = ids.tolist() if self._row_of else ()
        rows = np.array([row for id in some if (row := self._row_of.get(id)) is not None], np.int64)
        return Stored(self._ids[rows], self._matrix[rows])

    def view(self) -> DeltaView:
        n = self._rows
        return DeltaView(self._ids[:n], self._entry_ids[:n], self._matrix[:n], self._alive[:n].copy())

    def _reserve(self, more: int) -> None:
        if self._rows + more <= len(self._ids):
            return
        size = max(2 * len(self._ids), self._rows + more)
        for name in ("_ids", "_entry_ids", "_matrix", "_alive"):
            old = getattr(self, name)
            new = np.zeros((size, *old.shape[1:]), old.dtype)
            new[: self._rows] = old[: self._rows]
            setattr(self, name, new)
