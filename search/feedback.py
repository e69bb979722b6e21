"""What the best candidates say about the others (pseudo relevance feedback, Rocchio 1971).

The first passages of a ranking are mostly about what was asked, in words that the question lacks. So the question's
vector is moved towards them and away from what all candidates have in common, and what lies there gets a share of the
words' part too, where their other words for the same thing gave it none. Everything happens among the candidates: no
half is searched again, and the vectors are those that the index keeps.
"""

import numpy as np

from search.engines.base import Vectors
from search.fusion import Parts, Scores, Weights, shares, split, stretch

# Passages that are believed, each as much as this power of its score: the more one stands out, the less the others say.
BELIEVED = 5
POWER = 4
# How far the question moves towards them, against its own length of 1.
MOVE = 0.5
# How much of what all candidates have in common is taken off what the believed ones say.
COMMON = 0.8
# Of the words' part, what goes to passages near the believed ones.
LENT = 0.1


def with_feedback(bm25: Scores, cosine: Scores, vectors: Vectors, weights: Weights) -> Parts:
    """What words and meaning give to each candidate, once the best by `fusion.parts` have been heard.

    `vectors` (n, dimension) are those of the candidates. The sum is a score from 0 to 1 again. Where one half knows
    nothing or there is nobody to hear, it stays `fusion.parts`.
    """
    keyword, semantic = halves = shares(bm25, cosine, weights)
    given = split(bm25, cosine, halves)
    if not keyword or not semantic or len(bm25) <= BELIEVED:
        return given
    near = (vectors @ _direction(vectors, given[0] + given[1])).astype(np.float64)
    words = (1 - LENT) * bm25 / bm25.max() + LENT * stretch(near)
    return keyword * words, semantic * stretch(cosine + MOVE * near)


def _direction(vectors: Vectors, scores: Scores) -> Vectors:
    """From what all candidates have in common to what the best have in common."""
    best = np.argsort(-scores, kind="stable")[:BELIEVED]
    believed = (scores[best] / scores[best[0]]) ** POWER
    return (believed / believed.sum()) @ vectors[best] - COMMON * vectors.mean(axis=0)
