"""Metrics against values worked out by hand."""

import math

import pytest

from search.metrics import ndcg, recall


def test_the_best_order_is_one_and_nothing_found_is_zero():
    assert ndcg(["a", "b", "x"], {"a": 2, "b": 1}, 10) == 1
    assert ndcg(["x", "y"], {"a": 1}, 10) == 0
    assert ndcg([], {"a": 1}, 10) == 0


def test_gain_is_the_grade_and_the_discount_log2():
    # found: b (1) at rank 1, a (2) at rank 3; best: 2 + 1 / log2(3)
    assert ndcg(["b", "x", "a"], {"a": 2, "b": 1}, 10) == pytest.approx((1 + 2 / 2) / (2 + 1 / math.log2(3)))


def test_only_the_first_k_count_on_both_sides():
    relevant = dict.fromkeys("abc", 1)
    assert ndcg(["x", "a", "b"], relevant, 2) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert recall(["x", "a", "b"], relevant, 2) == pytest.approx(1 / 3)


def test_recall_is_the_share_of_all_that_is_relevant():
    assert recall(["a", "x", "c"], {"a": 1, "b": 3, "c": 1, "d": 1}, 10) == 0.5
