"""Which vectors of a large index may be near, told from a bit a dimension: what a search looks at before anything else.

Product quantization in codes of four bits, compared in registers (André et al., "Cache locality is not enough", VLDB
2015), by faiss. All codes are compared by every search, so nothing has to be guessed about where the near ones lie. How
far down the order by codes one has to go is not guessed either but measured when the codes are made: for vectors of the
index itself, and for blends of two of them, which lie between the vectors as questions do.
"""

import math
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Vectors

BITS = 4
# Dimensions that a code of four bits stands for, the first that divides them all.
DIMENSIONS_A_CODE = (4, 2, 1)
# Codes are learned from so many vectors; more improved nothing that could be measured.
TRAINED_ROWS = 8192
# They are learned anew when the index has grown or shrunk by this factor since.
RETRAIN = 4
# How far down to go is measured anew when the index has changed by this factor since.
REMEASURE = 1.5
# Of the nearest rows, the share that must lie in what is looked at, and on how many questions that is measured. Of the
# first ten it is more then.
RECALL = 0.99
NEAREST = 100
QUESTIONS = 192
# So far down, of what is asked for, is looked at in any case, and no further is measured.
LEAST_REACH = 5
MOST_REACH = 160

Read = Callable[[Ids], Vectors]  # vectors of the rows with these numbers
ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class ShortCodes:
    """The codes of all rows. To hold `recall` of the `k` nearest, the first `reach` times `k` by codes are needed."""

    _index: Any
    reach: float = LEAST_REACH
    recall: float = 1.0
    trained_rows: int = 0
    measured_rows: int = 0

    def __len__(self) -> int:
        return self._index.ntotal

    @classmethod
    def train(cls, rows: int, dimension: int, read: Read) -> "ShortCodes":
        """No codes yet, learned from a sample of the `rows` vectors that `read` gives."""
        sample = np.random.default_rng(rows).choice(rows, min(rows, TRAINED_ROWS), replace=False)
        empty = _empty(dimension)
        empty.train(np.ascontiguousarray(read(np.sort(sample))))
        return cls(empty, trained_rows=rows)

    @classmethod
    def load(cls, path: Path, checksum: int, measured: NDArray[np.float64]) -> "ShortCodes":
        """What `save` wrote. Raises OSError for other bytes than these: faiss takes its files on trust."""
        if _checksum(path) != checksum:
            raise OSError(f"{path} is damaged")
        reach, recall, trained, of = measured.tolist()
        return cls(faiss.read_index(str(path)), reach, recall, int(trained), int(of))

    def save(self, path: Path) -> int:
        """Write the codes durably; the checksum of the file."""
        faiss.write_index(self._index, str(path))
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return _checksum(path)

    @property
    def measured(self) -> list[float]:
        """What `load` wants to know again."""
        return [self.reach, self.recall, self.trained_rows, self.measured_rows]

    def emptied(self) -> "ShortCodes":
        """The same codes, of no rows yet."""
        empty = _empty(self._index.d)
        faiss.copy_array_to_vector(faiss.vector_to_array(self._index.pq.centroids), empty.pq.centroids)
        empty.is_trained = True
        return replace(self, _index=empty)

    def add(self, vectors: Vectors) -> None:
        """Append rows."""
        self._index.add(np.ascontiguousarray(vectors))

    def fits(self, rows: int) -> bool:
        """Whether an index of so many rows can go on with codes learned from these."""
        return self.trained_rows / RETRAIN < rows < self.trained_rows * RETRAIN

    def is_measured(self, rows: int) -> bool:
        return self.measured_rows / REMEASURE <= rows <= self.measured_rows * REMEASURE

    def needed(self, k: int) -> int:
        """How many rows by codes hold the `k` nearest."""
        return math.ceil(self.reach * max(k, NEAREST))

    def nearest(self, vector: Vectors, count: int) -> Ids:
        """The `count` rows that are nearest by their codes, nearest first."""
        _, rows = self._index.search(vector[None], min(count, len(self)))
        return rows[0]

    def measure(self, read: Read) -> "ShortCodes":
        """The same with `reach` as these rows need it."""
        rows, chance = len(self), np.random.default_rng(1)
        chosen = np.sort(chance.choice(rows, min(QUESTIONS, rows), replace=False))
        own = read(chosen)
        others = read(np.sort(chance.choice(rows, len(chosen), replace=False)))[chance.permutation(len(chosen))]
        blends = own + others
        questions = np.concatenate([own, blends / np.maximum(np.linalg.norm(blends, axis=1, keepdims=True), 1e-6)])
        near = _nearest(questions, np.concatenate([chosen, np.full(len(own), -1)]), rows, read)
        places = np.empty(near.shape, np.int64)
        for number, question in enumerate(questions):
            by_codes = self.nearest(question, MOST_REACH * NEAREST)
            order = np.argsort(by_codes)
            at = np.minimum(np.searchsorted(by_codes, near[number], sorter=order), len(order) - 1)
            found = by_codes[order[at]] == near[number]
            places[number] = np.where(found, order[at] + 1, rows + 1)
        needed = float(np.quantile(places, RECALL, method="higher")) / near.shape[1]
        reach = min(max(needed, LEAST_REACH), MOST_REACH)
        recall = float((places <= reach * near.shape[1]).mean())
        return replace(self, reach=reach, recall=recall, measured_rows=rows)


def _empty(dimension: int) -> Any:
    each = next(each for each in DIMENSIONS_A_CODE if dimension % each == 0)
    index = faiss.IndexPQFastScan(dimension, dimension // each, BITS, faiss.METRIC_INNER_PRODUCT)
    index.pq.cp.max_points_per_centroid = TRAINED_ROWS
    return index


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while some := file.read(1 << 20):
            found = zlib.crc32(some, found)
    return found


def _nearest(questions: Vectors, themselves: Ids, rows: int, read: Read) -> Ids:
    """Rows of the nearest to each question by looking at all, without the row that the question was made of."""
    many = min(NEAREST, rows - 1)
    best = np.full((len(questions), many), -2, np.float32)
    where = np.zeros((len(questions), many), np.int64)
    for start in range(0, rows, ROWS_AT_ONCE):
        batch = np.arange(start, min(rows, start + ROWS_AT_ONCE))
        scores = questions @ read(batch).T
        inside = np.flatnonzero((themselves >= batch[0]) & (themselves <= batch[-1]))
        scores[inside, themselves[inside] - start] = -2
        scores, numbers = np.hstack([best, scores]), np.hstack([where, np.broadcast_to(batch, scores.shape)])
        order = np.argpartition(-scores, many - 1, axis=1)[:, :many]
        best, where = np.take_along_axis(scores, order, 1), np.take_along_axis(numbers, order, 1)
    return where
