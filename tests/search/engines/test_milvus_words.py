"""How words are weighed for a Milvus, and weighed anew, without a server."""

import numpy as np
import pytest

from search.engines.base import FIELD_WEIGHTS
from search.engines.milvus_words import NOBODY, PASSAGES, Counted, dimension, field_of, of_row, row_of, weighed_anew
from tests.search.engines.helpers import passage

SHORT = {"title": 2.0, "text": 3.5, "context": 0.0}
LONG = {"title": 9.0, "text": 140.25, "context": 0.2}


def stored(row: dict) -> dict:
    """As a server gives it back, whose weights are float32."""
    return {**row, "words": {at: float(np.float32(weight)) for at, weight in row["words"].items()}}


def test_a_weight_is_what_bm25_gives_for_the_word_in_its_field():
    words = Counted(passage(1, "refund bot refund", title="Refunds")).weights({"title": 2, "text": 6, "context": 0})
    assert words == pytest.approx(
        {
            NOBODY: 1,
            dimension("title", "refund"): 0.7 * 2.2 / (1 + 1.2 * (0.25 + 0.75 / 2)),
            dimension("text", "refund"): 2.2 * 2 / (2 + 1.2 * (0.25 + 0.75 / 2)),
            dimension("text", "bot"): 2.2 / (1 + 1.2 * (0.25 + 0.75 / 2)),
        }
    )


@pytest.mark.parametrize(("before", "now"), [(SHORT, LONG), (LONG, SHORT), (LONG, LONG)])
def test_weighed_anew_is_weighed_as_if_for_the_first_time(before: dict, now: dict):
    text = " ".join(word for times in (1, 2, 3, 17, 450) for word in times * [f"word{times}"])
    counted = Counted(passage(1, text, title="word1 of a title", context="word2, word2 and a context"))
    again = weighed_anew(stored(row_of(before, counted)), now)
    assert again["words"] == pytest.approx(counted.weights(now))
    assert {key: again[key] for key in again if key != "words"} == {
        key: value for key, value in row_of(now, counted).items() if key != "words"
    }
    assert weighed_anew(stored(again), before)["words"] == pytest.approx(counted.weights(before))


def test_a_stored_passage_adds_to_the_counts_what_it_added_when_it_was_written():
    counted = Counted(passage(1, "refund bot refund", title="Refunds"))
    assert of_row(row_of(SHORT, counted)) == counted.counts()
    assert counted.counts()[PASSAGES] == counted.counts()[dimension("text", "refund")] == 1


def test_a_dimension_tells_its_field():
    for field in FIELD_WEIGHTS:
        for term in ("refund", "bot", "é", ""):
            assert field_of(dimension(field, term)) == field
            assert NOBODY < dimension(field, term) < 2**32 - 1
