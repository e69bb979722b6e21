"""An encoder is kept where every measure says that it is better, and says so with confidence."""

import pytest

from search.tuning.verdict import change, from_json, is_kept, told

pytestmark = pytest.mark.once


def test_a_gain_in_most_questions_is_certain():
    found = change("held-out pairs", [0.5] * 100, [0.6] * 80 + [0.4] * 20)

    assert (found.before, found.after, found.questions) == (pytest.approx(0.5), pytest.approx(0.56), 100)
    assert found.confidence > 0.999
    assert found.is_good
    assert from_json(found.as_json()) == found
    assert str(found) == "held-out pairs: 0.500 → 0.560 (100 questions, better with 100 % confidence)"


def test_a_gain_that_may_be_luck_is_none():
    found = change("x", [0.5] * 10, [1.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5])

    assert found.after > found.before
    assert 0.5 < found.confidence < 0.95
    assert not found.is_good


def test_nothing_changed_and_worse_are_no_gain():
    assert change("x", [0.5, 0.6], [0.5, 0.6]).confidence == 0
    assert change("x", [0.5] * 50, [0.4] * 50).confidence == 0


def test_what_need_not_gain_must_not_fall():
    assert change("x", [0.5] * 9, [0.5] * 9, must_gain=False).is_good
    assert not change("x", [0.5] * 9, [0.5] * 8 + [0.49], must_gain=False).is_good


def test_all_measures_decide_together():
    better, worse = change("titles", [0.1] * 60, [0.3] * 60), change("golden", [0.7] * 60, [0.6] * 60)

    assert is_kept([better])
    assert told([better]) == "Kept: everything that was measured improved."
    assert not is_kept([better, worse])
    assert told([better, worse]) == "Refused: golden did not improve with 95% confidence."
    assert not is_kept([])


@pytest.mark.parametrize(("before", "after"), [([], []), ([0.1], [0.1, 0.2])])
def test_figures_that_do_not_belong_together_are_refused(before, after):
    with pytest.raises(ValueError, match="for each question"):
        change("x", before, after)
