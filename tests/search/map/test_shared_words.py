"""The words that a region shares say what it is about: names of things, no deeds and no fragments."""

import re

import numpy as np
import pytest

from ingest.records import EntryRecord
from search.map.ranking import Ranker, Telling
from search.map.reading import things_in
from search.map.terms import Words, said_by, usage_in
from tests.factories import make_entry
from tests.ingest.sources.reading import read

pytestmark = [pytest.mark.once, pytest.mark.django_db]

# What those entries of the starter collection share that have a tag: a person would say these of them.
ABOUT = {
    "autonomous-vehicles": {"autonomous vehicles", "self driving system", "transport", "loss of life"},
    "chatbots": {"chatbots", "customer service", "reputational damage", "data leaks"},
    "computer-vision": {"computer vision", "photos", "autonomous vehicles"},
    "education": {"education", "false accusation", "exams", "students"},
    "face-recognition": {"face recognition", "wrongful arrests", "law enforcement", "identity verification"},
    "fraud-detection": {"fraud detection", "payments", "banking", "welfare"},
    "healthcare": {"health risk", "patients", "hospital", "doctors"},
    "prompt-injection": {"prompt injection", "security", "instructions"},
    "public-sector": {"public sector", "government", "welfare", "loss of benefits"},
    "risk-scores": {"risk scores", "risk assessment algorithm", "discrimination", "patients"},
    "security": {"security", "prompt injection", "confidentiality loss", "credentials"},
    "transformers": {"transformers", "neural networks", "attention", "embeddings"},
}
# What was among the twelve of some region before texts were read for what they call something.
NEVER = {
    *("help", "put", "written", "told", "found", "exposed", "turned", "allegedly", "choose", "took", "write", "whose"),
    *("across", "instead", "wrong", "times faster", "next", "day", "thousands", "may", "often", "predicts", "accused"),
    # And before all texts together told what they use for deeds.
    *("disagree", "decide", "runs", "run", "ahead", "open", "fine", "tens", "combines", "train", "get", "serves"),
}


def counts(entries: list[list[int]], size: int) -> np.ndarray:
    return np.bincount([number for numbers in entries for number in numbers], minlength=size)


def telling(inside: list[str], outside: list[str]) -> list[Telling]:
    """What entries with these summaries share, among others."""
    said = [said_by(make_entry(title="", summary=text)) for text in [*inside, *outside]]
    words = Words.of(said)
    numbers = [words.numbers(one) for one in said]
    ranker = Ranker(words.words, counts(numbers, len(words.words)), len(said))
    return ranker.telling(counts(numbers[: len(inside)], len(words.words)), len(inside), most=12)


def test_on_the_starter_collection_they_are_what_a_person_would_say():
    records = [record for record in read("starter", "") if isinstance(record, EntryRecord)]
    entries = [
        make_entry(kind=one.kind, title=one.title, summary=one.summary, body=one.body, tags=one.tags, facts=one.facts)
        for one in records
    ]
    usage = usage_in(entries)
    said = [said_by(entry, usage) for entry in entries]
    words = Words.of(said)
    numbers = [words.numbers(one) for one in said]
    ranker = Ranker(words.words, counts(numbers, len(words.words)), len(said))
    shared = {}
    for tag in {tag for record in records for tag in record.tags}:
        inside = [row for row, record in enumerate(records) if tag in record.tags]
        found = ranker.telling(counts([numbers[row] for row in inside], len(words.words)), len(inside), most=12)
        shared[re.sub(r"[ _]", "-", tag.lower())] = {one.word for one in found}

    assert {tag: missing for tag, about in ABOUT.items() if (missing := about - shared[tag])} == {}
    assert {word for found in shared.values() for word in found} & NEVER == set()


def test_what_is_done_is_not_shared_and_what_it_is_done_to_is():
    ships = ["A pilot who can help put the ferry near a harbour."] * 5

    found = telling(ships, ["A bank gave a loan."] * 9)

    assert [one.word for one in found] == ["pilot", "ferry", "harbour"]
    assert found[0] == ("pilot", 5, 0)


def test_a_phrase_stands_for_its_words_and_nothing_is_said_twice():
    cameras = ["A camera with facial recognition for faces."] * 5
    banks = ["A bank gave a loan."] * 9

    assert [one.word for one in telling(cameras, banks)] == ["facial recognition", "camera"]


def test_two_phrases_that_begin_alike_are_both_said():
    prompts = ["A team of prompt engineering warned of prompt injection."] * 5

    found = [one.word for one in telling(prompts, ["A bank gave a loan."] * 9)]

    assert {"prompt engineering", "prompt injection"} <= set(found)
    assert not {"prompt", "engineering", "injection"} & set(found)


def test_a_phrase_within_another_is_said_by_that():
    tags = [["multi-agent", "multi-agent orchestration"]] * 3 + [["multi-agent"]] * 3 + [["ferries"]] * 9
    said = [said_by(make_entry(title="", tags=some)) for some in tags]
    words = Words.of(said)
    numbers = [words.numbers(one) for one in said]
    ranker = Ranker(words.words, counts(numbers, len(words.words)), len(said))

    found = ranker.telling(counts(numbers[:3], len(words.words)), 3, most=12)

    assert [one.word for one in found] == ["multi agent orchestration"]


def test_what_is_everywhere_is_not_shared():
    assert telling(["A ferry hit a reef."] * 5, []) == []
    assert telling(["A ferry hit a reef."] * 5, ["A ferry hit a reef."] * 5) == []


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("The model was wrong.", ["model"]),
        ("Riders choose the route.", ["route"]),
        ("Acme's drones, which fly over roads.", ["Acme", "drones", "roads"]),
        ("It took two weeks.", ["weeks"]),
        ("Across Berlin", ["Berlin"]),
        ("Waymo’s cars in San Francisco", ["Waymo", "cars", "Francisco", "San Francisco"]),
        ("Police used a plate reader.", ["Police", "reader", "plate reader"]),
        ("", []),
    ],
)
def test_a_text_is_read_for_what_it_calls_something(text, things):
    assert [words for _, words in things_in(text)] == things


def test_a_text_in_another_language_is_read_word_by_word():
    said = said_by(make_entry(title="", summary="Die Fähre lief auf ein Riff.", language="de"))

    assert {"Fähre", "lief", "Riff"} <= set(said.values())
