"""What the best candidates say about the others."""

import numpy as np
import pytest

from search.feedback import with_feedback
from search.fusion import BY_MODE, Weights, parts

HYBRID = BY_MODE["hybrid"]


def unit(*rows: list[float]) -> np.ndarray:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


# Five that answer, about one thing in the first direction; then two as near to the question as each other, of which
# one is about that thing too; then others.
VECTORS = unit(*[[1.0, 0.1 * n, 0.0] for n in range(5)], [1, 0, 0.6], [0, 1, 0.6], *[[-1.0, n, 1.0] for n in range(8)])
COSINE = np.array([0.9, 0.9, 0.85, 0.85, 0.8, 0.4, 0.4, *[0.1] * 8])
BM25 = np.array([9.0, 8.0, 8.0, 7.0, 7.0, 0.0, 0.0, *[0.0] * 8])


def heard(bm25=BM25, cosine=COSINE, vectors=VECTORS, weights=HYBRID):
    return with_feedback(bm25, cosine, vectors, weights)


def test_a_neighbour_of_the_best_rises_above_its_equal():
    before = np.add(*parts(BM25, COSINE, HYBRID))
    assert before[5] == before[6]
    keyword, semantic = heard()
    assert semantic[5] > semantic[6]
    assert keyword[5] > keyword[6], "a passage that says it in other words gets some of what words give"


def test_the_best_stay_and_scores_are_from_0_to_1():
    keyword, semantic = heard()
    score = keyword + semantic
    assert set(np.argsort(-score)[:5]) == {0, 1, 2, 3, 4}
    assert 0 <= score.min() < score.max() <= 1
    assert keyword.min() >= 0
    assert semantic.min() >= 0


@pytest.mark.parametrize("weights", [Weights(1, 0), Weights(0, 1)])
def test_one_half_alone_hears_nobody(weights):
    keyword, semantic = heard(weights=weights)
    expected = parts(BM25, COSINE, weights)
    assert (keyword.tolist(), semantic.tolist()) == (expected[0].tolist(), expected[1].tolist())


def test_where_no_word_matched_meaning_stays_as_it_was():
    nothing = np.zeros_like(BM25)
    assert heard(bm25=nothing)[1].tolist() == parts(nothing, COSINE, HYBRID)[1].tolist()


def test_too_few_to_tell_the_best_from_the_others():
    few = slice(0, 4)
    keyword, _ = heard(BM25[few], COSINE[few], VECTORS[few])
    assert keyword.tolist() == parts(BM25[few], COSINE[few], HYBRID)[0].tolist()
    assert heard(BM25[:0], COSINE[:0], VECTORS[:0])[0].tolist() == []
