"""“Did you mean”: words that the collection does not have, as it spells them; never what a reader may not see."""

import pytest

from search import indexing, model_words, spelling, vocabulary
from search.query import SearchQuery, search
from search.vocabulary import Vocabulary, slips
from tests.factories import make_entry, make_user

TEXTS = (
    "A chatbot of Air Canada promised a refund.",
    "The chatbot was asked about hallucination and calibration.",
    "Hallucination of a chatbot; calibration helps. Система распознавания лиц.",
    "Система распознавания лиц, and GPT in Canada. Lawyers filed it.",
    "Lawyers lost.",
)


@pytest.fixture
def collection(db):
    for text in TEXTS:
        make_entry(summary=text)
    indexing.index_pending()


def meant(text: str, user=None) -> str:
    return search(SearchQuery(text), user).did_you_mean


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("chatbto refund", "chatbot refund"),
        ("halucinaton, calibraton?", "hallucination, calibration?"),
        ("Air Cannada", "Air Canada"),
        ("LAWERS", "LAWYERS"),
        ("системо лиц", "система лиц"),
        ("chatbot refund", ""),
        ("chatbots refunded", ""),
        ("GPT-5 gtp CVE-2021-44228 chatbto2", ""),
        ("chaTbto", ""),
        ("zebra", ""),
        ("the thier", ""),
        ("\0 ' -- \"", ""),
        ("chatbto " * 40, ""),
    ],
)
def test_what_was_meant(collection, typed, expected):
    assert meant(typed) == expected


def test_words_of_internal_entries_are_not_told_to_the_public(collection):
    for _ in range(3):
        make_entry(title="Project Quicksilver", summary="Quicksilver starts.", visibility="internal")
    indexing.index_pending()

    assert meant("quicksliver") == ""
    assert meant("quicksliver", make_user(is_staff=True)) == "quicksilver"


def test_a_word_of_an_entry_that_is_gone_is_not_told(collection):
    entries = [make_entry(summary="The lighthouse went dark.") for _ in range(3)]
    indexing.index_pending()
    assert meant("lighthuose") == "lighthouse"

    for entry in entries:
        entry.delete()  # and the index does not know yet

    assert meant("lighthuose") == ""


def test_a_word_that_the_model_knows_is_no_misspelling(collection, monkeypatch):
    monkeypatch.setattr(spelling, "known_words", lambda: frozenset({"lawer"}))

    assert meant("lawers") == ""


@pytest.mark.django_db
@pytest.mark.once
def test_the_real_model_knows_the_words_of_its_language(settings):
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"

    assert {"optimization", "balloon", "lawyers"} <= model_words.known_words()
    assert not {"lawers", "halucination"} & model_words.known_words()


def test_page_and_api_offer_it_and_replace_nothing(client, collection):
    page = client.get("/search/", {"q": "chatbto", "kind": "incident"}).content.decode()
    assert 'Did you mean <a href="/search/?q=chatbot&amp;kind=incident">chatbot</a>?' in page
    assert 'value="chatbto"' in page
    assert client.get("/api/v1/search", {"q": "chatbto"}).json()["did_you_mean"] == "chatbot"
    assert client.get("/api/v1/search", {"q": "chatbto", "cursor": "2"}).json()["did_you_mean"] is None


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("chatbot", "chatbto", 1),
        ("chatbot", "chatbots", 1),
        ("lawers", "layers", 1),
        ("abc", "xyz", 3),
        ("ab", "ba", 1),
    ],
)
def test_slips(one, other, apart):
    assert slips(one, other, 2) == apart


def test_a_vocabulary_that_is_damaged_is_none(collection, data_folder):
    assert vocabulary.current().knows("refund")
    (data_folder / "vocabulary.json").write_text('{"format": 1')

    assert vocabulary.current().counts == {}
    assert meant("chatbto") == ""


def test_the_likeliest_is_named_first():
    known = Vocabulary(9, {"layers": 9, "lawyers": 2, "lowers": 9, "players": 9})

    assert [near.word for near in known.near("lawers", 1)] == ["lawyers", "lowers", "layers"]
