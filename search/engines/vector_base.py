"""The bulk of the vectors: one faiss file, mapped into memory and shared by all processes that read it.

`vectors-N.faiss` is a flat inner-product index, `vectors-N.npy` an int64 array (2, n) with the passage and entry id
of each row, sorted by passage id. Ids stay outside faiss because a filter is then a bitmap over rows, the fastest
selector it has, and opening builds no hash table.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Vectors


def write_base(stem: Path, dimension: int, ids: Ids, entry_ids: Ids, batches: Iterable[Vectors]) -> None:
    """Write both files durably. `ids` must be sorted; the batches are their vectors in that order."""
    index = faiss.IndexFlatIP(dimension)
    for vectors in batches:
        index.add(np.ascontiguousarray(vectors))
    faiss.write_index(index, f"{stem}.faiss")
    np.save(f"{stem}.npy", np.stack([ids, entry_ids]).astype(np.int64))
    for suffix in (".faiss", ".npy"):
        with Path(f"{stem}{suffix}").open("rb") as file:
            os.fsync(file.fileno())


class VectorBase:
    """Read-only base of one generation."""

    def __init__(self, stem: Path) -> None:
        """Open both files. Raises OSError (FileNotFoundError) that names what cannot be read."""
        rows, vectors = Path(f"{stem}.npy"), Path(f"{stem}.faiss")
        try:
            self.ids, self.entry_ids = np.load(rows)
        except (ValueError, EOFError) as error:
            raise OSError(f"{rows} is damaged: {error}") from error
        size = vectors.stat().st_size
        try:
            self._index: Any = faiss.read_index(str(vectors), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise OSError(f"{vectors} is damaged: {error}") from error
        # Reading past the end of a mapped file kills the process, so look before.
        if self._index.ntotal != len(self.ids) or size < 4 * self._index.ntotal * self._index.d:
            raise OSError(f"{vectors} of {size} bytes does not hold the {len(self.ids)} vectors that {rows} names")

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Ids) -> Ids:
        """The rows of those ids that are here."""
        if not len(self):
            return np.empty(0, np.int64)
        rows = np.searchsorted(self.ids, ids)
        rows[rows == len(self)] = 0
        return rows[self.ids[rows] == ids]

    def matrix(self, rows: Ids) -> Vectors:
        """Copies of the vectors in these rows, (n, d)."""
        if not rows.size:
            return np.empty((0, self._index.d), np.float32)
        whole = faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._index.d)
        return whole.reshape(self._index.ntotal, self._index.d)[rows]

    def nearest(self, vector: Vectors, keep: NDArray[np.bool_] | None, k: int) -> tuple[Ids, Vectors]:
        """Rows and scores of the `k` highest dot products, among the rows that `keep` marks."""
        if not len(self) or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if keep is not None:
            bits = np.packbits(keep, bitorder="little")  # the selector keeps a pointer to it, so it needs a name
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))  # type: ignore[call-arg, arg-type]
        scores, rows = self._index.search(vector[None], min(k, len(self)), params=parameters)
        found = rows[0] >= 0  # faiss pads with -1 when fewer match
        return rows[0][found], scores[0][found]
