"""From a question to entries."""

import logging

import numpy as np
import pytest

from search.engines.base import IndexedPassage
from search.engines.reference import ReferenceEngine
from search.errors import SemanticUnavailable
from search.hashing_encoder import HashingEncoder
from search.ranking import SEMANTIC_DOWN, rank

ENCODER = HashingEncoder(256)
PASSAGES = {
    1: (10, "Airline chatbot", "The chatbot promised a refund that the airline did not offer."),
    2: (10, "Airline chatbot", "A tribunal held the company to what its bot had said."),
    3: (20, "Hiring model", "A model ranked applicants and preferred men."),
    4: (30, "Refund fraud", "Refunds were granted to fraudsters by an automated system."),
    5: (40, "Weather", "It rained."),
}


def engine_with(passages=PASSAGES, encoder=ENCODER) -> ReferenceEngine:
    engine = ReferenceEngine(encoder.fingerprint, encoder.dimension)
    engine.upsert(
        [
            IndexedPassage(id, entry, title, text, "", encoder.encode_query(f"{title}\n{text}"))
            for id, (entry, title, text) in passages.items()
        ]
    )
    return engine


def found(ranking) -> list[int]:
    return [entry.entry_id for entry in ranking.entries]


def test_entries_come_with_their_passages_best_first():
    ranking = rank("chatbot refund", engine_with(), ENCODER)
    assert found(ranking)[:2] == [10, 30]
    assert len(ranking.entries) == 4
    first = ranking.entries[0]
    assert [passage.id for passage in first.passages] == [1, 2]
    assert first.score == first.passages[0].score > first.passages[1].score
    assert ranking.notices == []


def test_a_score_is_its_keyword_and_semantic_parts():
    for entry in rank("chatbot refund", engine_with(), ENCODER).entries:
        for passage in entry.passages:
            assert passage.score == pytest.approx(passage.keyword + passage.semantic)
            assert 0 <= passage.score <= 1
    keyword = rank("chatbot refund", engine_with(), ENCODER, mode="keyword").entries[0]
    assert (keyword.score, keyword.keyword, keyword.semantic) == (1, 1, 0)
    vector = rank("chatbot refund", engine_with(), ENCODER, mode="vector").entries[0]
    assert (vector.score, vector.keyword, vector.semantic) == (1, 0, 1)


def test_a_candidate_of_one_half_gets_its_true_score_from_the_other():
    deep = rank("refund tribunal", engine_with(), ENCODER)
    shallow = rank("refund tribunal", engine_with(), ENCODER, depth=5)
    assert shallow == deep
    one_each = rank("refund rained", engine_with(), ENCODER, depth=2)
    assert all(entry.keyword > 0 for entry in one_each.entries if entry.entry_id in (30, 40))


def test_a_filter_and_a_limit():
    ranking = rank("chatbot refund", engine_with(), ENCODER, filter=np.array([20, 30]), limit=1)
    assert found(ranking) == [30]
    assert found(rank("chatbot", engine_with(), ENCODER, filter=np.array([], np.int64))) == []


def test_many_passages_of_one_entry_do_not_hide_the_others():
    crowd = {id: (1, "Refund", f"refund refund refund number {id}") for id in range(1, 101)}
    crowd[500] = (2, "Other", "one refund among many other words in a longer text")
    assert set(found(rank("refund", engine_with(crowd), ENCODER, depth=10))) == {1, 2}


@pytest.mark.parametrize("mode", ["hybrid", "vector"])
@pytest.mark.parametrize("error", [SemanticUnavailable("weights are missing"), RuntimeError("out of memory")])
def test_without_the_model_keywords_answer_and_the_reader_is_told(mode, error, caplog, monkeypatch):
    broken = HashingEncoder(256)

    def fail(text: str):
        raise error

    monkeypatch.setattr(broken, "encode_query", fail)
    with caplog.at_level(logging.WARNING):
        ranking = rank("chatbot refund", engine_with(), broken, mode=mode)
    assert ranking.notices == [SEMANTIC_DOWN]
    assert found(ranking) == found(rank("chatbot refund", engine_with(), ENCODER, mode="keyword"))
    assert str(error) in caplog.text


def test_without_the_vector_half_too(monkeypatch):
    engine = engine_with()
    monkeypatch.setattr(engine, "nearest", lambda *_: 1 / 0)
    ranking = rank("chatbot refund", engine, ENCODER)
    assert found(ranking)[0] == 10
    assert ranking.notices == [SEMANTIC_DOWN]


def test_keywords_need_no_model(monkeypatch):
    monkeypatch.setattr(HashingEncoder, "encode_query", lambda *_: 1 / 0)
    encoder = HashingEncoder(256)
    engine = ReferenceEngine(encoder.fingerprint, 256)
    assert rank("chatbot", engine, encoder, mode="keyword").notices == []


def test_nothing_asked_nothing_found():
    assert rank(" \n", engine_with(), ENCODER).entries == []
    assert rank("chatbot", ReferenceEngine("hashing:256", 256), ENCODER).entries == []


def test_a_question_without_words_is_still_answered():
    assert len(rank("🙂", engine_with(), ENCODER).entries) == 4


def test_ties_go_to_the_older_entry():
    same = {id: (entry, "Same", "same words") for id, entry in ((1, 7), (2, 3), (3, 5))}
    assert found(rank("words", engine_with(same), ENCODER)) == [3, 5, 7]


def test_of_entries_that_come_after_the_first_passages_the_best_one_is_looked_at():
    texts = {at: (1, "Ferry log", f"The ferry ran aground, day {at}.") for at in range(1, 9)}
    texts |= {20 + at: (2 + at, "Port", f"The ferry of port {at} was late. {'It rained. ' * at}") for at in range(3)}
    texts |= {30 + at: (2 + at, "Port", f"Nothing on the ferry of port {at}. {'It snowed. ' * 9}") for at in range(3)}
    engine = engine_with(texts)

    ranking = rank("the ferry ran aground", engine, ENCODER, mode="keyword", depth=4)

    assert found(ranking) == [1, 2, 3, 4]
    assert [len(entry.passages) for entry in ranking.entries] == [4, 1, 1, 1]
    assert [entry.passages[0].id for entry in ranking.entries[1:]] == [20, 21, 22]
