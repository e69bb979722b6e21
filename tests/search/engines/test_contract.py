"""What every engine promises, asked of the reference and of the real ones."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search.engines.base import Engine
from search.engines.local import LocalEngine
from search.engines.reference import ReferenceEngine
from tests.search.engines.helpers import EAST, NORTH, NORTH_EAST, UP, filter_of, ids, milvus_writer, passage


@pytest.fixture(params=["reference", "local", pytest.param("milvus", marks=pytest.mark.thorough)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made: Engine
    if request.param == "reference":
        made = ReferenceEngine("model-a", 3)
    elif request.param == "local":
        made = LocalEngine(tmp_path / "index", "model-a", 3, writable=True)
    else:
        made = milvus_writer(request.getfixturevalue("milvus_lite").url, tmp_path)
    yield made
    made.close()


def test_nearest_gives_cosines_highest_first(engine: Engine):
    engine.upsert([passage(1, vector=EAST, entry=7), passage(2, vector=NORTH), passage(3, vector=NORTH_EAST, entry=9)])
    assert engine.nearest(EAST, None, 10) == [(1, 7, 1.0), (3, 9, 0.6), (2, 1, 0.0)]
    assert engine.nearest(NORTH, None, 2) == [(2, 1, 1.0), (3, 9, 0.8)]
    assert engine.nearest(-EAST, None, 10)[-1] == (1, 7, -1.0)


def test_an_empty_index_returns_empty_lists(engine: Engine):
    assert engine.nearest(EAST, None, 5) == []
    assert engine.keyword("anything", None, 5) == []
    assert engine.keyword_scores("anything", [1]) == {}
    assert engine.coverage("anything", [1]) == {}
    assert engine.vectors([1]) == {}
    assert engine.state().ids.tolist() == []


def test_ties_go_to_the_lower_id_even_at_the_last_place(engine: Engine):
    engine.upsert([passage(id, "same words", vector=NORTH) for id in (9, 3, 7, 1, 5, 2)])
    engine.upsert([passage(4, "same words", vector=NORTH)])
    assert ids(engine.nearest(NORTH, None, 3)) == [1, 2, 3]
    assert ids(engine.keyword("words", None, 3)) == [1, 2, 3]


def test_keyword_scores_are_bm25(engine: Engine):
    engine.upsert([passage(1, "refund bot refund"), passage(2, "refund policy of an airline"), passage(3, "weather")])
    hits = engine.keyword("refunds", None, 10)
    # idf = ln(1 + 1.5 / 2.5); lengths 3, 5, 1 of average 3; k1 = 1.2, b = 0.75
    assert ids(hits) == [1, 2]
    assert hits[0].score == pytest.approx(0.470004 * 2.2 * 2 / (2 + 1.2), rel=1e-4)
    assert hits[1].score == pytest.approx(0.470004 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 5 / 3)), rel=1e-4)


def test_what_a_word_gives_is_the_same_whenever_a_passage_was_written(engine: Engine):
    engine.upsert([passage(1, "alpha beta"), passage(2, "alpha")])
    engine.upsert([passage(id, "alpha " + 37 * "filler ") for id in (3, 4)])
    engine.upsert([passage(5, "alpha beta"), passage(6, "alpha")])
    # idf = ln(1 + 4.5 / 2.5); lengths 2, 1, 38, 38, 2, 1 of average 82 / 6
    each = math.log(1 + 4.5 / 2.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 * 6 / 82))
    assert engine.keyword_scores("beta", range(1, 7)) == pytest.approx({1: each, 5: each}, rel=1e-4)


def test_words_match_in_title_and_context_too(engine: Engine):
    engine.upsert([passage(1, "x", title="Chatbot"), passage(2, "x", context="Chatbot Inc"), passage(3, "x")])
    assert sorted(ids(engine.keyword("chatbots", None, 10))) == [1, 2]


def test_keyword_scores_agree_with_keyword(engine: Engine):
    engine.upsert([passage(1, "alpha beta"), passage(2, "beta gamma gamma"), passage(3, "delta")])
    scores = engine.keyword_scores("beta gamma", [3, 2, 1, 99])
    assert scores == pytest.approx({hit.id: hit.score for hit in engine.keyword("beta gamma", None, 10)})
    assert set(scores) == {1, 2}


def test_coverage_is_the_share_of_the_querys_words(engine: Engine):
    engine.upsert(
        [passage(1, "alpha alpha"), passage(2, "beta", title="Alpha"), passage(3, "beta"), passage(4, "delta")]
    )
    # Two of four passages have beta. Alpha is in the text of one and the title of another: as many as one field has it.
    alpha, beta = 2 * math.log(1 + 4 / 1), math.log(1 + 4 / 2)
    found = engine.coverage("alphas alpha beta unheard", [4, 3, 2, 1, 99])
    assert found == pytest.approx({1: alpha / (alpha + beta), 2: 1, 3: beta / (alpha + beta)}, abs=1e-6)
    assert engine.coverage("alpha", [3]) == {}
    assert engine.coverage("alpha", []) == {}


def test_a_filter_selects_entries_inside_the_search(engine: Engine):
    engine.upsert([passage(id, "common", entry=id % 10 + 1, vector=EAST) for id in range(1, 201)])
    engine.upsert([passage(500, "common", entry=77, vector=NORTH)])
    assert engine.nearest(EAST, filter_of(77), 5) == [(500, 77, 0.0)]
    assert ids(engine.keyword("common", filter_of(77), 5)) == [500]
    assert ids(engine.nearest(EAST, filter_of(3, 77), 30)) == [*range(2, 201, 10), 500]
    assert ids(engine.keyword("common", filter_of(3, 77), 30)) == [*range(2, 201, 10), 500]
    assert engine.nearest(EAST, filter_of(), 5) == []
    assert engine.keyword("common", filter_of(), 5) == []
    assert engine.keyword("common", filter_of(12345), 5) == []


def test_upsert_replaces_text_vector_and_entry(engine: Engine):
    engine.upsert([passage(1, "old words", entry=4, vector=EAST)])
    engine.upsert([passage(1, "new words", entry=5, vector=NORTH)])
    assert engine.keyword("old", None, 5) == []
    assert [(hit.id, hit.entry_id) for hit in engine.keyword("new", None, 5)] == [(1, 5)]
    assert engine.nearest(NORTH, None, 5) == [(1, 5, 1.0)]
    assert engine.nearest(NORTH, filter_of(4), 5) == []


def test_the_last_of_one_batch_wins(engine: Engine):
    engine.upsert([passage(1, "first", vector=EAST), passage(1, "second", vector=NORTH)])
    assert engine.nearest(NORTH, None, 5) == [(1, 1, 1.0)]
    assert engine.keyword("first", None, 5) == []
    assert ids(engine.keyword("second", None, 5)) == [1]


def test_delete_forgets_and_ignores_the_unknown(engine: Engine):
    engine.upsert([passage(1, "one word", vector=EAST), passage(2, "two word", vector=NORTH)])
    engine.delete([1, 99, -5])
    engine.delete([])
    assert ids(engine.keyword("word", None, 5)) == [2]
    assert ids(engine.nearest(EAST, None, 5)) == [2]
    assert engine.state().ids.tolist() == [2]


def test_vectors_come_back_as_stored(engine: Engine):
    engine.upsert([passage(1, vector=NORTH_EAST), passage(2, vector=UP)])
    found = engine.vectors([2, 1, 99])
    assert sorted(found) == [1, 2]
    assert found[1].dtype == np.float32
    assert found[1].tolist() == NORTH_EAST.tolist()


def test_the_passages_of_an_entry_are_those_it_has_now(engine: Engine):
    engine.upsert([passage(id, "common", entry=id % 3 + 1) for id in range(1, 10)])
    engine.delete([4])
    engine.upsert([passage(3, "moved", entry=2)])
    assert engine.passages_of([2]) == [1, 3, 7]
    assert engine.passages_of([3, 2, 99]) == [1, 2, 3, 5, 7, 8]
    assert engine.passages_of([99]) == engine.passages_of([]) == []


def test_state_lists_both_halves_by_id(engine: Engine):
    engine.upsert([passage(9, entry=2), passage(4, entry=3)])
    state = engine.state()
    assert (state.ids.tolist(), state.entry_ids.tolist()) == ([4, 9], [3, 2])
    assert (state.keyword_ids.tolist(), state.vector_ids.tolist()) == ([4, 9], [4, 9])
    assert state.ids.dtype == np.int64
    assert state.fingerprint == "model-a"


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        '"half',
        "NOT",
        "a:b",
        "title:x",
        "api/v1",
        "GPT-4",
        "(((",
        "a AND",
        "*",
        "\0",
        "x\0y",
        "\ud800",
        "🙂",
        "^~[]{}!",
    ],
)
def test_any_query_is_only_words(engine: Engine, query: str):
    engine.upsert([passage(1, "We run GPT-4 behind api/v1"), passage(2, "not x; a half b 🙂")])
    expected = {'"half': [2], "NOT": [2], "a:b": [2], "title:x": [2], "api/v1": [1], "GPT-4": [1], "x\0y": [2]}
    assert ids(engine.keyword(query, None, 5)) == expected.get(query, [2] if query == "a AND" else [])


def test_a_pasted_page_is_a_query(engine: Engine):
    engine.upsert([passage(id, f"word{id} common") for id in range(1, 201)])
    query = " ".join(f"word{id}" for id in range(10_000)) + " common" + " x" * 1000 + " " + "z" * 100_000
    assert len(engine.keyword(query, None, 300)) == 64


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(4, np.float32) / 2, r"shape \(4,\), expected \(3,\)"),
        (np.zeros(3, np.float32), "length 0.000, expected 1"),
        (np.array([np.nan, 0, 0], np.float32), "length nan"),
    ],
)
def test_a_bad_vector_is_refused_and_nothing_changes(engine: Engine, vector: np.ndarray, message: str):
    with pytest.raises(ValueError, match=message):
        engine.upsert([passage(1, "word"), passage(2, "word", vector=vector)])
    assert engine.state().ids.tolist() == []


def test_ids_start_at_one(engine: Engine):
    with pytest.raises(ValueError, match="ids start at 1"):
        engine.upsert([passage(0)])


def test_nothing_asked_nothing_given(engine: Engine):
    engine.upsert([passage(1, "word")])
    assert engine.nearest(UP, None, 0) == []
    assert engine.keyword("word", None, 0) == []


def test_hits_are_read_in_any_order_and_part_by_part(engine: Engine):
    engine.upsert([passage(id, "alpha", entry=id + 10, vector=EAST) for id in (3, 1, 2)])
    found = engine.nearest(EAST, None, 5)

    assert list(found) == [(1, 11, 1.0), (2, 12, 1.0), (3, 13, 1.0)]
    assert list(reversed(found)) == [(3, 13, 1.0), (2, 12, 1.0), (1, 11, 1.0)]
    assert (found[-1], found[1:]) == ((3, 13, 1.0), [(2, 12, 1.0), (3, 13, 1.0)])
    stored = engine.vectors([3, 2])
    assert stored.of_all(np.array([9, 2, 3])).tolist() == [[0.0] * 3, EAST.tolist(), EAST.tolist()]
