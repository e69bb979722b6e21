"""Dot products of one vector with many, by faiss' kernels, on the thread that asks.

A search is one of several that a process answers at once; faiss' or BLAS' own threads would only wait for each other.
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Vectors

Codes = NDArray[np.uint8]
SPARE = 0.05


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

    def nearest(self, vector: Vectors, codes: Codes, k: int) -> tuple[Ids, Vectors]:
        """Where in `codes` (n, d), contiguous, the `k` highest products with `vector` are, and these, highest first."""
        scanner = self._quantizer.select_InvertedListScanner(faiss.METRIC_INNER_PRODUCT, None, False, None, False)
        scanner.set_query(faiss.swig_ptr(vector))
        scanner.set_list(0, 0.0)
        k = min(k, len(codes))
        scores, rows, numbers = np.full(k, -np.inf, np.float32), np.full(k, -1, np.int64), np.arange(len(codes))
        if k:
            pointers = [faiss.swig_ptr(array) for array in (codes, numbers, scores, rows)]
            scanner.scan_codes(len(codes), *pointers, k)
        order = np.argsort(-scores, kind="stable")
        return rows[order], scores[order]
