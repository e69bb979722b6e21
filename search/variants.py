"""The ways of ordering the same candidates that `evaluate` measures side by side.

The first three are the modes a reader can choose. The others are options that were weighed against `hybrid`, kept so
that anybody can weigh them again on a collection of their own.
"""

from collections.abc import Callable

import numpy as np

from search.candidates import Candidates
from search.fusion import BY_MODE, Scores, parts, stretch
from search.ranking import RankedEntry, fused, grouped

# Cormack, Clarke and Büttcher 2009.
RECIPROCAL_RANK_K = 60

Order = Callable[[Candidates], list[RankedEntry]]


def keyword(found: Candidates) -> list[RankedEntry]:
    """What `mode=keyword` answers."""
    found = found.only(found.by_words)
    return grouped(found, fused(found, BY_MODE["keyword"]))


def vector(found: Candidates) -> list[RankedEntry]:
    """What `mode=vector` answers."""
    found = found.only(found.by_meaning)
    return grouped(found, fused(found, BY_MODE["vector"]))


def hybrid(found: Candidates) -> list[RankedEntry]:
    """What a search answers that asks for nothing else."""
    return grouped(found, fused(found, BY_MODE["hybrid"]))


def half_and_half(found: Candidates) -> list[RankedEntry]:
    """Both halves from 0 to 1, equal shares."""
    return grouped(found, (0.5 * stretch(found.bm25), 0.5 * stretch(found.cosine)))


def reciprocal_ranks(found: Candidates) -> list[RankedEntry]:
    """Ranks instead of scores."""
    return grouped(found, (_by_rank(found.bm25, found.bm25 > 0), _by_rank(found.cosine, found.by_meaning)))


def without_neighbours(found: Candidates) -> list[RankedEntry]:
    """Words and meaning, without what the neighbours of a passage say about it."""
    return grouped(found, parts(found.bm25, found.cosine, BY_MODE["hybrid"]))


def _by_rank(scores: Scores, named: np.ndarray) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(named, 1 / (RECIPROCAL_RANK_K + ranks), 0.0)


BY_MODES: dict[str, Order] = {"keyword": keyword, "vector": vector, "hybrid": hybrid}
OPTIONS: dict[str, Order] = {
    "half-and-half": half_and_half,
    "reciprocal-ranks": reciprocal_ranks,
    "without-neighbours": without_neighbours,
}
