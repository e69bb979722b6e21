"""Dot products of one vector with many, by faiss' kernels, on the thread that asks and, for many codes, one beside it.

A search is one of several that a process answers at once; more of faiss' or BLAS' own threads would only wait for each
other.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Vectors

Codes = NDArray[np.uint8]
SPARE = 0.05
# So many rows are shared by two threads; fewer are scanned before the other one has begun.
SHARED_ROWS = 20_000


def products(vector: Vectors, matrix: Vectors) -> Vectors:
    """The dot product of `vector` (d,) with each row of `matrix` (n, d), both float32 and contiguous."""
    found = np.empty(len(matrix), np.float32)
    if len(matrix):
        pointers = map(faiss.swig_ptr, (found, vector, matrix))
        faiss.fvec_inner_products_ny(*pointers, matrix.shape[1], len(matrix))  # type: ignore[attr-defined]
    return found


def highest(scores: Vectors, k: int, tolerance: float = 0.0) -> Ids:
    """Positions of the `k` highest scores and of all within `tolerance` of the last of them, in no order."""
    if len(scores) <= k:
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= least - tolerance)


class ByteCodes:
    """Vectors as one byte a dimension, spread evenly over the range that the dimension has."""

    def __init__(self, dimension: int, trained: Vectors) -> None:
        self.dimension, self.trained = dimension, trained
        self._quantizer: Any = faiss.ScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit)
        faiss.copy_array_to_vector(np.ascontiguousarray(trained, np.float32), self._quantizer.trained)

    @classmethod
    def train(cls, vectors: Vectors) -> "ByteCodes":
        """Ranges that hold these vectors, and a little more, for those that come later."""
        low, high = vectors.min(axis=0), vectors.max(axis=0)
        spare = np.maximum(high - low, 1e-3) * SPARE
        return cls(vectors.shape[1], np.concatenate([low - spare, high - low + 2 * spare]).astype(np.float32))

    def encode(self, vectors: Vectors) -> Codes:
        return self._quantizer.compute_codes(np.ascontiguousarray(vectors))

    def error(self, questions: Vectors, vectors: Vectors, codes: Codes) -> float:
        """The largest difference between the product of a question with a vector, and with what its code says."""
        differences = questions @ (vectors - self._quantizer.decode(codes)).T
        return float(np.abs(differences).max(initial=0.0))

    def scanner(self, vector: Vectors, k: int) -> "Scanner":
        return Scanner(self._quantizer, vector, k)


class Scanner:
    """The `k` highest scores of everything that was scanned."""

    def __init__(self, quantizer: Any, vector: Vectors, k: int) -> None:
        self._vector = vector  # faiss keeps pointers: to the vector, and to the quantizer below
        self._quantizer = quantizer
        self._scanner = quantizer.select_InvertedListScanner(faiss.METRIC_INNER_PRODUCT, None, False, None, False)
        self._scanner.set_query(faiss.swig_ptr(vector))
        self._scanner.set_list(0, 0.0)
        self._k = k
        self._scores = np.full(k, -np.inf, np.float32)
        self._rows = np.full(k, -1, np.int64)

    def scan(self, codes: Codes, rows: Ids) -> None:
        """Look at `codes` (n, d), contiguous, which belong to these rows."""
        if len(rows):
            arrays = (codes, rows, self._scores, self._rows)
            pointers = [faiss.swig_ptr(array) for array in arrays]
            self._scanner.scan_codes(len(rows), *pointers, self._k)

    def found(self) -> tuple[Ids, Vectors]:
        """Rows and scores, highest first; fewer than `k` where fewer were scanned."""
        order = np.argsort(-self._scores, kind="stable")
        order = order[self._rows[order] >= 0]
        return self._rows[order], self._scores[order]


def scanned(codes: ByteCodes, vector: Vectors, k: int, stretches: Sequence[tuple[Codes, Ids]]) -> tuple[Ids, Vectors]:
    """The `k` rows with the highest scores by their codes and these, highest first, of stretches of contiguous codes
    (n, d) and the rows that they belong to."""
    parts = _halves(stretches) if (os.cpu_count() or 1) > 1 else [list(stretches)]
    scanners = [codes.scanner(vector, k) for _ in parts]

    def scan(number: int) -> None:
        for some, rows in parts[number]:
            scanners[number].scan(some, rows)

    beside = [_beside().submit(scan, number) for number in range(1, len(parts))]
    scan(0)
    for other in beside:
        other.result()
    if len(parts) == 1:
        return scanners[0].found()
    rows, scores = (np.concatenate(column) for column in zip(*(one.found() for one in scanners), strict=True))
    order = np.argsort(-scores, kind="stable")[:k]
    return rows[order], scores[order]


def _halves(stretches: Sequence[tuple[Codes, Ids]]) -> list[list[tuple[Codes, Ids]]]:
    """The stretches in two parts of as many rows, or in one where they are few."""
    many = sum(len(rows) for _, rows in stretches)
    if many < SHARED_ROWS:
        return [list(stretches)]
    first: list[tuple[Codes, Ids]] = []
    second: list[tuple[Codes, Ids]] = []
    left = many // 2
    for codes, rows in stretches:
        take = min(left, len(rows))
        if take:
            first.append((codes[:take], rows[:take]))
        if take < len(rows):
            second.append((codes[take:], rows[take:]))
        left -= take
    return [first, second]


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="scan")
