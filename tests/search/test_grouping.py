"""Which labels make groups, and what is suggested where there is none."""

import numpy as np
import pytest

from search.best_sentence import sentences_of
from search.checklist import lessons_of
from search.closeness import Measured, Scale
from search.grouping import Label, by_category, shared, vote

pytestmark = pytest.mark.once

A, B, C = (Label(name, "suggested") for name in "abc")


def test_entries_share_the_label_that_gathers_most_and_are_in_one_group_each():
    labels = {1: [A], 2: [A, B], 3: [B], 4: [A], 5: [C], 6: [B]}

    found = shared([1, 2, 3, 4, 5, 6], labels, {})

    assert [(group.label.name, group.ids) for group in found] == [("a", [1, 2, 4]), ("b", [3, 6]), ("", [5])]


def test_a_heavier_label_wins_and_one_without_weight_is_no_label():
    labels = {1: [A, B], 2: [A, B], 3: [A]}

    assert [group.label.name for group in shared([1, 2, 3], labels, {"a": 1.0, "b": 2.0})] == ["b", ""]
    assert [group.label.name for group in shared([1, 2, 3], labels, {"a": 0.0})] == ["b", ""]
    assert shared([], {}, {}) == []


def test_said_and_suggested_categories_of_one_name_stay_apart():
    said, suggested = Label("Privacy", "imported", "MIT"), Label("Privacy", "suggested", "MIT")

    found = by_category([1, 2, 3, 4], {1: [suggested], 2: [said], 3: [said, Label("Rare", "imported", "MIT")], 4: []})

    assert [(group.label, group.ids) for group in found] == [
        (said, [2, 3]),
        (suggested, [1]),
        (Label("", "none"), [4]),
    ]


def test_the_category_of_the_nearest_entry_comes_first_whoever_gave_it():
    said, suggested = Label("Privacy", "human", "MIT"), Label("Safety", "suggested", "MIT")

    found = by_category([7, 5, 3], {5: [said], 3: [said], 7: [suggested]})

    assert [group.ids for group in found] == [[7], [5, 3]]


@pytest.mark.parametrize(
    ("neighbours", "category"),
    [
        ([(0.5, ["Privacy"]), (0.3, ["Safety"]), (0.2, ["Privacy"])], "Privacy"),
        ([(0.5, ["A"]), (0.5, ["B"]), (0.5, ["C"])], ""),
        ([(0.0, ["A"]), (-0.2, ["B"])], ""),
        ([(0.4, ["A", "B"]), (0.4, ["B"])], "B"),
        ([], ""),
    ],
)
def test_neighbours_vote_by_how_near_they_are(neighbours, category):
    assert vote(neighbours) == category


def test_a_threshold_grows_with_the_parts_and_leaves_out_no_more_than_a_quarter_of_the_own():
    strange = Measured(mean=0.2, deviation=0.05)
    assert strange.threshold(0.003, 1) == pytest.approx(0.2 + 2.748 * 0.05, abs=1e-3)
    assert strange.threshold(0.003, 1) < strange.threshold(0.003, 16) < 0.45

    own = Measured(0.2, 0.05, own=tuple(np.linspace(0.2, 0.6, 41)))
    assert own.threshold(0.003, 16) == pytest.approx(0.3)

    scale = Scale(own)
    assert [scale.word(cosine) for cosine in (0.29, 0.31, 0.51)] == ["loosely related", "close", "very close"]
    assert not Scale().is_close(0.99, 1)


@pytest.mark.parametrize(
    ("body", "lessons"),
    [
        ("## Why\n\nA.\n\n## What to learn\n\nB. C.\n\n## More\n\nD.", "B. C."),
        ("# Lessons learned\nB.", "B."),
        ("What to learn is nothing.", ""),
        ("", ""),
    ],
)
def test_what_was_learnt_is_the_section_of_that_heading(body, lessons):
    assert lessons_of(body) == lessons


def test_sentences_are_those_of_the_prose():
    code = "```python\nprint('no sentence.')\n```\n"
    text = f"## Heading of it\n\nThe first sentence is here. The second one follows it!\n\n{code}"

    assert [text[a:b] for a, b in sentences_of(text)] == ["The first sentence is here.", "The second one follows it!"]
    assert sentences_of("Short.") == [(0, 6)]
