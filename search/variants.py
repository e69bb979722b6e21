"""The ways of ordering the same candidates that `evaluate` measures side by side.

The first three are the modes a reader can choose. The others are options that were weighed against `hybrid`, kept so
that anybody can weigh them again on a collection of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from search.candidates import Candidates
from search.fusion import BY_MODE, Parts, Scores, parts, stretch
from search.ranking import RankedEntries, RankedEntry, fused, ordered

# Cormack, Clarke and Büttcher 2009.
RECIPROCAL_RANK_K = 60

Order = Callable[[Sequence[Candidates]], Sequence[RankedEntry]]


def keyword(found: Sequence[Candidates]) -> RankedEntries:
    """What `mode=keyword` answers."""
    by_words = [each.only(each.by_words) for each in found]
    return ordered(by_words, lambda each: fused(each, BY_MODE["keyword"]))


def vector(found: Sequence[Candidates]) -> RankedEntries:
    """What `mode=vector` answers."""
    by_meaning = [each.only(each.by_meaning) for each in found]
    return ordered(by_meaning, lambda each: fused(each, BY_MODE["vector"]))


def hybrid(found: Sequence[Candidates]) -> RankedEntries:
    """What a search answers that asks for nothing else."""
    return ordered(found, _as_hybrid)


def half_and_half(found: Sequence[Candidates]) -> RankedEntries:
    """Both halves from 0 to 1, equal shares."""
    return ordered(found, lambda each: (0.5 * stretch(each.bm25), 0.5 * stretch(each.cosine)))


def reciprocal_ranks(found: Sequence[Candidates]) -> RankedEntries:
    """Ranks instead of scores."""
    return ordered(found, lambda each: (_by_rank(each.bm25, each.by_words), _by_rank(each.cosine, each.by_meaning)))


def without_coverage(found: Sequence[Candidates]) -> RankedEntries:
    """BM25 alone, however few of the query's words it comes from."""
    return ordered([replace(each, coverage=0 * each.coverage) for each in found], _as_hybrid)


def without_feedback(found: Sequence[Candidates]) -> RankedEntries:
    """Words and meaning, without hearing the best candidates about the others."""
    return ordered(found, lambda each: parts(each.bm25 * (1 + each.coverage), each.cosine, BY_MODE["hybrid"]))


def _as_hybrid(found: Candidates) -> Parts:
    return fused(found, BY_MODE["hybrid"])


def _by_rank(scores: Scores, named: np.ndarray) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(named, 1 / (RECIPROCAL_RANK_K + ranks), 0.0)


BY_MODES: dict[str, Order] = {"keyword": keyword, "vector": vector, "hybrid": hybrid}
OPTIONS: dict[str, Order] = {
    "half-and-half": half_and_half,
    "reciprocal-ranks": reciprocal_ranks,
    "without-coverage": without_coverage,
    "without-feedback": without_feedback,
}
