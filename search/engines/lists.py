"""Near vectors kept together, so that a search looks at a part of a large index: how it is cut, and how large a part.

The cut is spherical k-means. How much has to be searched is not guessed but measured when the lists are made: for
vectors of the index itself, and for blends of two of them, which lie between the lists as questions do, the true
nearest rows are found by looking at all, and with them how far down the order of lists each of them is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import faiss
import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids, Vectors
from search.engines.scan import ByteCodes, products

# Up to so many rows a search compares the vectors themselves; up to so many it looks at all rows, by their codes.
FLAT_ROWS = 10_000
WHOLE_ROWS = 25_000
# Vectors a list is trained on, and rounds of k-means: more of either improved nothing that could be measured.
TRAINED_EACH = 64
ROUNDS = 8
# The lists are made anew when the index has grown or shrunk by this factor since.
RETRAIN = 4
# The part is measured anew when the index has changed by this factor since.
REMEASURE = 1.5
# Fewer rows than this that pass a filter are all looked at.
NARROW_ROWS = 20_000
# Of the nearest rows, the share that must lie in what is searched; and on how many questions that is measured. Of the
# first ten it is more then.
RECALL = 0.95
NEAREST = 100
QUESTIONS = 192
LEAST_ROWS = 8192

Read = Callable[[Ids], Vectors]  # vectors of the rows with these numbers
ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Centres (lists, d) of unit length and what was measured; one centre where everything is searched."""

    centres: Vectors
    codes: ByteCodes
    share: float = 1.0
    recall: float = 1.0
    trained_rows: int = 0
    measured_rows: int = 0

    def __len__(self) -> int:
        return len(self.centres)

    def order(self, vector: Vectors) -> Ids:
        """Lists, the most promising first."""
        if len(self) == 1:
            return np.zeros(1, np.int64)
        return np.argsort(-products(vector, self.centres), kind="stable")

    def assign(self, vectors: Vectors) -> NDArray[np.int32]:
        """The list that each vector belongs to."""
        if len(self) == 1:
            return np.zeros(len(vectors), np.int32)
        _, found = faiss.knn(vectors, self.centres, 1, metric=faiss.METRIC_INNER_PRODUCT)
        return found[:, 0].astype(np.int32)

    def fits(self, rows: int) -> bool:
        """Whether an index of so many rows can keep these lists."""
        if len(self) == 1 or lists_for(rows) == 1:
            return len(self) == lists_for(rows)
        return self.trained_rows / RETRAIN < rows < self.trained_rows * RETRAIN

    def is_measured(self, rows: int) -> bool:
        return len(self) == 1 or self.measured_rows / REMEASURE <= rows <= self.measured_rows * REMEASURE


def lists_for(rows: int) -> int:
    """How many lists suit so many rows: a power of two near their root. With twice as many a search looks at a few rows
    less, and takes as long for looking at more lists; they take four times as long to make."""
    return 1 if rows <= WHOLE_ROWS else 1 << round(math.log2(rows) / 2)


def train(rows: int, dimension: int, read: Read) -> Lists:
    """Lists and codes for `rows` vectors, learned from a sample that `read` gives."""
    chance = np.random.default_rng(rows)
    many = lists_for(rows)
    sample = read(np.sort(chance.choice(rows, min(rows, max(many * TRAINED_EACH, 10_000)), replace=False)))
    codes = ByteCodes.train(sample)
    if many == 1:
        return Lists(np.zeros((1, dimension), np.float32), codes, trained_rows=rows)
    means = faiss.Kmeans(
        dimension, many, niter=ROUNDS, spherical=True, seed=1, min_points_per_centroid=1, max_points_per_centroid=10_000
    )
    means.train(sample)
    centres = np.ascontiguousarray(means.centroids, np.float32)
    return Lists(centres, codes, trained_rows=rows)


def measure(lists: Lists, assigned: NDArray[np.int32], read: Read) -> Lists:
    """The lists with the share of rows that has to be searched, so that RECALL of the nearest are among them."""
    rows = len(assigned)
    if len(lists) == 1:
        return lists
    chance = np.random.default_rng(1)
    chosen = np.sort(chance.choice(rows, min(QUESTIONS, rows), replace=False))
    own = read(chosen)
    others = read(np.sort(chance.choice(rows, len(chosen), replace=False)))[chance.permutation(len(chosen))]
    blends = own + others
    questions = np.concatenate([own, blends / np.maximum(np.linalg.norm(blends, axis=1, keepdims=True), 1e-6)])
    near = _nearest(questions, np.concatenate([chosen, np.full(len(own), -1)]), rows, read)
    sizes = np.bincount(assigned, minlength=len(lists))
    needed = np.empty(near.shape, np.int64)
    for number, question in enumerate(questions):
        order = lists.order(question)
        position = np.empty(len(lists), np.int64)
        position[order] = np.arange(len(lists))
        needed[number] = np.cumsum(sizes[order])[position[assigned[near[number]]]]
    enough = min(rows, max(LEAST_ROWS, int(np.quantile(needed, RECALL, method="higher"))))
    return replace(lists, share=enough / rows, recall=float((needed <= enough).mean()), measured_rows=rows)


def _nearest(questions: Vectors, themselves: Ids, rows: int, read: Read) -> Ids:
    """Rows of the nearest to each question by looking at all, without the row that the question was made of."""
    best = np.full((len(questions), NEAREST), -2, np.float32)
    where = np.zeros((len(questions), NEAREST), np.int64)
    for start in range(0, rows, ROWS_AT_ONCE):
        batch = np.arange(start, min(rows, start + ROWS_AT_ONCE))
        scores = questions @ read(batch).T
        inside = np.flatnonzero((themselves >= batch[0]) & (themselves <= batch[-1]))
        scores[inside, themselves[inside] - start] = -2
        scores, numbers = np.hstack([best, scores]), np.hstack([where, np.broadcast_to(batch, scores.shape)])
        order = np.argpartition(-scores, NEAREST - 1, axis=1)[:, :NEAREST]
        best, where = np.take_along_axis(scores, order, 1), np.take_along_axis(numbers, order, 1)
    return where
