"""Whether a difference is more than luck."""

import pytest

from search.significance import compare


def test_a_difference_in_every_query_is_certain():
    found = compare([0.9, 0.8, 0.7, 0.9], [0.5, 0.6, 0.5, 0.4])
    assert found.mean == pytest.approx(0.325)
    assert 0 < found.low < found.mean < found.high < 0.51
    assert (found.wins, found.losses, found.ties, found.is_certain) == (4, 0, 0, True)


def test_one_lucky_query_is_not():
    found = compare([1, 0.5, 0.5, 0.4], [0, 0.5, 0.5, 0.5])
    assert (found.wins, found.losses, found.ties) == (1, 1, 2)
    assert found.low < 0 < found.high
    assert not found.is_certain


def test_the_interval_is_that_of_the_mean():
    """Of 400 differences of ±1 the mean has a standard error of 1/20, so its interval is 1.96 of those to each side."""
    found = compare([1.0, 0.0] * 200, [0.0, 1.0] * 200)
    assert found.low == pytest.approx(-0.098, abs=0.01)
    assert found.high == pytest.approx(0.098, abs=0.01)


def test_swapped_sides_swap_signs_and_the_same_question_gets_the_same_answer():
    first, second = [0.1, 0.9, 0.4], [0.3, 0.2, 0.4]
    assert compare(first, second) == compare(first, second)
    assert compare(second, first).mean == -compare(first, second).mean
    assert compare(second, first).wins == compare(first, second).losses


def test_equal_rankings_differ_by_nothing():
    found = compare([0.5, 1.0], [0.5, 1.0])
    assert (found.mean, found.low, found.high, found.ties, found.is_certain) == (0, 0, 0, 2, False)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [1.0, 0.5])])
def test_nothing_to_compare_is_refused(first, second):
    with pytest.raises(ValueError, match="one value for each"):
        compare(first, second)
