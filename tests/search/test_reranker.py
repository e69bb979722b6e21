"""The option of a cross-encoder that orders the first results anew."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search import index, indexing
from search.errors import SemanticUnavailable
from search.query import SearchQuery, search
from search.ranking import RankedEntry, RankedPassage
from search.reranker import READ, RERANKER_DOWN, SHARE, CrossEncoderReranker, reranked
from tests.factories import make_entry

pytestmark = pytest.mark.once


class Longest:
    """Likes long texts."""

    def scores(self, query, texts):
        return np.array([len(text) for text in texts], np.float64)


def entry(id: int, score: float) -> RankedEntry:
    passages = [
        RankedPassage(10 * id, score, score / 4, score * 3 / 4),
        RankedPassage(10 * id + 1, score / 2, 0, score / 2),
    ]
    return RankedEntry(id, score, score / 4, score * 3 / 4, passages)


def test_the_model_has_a_say_and_scores_stay_sums():
    entries = [entry(1, 0.9), entry(2, 0.8), entry(3, 0.7)]
    found = reranked("x", entries, Longest(), lambda ids: {10: "a", 20: "a long text", 30: "a text"})
    assert [one.entry_id for one in found] == [2, 3, 1]
    assert found[0].score == pytest.approx((1 - SHARE) * 0.8 + SHARE)
    for one in found:
        assert one.score == pytest.approx(one.keyword + one.semantic) == one.passages[0].score
        assert all(passage.score == pytest.approx(passage.keyword + passage.semantic) for passage in one.passages)


def test_only_the_first_are_read_and_the_others_follow():
    entries = [entry(id, 1 - id / 1000) for id in range(1, READ + 6)]
    asked: list[int] = []
    found = reranked("x", entries, Longest(), lambda ids: asked.extend(ids) or dict.fromkeys(ids, "same"))  # type: ignore[func-returns-value]
    assert asked == [10 * id for id in range(1, READ + 1)]
    assert [one.entry_id for one in found] == list(range(1, READ + 6))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_nothing_to_read():
    assert reranked("x", [], Longest(), lambda ids: {}) == []
    assert reranked("x", [entry(1, 0.5)], Longest(), lambda ids: {}) == [entry(1, 0.5)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A cross-encoder of random weights, as small as they come."""
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast  # type: ignore[attr-defined]

    folder = tmp_path_factory.mktemp("reranker")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "refund", "chatbot", "ferry", "reef"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    size: dict[str, Any] = {
        "num_labels": 1,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "intermediate_size": 8,
    }
    BertForSequenceClassification(BertConfig(vocab_size=len(words), **size)).save_pretrained(folder)
    CrossEncoder(str(folder), local_files_only=True).save_pretrained(str(folder))
    return folder


@pytest.mark.thorough
def test_a_folder_with_a_cross_encoder(tiny):
    model = CrossEncoderReranker(str(tiny))
    found = model.scores("refund", ["chatbot refund", "ferry \ud800 reef", "chatbot refund"])
    assert found.shape == (3,)
    assert found[0] == pytest.approx(found[2])
    assert np.isfinite(found).all()


@pytest.mark.django_db
@pytest.mark.thorough
def test_searches_are_reranked_where_a_model_is_named(tiny, settings):
    make_entry(title="Airline", summary="A chatbot promised a refund.")
    make_entry(title="Ferry", summary="A refund after the ferry hit a reef.")
    indexing.index_pending()

    settings.KB_RERANKER = str(tiny)
    found = search(SearchQuery("refund chatbot"), None)
    assert {hit.entry.title for hit in found.hits} == {"Airline", "Ferry"}
    assert found.notices == []
    assert found.hits[0].score >= SHARE, "what the model likes best has the whole of its say"
    assert all(hit.score == pytest.approx(hit.keyword + hit.semantic) for hit in found.hits)
    words = search(SearchQuery("refund chatbot", mode="keyword"), None)
    assert [hit.semantic for hit in words.hits] == [0, 0]


@pytest.mark.django_db
@pytest.mark.thorough
def test_without_its_model_the_order_stays_and_the_reader_is_told(settings, tmp_path, caplog):
    make_entry(title="Airline", summary="A chatbot promised a refund.")
    indexing.index_pending()
    plain = search(SearchQuery("refund"), None)

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    settings.KB_RERANKER = str(tmp_path)
    found = search(SearchQuery("refund"), None)
    assert found.notices == [RERANKER_DOWN]
    assert found.hits == plain.hits
    assert "cannot be loaded" in caplog.text


def test_off_unless_named(settings):
    assert index.reranker() is None
    settings.KB_RERANKER = "somewhere"
    assert index.reranker() is index.reranker() is not None


def test_a_name_that_is_nowhere_names_the_setting(monkeypatch):
    monkeypatch.setattr(
        "search.model_files._hub_path", lambda name, setting: (_ for _ in ()).throw(SemanticUnavailable(setting))
    )
    with pytest.raises(SemanticUnavailable, match="KB_RERANKER"):
        CrossEncoderReranker("nobody/nothing").scores("x", ["y"])
