"""How a collection uses its words tells deeds from things where the words beside one of them do not."""

import pytest

from search.map import making
from search.map.reading import things_in
from search.map.terms import said_by, usage_in
from search.map.things import is_thing
from search.map.usage import Usage
from search.models import MapLayout
from tests.factories import make_entry

DISAGREE = [
    "Where the labels disagree, a person looks again.",
    "The guidelines let annotators disagree.",
    "Two of them will disagree about every tenth picture.",
]


def things(text: str, usage: Usage) -> list[str]:
    return [words for _, words in things_in(text, usage)]


def test_a_word_of_which_the_words_beside_it_tell_nothing_is_what_it_is_elsewhere():
    assert things("Labels disagree on it.", Usage()) == ["disagree", "Labels disagree"]
    assert things("Labels disagree on it.", Usage(DISAGREE)) == []


@pytest.mark.parametrize(
    "texts",
    [
        [
            "They check a passport.",
            "We check it.",
            "The check failed.",
            "It needs a check of the face.",
            "At the check,",
        ],
        ["They attack.", "An attack on a camera."],
        ["A pilot who can crash.", "The crash was filmed."],
        ["The tests were old.", "They test it.", "He tests it."],
    ],
)
def test_what_is_as_often_a_thing_is_one(texts):
    usage = Usage(texts)

    assert not any(usage.is_deed(word) for word in ("check", "attack", "crash", "tests"))


@pytest.mark.parametrize(
    ("texts", "deed"),
    [
        (["Tools help people.", "It was meant to help people.", "It did not help."], "help"),
        (["It still costs money.", "Who costs more?"], "costs"),
        (["To copy the file is easy.", "You copy it."], "copy"),
        (["Two days ahead.", "It looks months ahead of us.", "Some hours ahead"], "ahead"),
        (["Records disagree.", "The experts disagree with it.", "Where users disagree"], "disagree"),
    ],
)
def test_what_is_done_by_somebody_to_somebody_or_told_of_several_is_a_deed(texts, deed):
    assert Usage(texts).is_deed(deed)


def test_what_follows_a_plural_or_to_may_be_a_thing_all_the_same():
    usage = Usage(
        ["Civil rights law.", "It talks to law firms.", "The sales support at work", "The support of a bank."]
    )

    assert not usage.is_deed("law")
    assert not usage.is_deed("support")


def test_a_thing_stays_one_where_it_is_done_now_and_then():
    texts = ["They match it.", "We match them.", "You match a face."]

    assert Usage(texts).is_deed("match")
    assert not Usage([*texts, "A match of faces", "The match was wrong."]).is_deed("match")


def test_one_place_proves_nothing_and_a_name_is_no_deed():
    assert not Usage(["They ferry a car."]).is_deed("ferry")
    assert not Usage(["They will Target it.", "We target you.", "They target it."]).is_deed("Target")


def test_the_beginning_of_a_word_with_a_hyphen_is_a_thing_where_the_collection_has_it_as_one():
    tuned = ["A fine-tuned model", "They fine-tuned it.", "The police sent a fine."]
    rules = ["A rule-based filter", "A rule of the bank", "The rule was old."]

    assert things("A fine-tuned one", Usage(tuned)) == ["tuned"]  # which, as what was done, names nothing
    assert things("A rule-based one", Usage(rules)) == ["rule", "based"]
    assert "GPT" in things("A GPT-based one", Usage(["GPT-based", "GPT-made"]))


def test_what_comes_in_tens_is_not_the_tens():
    found = things("It serves tens of millions of trips.", Usage())

    assert [word for word in found if is_thing(word)] == ["trips"]


@pytest.mark.django_db
def test_tags_and_facts_are_what_an_entry_is_about_whatever_else_the_word_is():
    usage = Usage(["You search it.", "They search it.", "We search for it."])

    assert set(said_by(make_entry(title="Who can search?", tags=["search"]), usage).values()) == {"search"}
    assert said_by(make_entry(title="What they search for"), usage) == {}


@pytest.mark.django_db
def test_texts_in_another_language_tell_nothing_of_english_words():
    english = [make_entry(title=text) for text in DISAGREE]
    german = make_entry(title="Sie disagree. Wir: they disagree, we disagree.", language="de")

    assert usage_in([german]).deeds == {}
    assert usage_in([*english, german]).deeds == usage_in(english).deeds


@pytest.mark.django_db
def test_of_a_large_collection_some_are_read_spread_evenly(monkeypatch):
    ids = [make_entry(title=f"They ferry{number} it.").pk for number in range(9)]
    monkeypatch.setattr(making, "READ_WHOLE", 3)
    monkeypatch.setattr(making, "AT_ONCE", 2)

    assert set(making._usage(ids).deeds) == {"ferry0", "ferry4", "ferry8"}
    assert making._usage([]).deeds == {}


@pytest.mark.django_db
def test_the_map_is_made_by_what_the_whole_collection_says(compute, ferries, chatbots):
    for number in range(3):
        make_entry(title="A chatbot and a pilot", summary="The labels disagree.", body=DISAGREE[number])
    compute()

    words = MapLayout.objects.get(audience="everybody").words
    assert "pilot" in words
    assert "disagree" not in words
