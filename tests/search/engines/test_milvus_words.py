"""How words are weighed for a Milvus, and weighed anew, without a server."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from search.engines.base import FIELD_WEIGHTS
from search.engines.milvus_server import Address, Server
from search.engines.milvus_words import (
    LENGTHS,
    NOBODY,
    PASSAGES,
    UNDER_WAY,
    WRITING,
    WRITTEN,
    Counted,
    WordCounts,
    dimension,
    field_of,
    of_row,
    row_of,
    weighed_anew,
)
from tests.search.engines.helpers import passage

SHORT = {"title": 2.0, "text": 3.5, "context": 0.0}
LONG = {"title": 9.0, "text": 140.25, "context": 0.2}


class CountsHere(WordCounts):
    """Counts without a server: so many passages of 6 words of title and 60 of text each."""

    def __init__(self, passages: int) -> None:
        super().__init__(Server(Address("nowhere")), "none")
        self.counts = Counter({PASSAGES: passages, LENGTHS["title"]: 6 * passages, LENGTHS["text"]: 60 * passages})

    def get(self, ids: Iterable[int], timeout: float | None = None) -> Counter[int]:
        return Counter({id: self.counts[id] for id in ids})

    def _put(self, counts: dict[int, int]) -> None:
        self.counts = Counter({**self.counts, **counts})


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


def test_averages_are_followed_when_they_have_moved():
    counts, text = CountsHere(1000), LENGTHS["text"]
    nothing = Counter[int]()
    assert counts.follow(nothing, WRITTEN) == ({"title": 6, "text": 60, "context": 0}, True)
    assert counts.counts[UNDER_WAY] == 1
    assert counts.follow(nothing, WRITTEN)[1] is False
    assert counts.follow(Counter({text: 590}), WRITTEN) == ({"title": 6, "text": 60, "context": 0}, False)
    assert counts.follow(Counter({text: 14_900}), WRITING)[1] is False
    assert counts.follow(Counter({text: 610}), WRITTEN) == ({"title": 6, "text": 60.61, "context": 0}, True)
    assert counts.follow(Counter({text: 16_000}), WRITING) == ({"title": 6, "text": 76, "context": 0}, True)
    assert counts.follow(Counter({PASSAGES: 500, text: 54_000, LENGTHS["title"]: 3000}), WRITTEN)[1] is False


def test_a_field_that_is_mostly_empty_does_not_have_everything_weighed_anew():
    counts, context = CountsHere(10_000), LENGTHS["context"]
    counts.follow(Counter(), WRITTEN)
    first, moved = counts.follow(Counter({context: 5}), WRITTEN)
    assert (first["context"], moved) == (0.0005, True), "where nobody had it, there was nothing to compare with"
    assert counts.follow(Counter({context: 100}), WRITTEN) == (first, False)
    assert counts.follow(Counter({context: 200}), WRITTEN)[1] is True
