"""One score from two: what the words say (BM25) and what the meaning says (cosine).

Both are brought to 0..1 over the candidates and added with shares that depend on the query: a half whose best
candidates stand out from the rest, measured in standard deviations, knows more about this query than one that finds
everything equally good. docs/search.md has the table of what was tried.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.numbers import distinct

Scores = NDArray[np.float64]
# What words and what meaning give to the score of each candidate; parallel arrays.
Parts = tuple[Scores, Scores]

# The spread is taken over this many leading candidates of each half, so that it does not depend on how deep we dig.
LEADING = 200


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each half counts before looking at the query. One of them may be 0."""

    keyword: float
    semantic: float


BY_MODE = {"hybrid": Weights(0.4, 0.6), "keyword": Weights(1.0, 0.0), "vector": Weights(0.0, 1.0)}


def parts(bm25: Scores, cosine: Scores, weights: Weights) -> Parts:
    """What each half gives to the score of each candidate; their sum is the score, from 0 to 1."""
    return split(bm25, cosine, shares(bm25, cosine, weights))


def split(bm25: Scores, cosine: Scores, given: tuple[float, float]) -> Parts:
    """`parts`, the shares of both halves given."""
    keyword, semantic = given
    return keyword * bm25 / max(bm25.max(initial=0.0), 1e-9), semantic * stretch(cosine)


def shares(bm25: Scores, cosine: Scores, weights: Weights) -> tuple[float, float]:
    """How much of the score the words may give, and how much the meaning: together 1, or 0 where nothing matched."""
    leading = _leading(bm25, cosine)
    keyword = weights.keyword * _contrast(bm25[leading])
    semantic = weights.semantic * _contrast(cosine[leading])
    if keyword + semantic == 0:
        return 0.0, 0.0
    return keyword / (keyword + semantic), semantic / (keyword + semantic)


def stretch(scores: Scores) -> Scores:
    """Linear, so that the best has 1 and the worst 0; where all are equal, 1 for scores above 0, else 0."""
    if not scores.size:
        return scores
    low, high = scores.min(), scores.max()
    if high - low < 1e-9:
        return np.full_like(scores, float(high > 0))
    return (scores - low) / (high - low)


def _leading(bm25: Scores, cosine: Scores) -> NDArray[np.int64]:
    with_words = np.flatnonzero(bm25 > 0)
    by_words = with_words[np.argsort(-bm25[with_words], kind="stable")[:LEADING]]
    return distinct(np.concatenate([by_words, np.argsort(-cosine, kind="stable")[:LEADING]]))


def _contrast(scores: Scores) -> float:
    """The range in standard deviations: what makes shares robust when one half is weak. 0 when nothing matched."""
    if not scores.size or scores.max() <= 0:
        return 0.0
    deviation = float(scores.std())
    return float(scores.max() - scores.min()) / deviation if deviation > 1e-9 else 1.0
