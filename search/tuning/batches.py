"""Which pairs meet in a batch. Each is told apart from the others in it, so neighbours make it learn the difference."""

from collections.abc import Sequence

import numpy as np

from search.engines.base import Vectors

# Texts nearer to each other than this are the same for whoever asks, and no counter-examples.
SAME = 0.95
# A batch with fewer has too little to tell apart.
FEWEST = 4


def plan(near: Vectors, batch: int, together: int, seed: int) -> list[list[int]]:
    """Rows of each batch of one pass, every row once at most: groups of `together` rows whose texts are near each other
    by the vectors `near` (n, dimension), of the index or the base model, put together at random."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(near))
    groups = [[int(row)] for row in order] if together <= 1 else _groups(near, order, together)
    random.shuffle(groups)  # type: ignore[arg-type]  # a list is shuffled in place
    flat = [row for group in groups for row in group]
    cut = [flat[first : first + batch] for first in range(0, len(flat), batch)]
    return [rows for rows in cut if len(rows) >= FEWEST]


def from_the_mean(vectors: Vectors) -> Vectors:
    """The directions of vectors (n, dimension) as seen from their mean, of length 1."""
    seen = vectors - vectors.mean(0)
    return (seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def same(near: Vectors, rows: Sequence[int], asked: Sequence[str], subjects: Sequence[str]) -> np.ndarray:
    """Which of a batch must not count as wrong answers to each other: a boolean square, false where a row meets
    itself."""
    vectors = near[list(rows)]
    alike = (vectors @ vectors.T) > SAME
    for i in range(len(rows)):
        for j in range(len(rows)):
            alike[i, j] |= asked[i] == asked[j] or subjects[i] == subjects[j]
    np.fill_diagonal(alike, False)
    return alike


def _groups(near: Vectors, order: np.ndarray, together: int) -> list[list[int]]:
    """Each row that is still free takes its nearest free ones along; 8,000 rows need no more than their vectors."""
    free = np.ones(len(near), bool)
    groups = []
    for row in order:
        if not free[row]:
            continue
        nearness = np.where(free, near @ near[row], -2.0)
        nearness[row] = 2.0
        taken = np.argsort(-nearness, kind="stable")[:together]
        group = [int(one) for one in taken if free[one]]
        free[group] = False
        groups.append(group)
    return groups
