"""Names of the map's places: what a person would call them, none twice, and nothing that any might be called."""

from typing import Any

import numpy as np
import pytest

from search.map.names import names
from search.map.terms import Words, said_by
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def named(*places: list[str], **fields: Any) -> list[tuple[str, ...]]:
    """The names of places in which entries with these summaries are."""
    said = [said_by(make_entry(title="", summary=text, **fields)) for place in places for text in place]
    words = Words.of(said)
    numbers = [words.numbers(one) for one in said]
    owner = np.repeat(np.arange(len(said)), [len(one) for one in numbers])
    terms = np.array([number for one in numbers for number in one], np.int64)
    return names(words.words, terms, owner, np.repeat(np.arange(len(places)), [len(place) for place in places]))


def test_two_words_that_stand_together_name_a_place_and_not_each_alone():
    cameras = ["By facial recognition police took the wrong man."] * 5 + ["Police used facial recognition."] * 4
    cars = ["An autonomous vehicle hit a pole."] * 9

    first, second = named(cameras, cars)

    assert first == ("facial recognition", "police")
    assert second[0] == "autonomous vehicle"


def test_where_the_words_are_mostly_apart_the_commoner_one_names_it():
    deepfakes = ["A deepfake of a singer."] * 7 + ["A deepfake video of a senator."] * 3
    others = ["A lift fell in Berlin."] * 10

    assert named(deepfakes, others)[0][0] == "deepfake"


def test_a_word_of_several_places_names_the_one_that_has_most_of_it():
    songs = ["A chatbot sang a song."] * 8
    loans = ["A chatbot gave a loan."] * 3 + ["A bank gave a loan."] * 6
    ships = ["A ferry hit a reef."] * 30

    found = named(songs, loans, ships)

    assert "chatbot" in " ".join(found[0])
    assert "chatbot" not in " ".join(found[1])


def test_no_name_is_given_twice():
    alike = ["A drone fell on a stadium."] * 6

    found = named(alike, alike, ["A ferry hit a reef."] * 20)

    everything = [word for one in found for word in one]
    assert len(everything) == len(set(everything))
    assert all(found)


def test_what_was_done_and_what_reports_say_of_anything_is_no_name():
    fires = ["A reportedly overheated battery allegedly exploded, which caused panic."] * 6
    others = ["A ferry hit a reef."] * 8

    [name, _] = named(fires, others)

    assert "battery" in " ".join(name)
    assert not {"reportedly", "allegedly", "exploded", "overheated", "caused"} & set(name)


def test_two_forms_of_one_word_are_not_both_in_a_name():
    faces = ["A face on a facial scanner."] * 8

    [name, _] = named(faces, ["A ferry hit a reef."] * 8)

    assert not {"face", "facial"} <= set(" ".join(name).split())


def test_a_company_is_named_without_its_s():
    drones = ["Acme’s drone."] * 5 + ["Acme's lift."] * 4

    assert named(drones, ["A ferry hit a reef."] * 9)[0][0] == "Acme"


def test_facts_and_tags_are_names_too():
    found = named(["It went wrong."] * 5, facts={"technology": ["license plate reader"]})
    assert found == [()], "one place is told from nothing"

    said = said_by(
        make_entry(title="x", facts={"technology": ["plate reader"], "details": ["Injuries: 1"]}, tags=["a-b"])
    )
    assert {"plate reader", "a b"} <= set(said.values())
    assert "Injuries: 1" not in said.values()


def test_what_is_too_long_to_be_a_name_or_says_nothing_is_none():
    long = "Loss of an opportunity that people of another department had"
    said = said_by(make_entry(title="x", facts={"harms": [long, "none", "Injury"]}, tags=["Unknown"]))
    assert set(said.values()) == {"Injury"}


def test_pairs_do_not_reach_over_a_sentence_or_a_word_that_says_nothing():
    said = said_by(
        make_entry(title="", summary="The robot fell. Children were near the large-language model, said one.")
    )

    assert {"large-language", "language model"} == {words for words in said.values() if " " in words or "-" in words}


def test_of_nothing_there_are_no_names():
    nothing = np.array([], np.int64)

    assert names([], nothing, nothing, nothing) == []
    assert names([], nothing, nothing, np.array([0, 1])) == [(), ()]
