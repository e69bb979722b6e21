"""Shares of words and meaning."""

import numpy as np
import pytest

from search.fusion import BY_MODE, Weights, parts, stretch


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_parts_add_up_to_a_score_from_0_to_1():
    keyword, semantic = parts(numbers(9, 0, 3), numbers(0.2, 0.8, 0.5), BY_MODE["hybrid"])
    assert (keyword + semantic).max() <= 1
    assert (keyword + semantic).min() >= 0
    assert keyword.tolist() == pytest.approx([keyword[0], 0, keyword[0] / 3])
    assert semantic.tolist() == pytest.approx([0, semantic[1], semantic[1] / 2])
    assert keyword[0] + semantic[1] == pytest.approx(1)


def test_the_half_that_stands_out_counts_more():
    flat, peak = numbers(1, 0.9, 0.1, 0), numbers(1, 0.1, 0.05, 0)
    even = Weights(0.5, 0.5)
    keyword, semantic = parts(peak, flat, even)
    assert keyword[0] > 0.5 > semantic[0]
    keyword, semantic = parts(flat, peak, even)
    assert keyword[0] < 0.5 < semantic[0]


def test_without_a_matching_word_meaning_decides_alone():
    keyword, semantic = parts(numbers(0, 0), numbers(0.3, 0.6), BY_MODE["hybrid"])
    assert (keyword.tolist(), semantic.tolist()) == ([0, 0], [0, 1])


def test_one_half_alone():
    assert parts(numbers(4, 2), numbers(0, 0), BY_MODE["keyword"])[0].tolist() == [1, 0.5]
    assert parts(numbers(0, 0), numbers(0.5, 0.4), BY_MODE["vector"])[1].tolist() == [1, 0]


def test_no_candidates_and_one_candidate():
    assert parts(numbers(), numbers(), BY_MODE["hybrid"])[0].tolist() == []
    keyword, semantic = parts(numbers(2), numbers(0.5), BY_MODE["hybrid"])
    assert keyword[0] + semantic[0] == pytest.approx(1)
    keyword, semantic = parts(numbers(0), numbers(-0.5), BY_MODE["hybrid"])
    assert keyword[0] + semantic[0] == 0


def test_stretching_equal_scores():
    assert stretch(numbers(3, 3)).tolist() == [1, 1]
    assert stretch(numbers(0, 0)).tolist() == [0, 0]
