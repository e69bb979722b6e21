"""What a collection has to teach: which texts stand for which, each once, and what is held out to judge by."""

import pytest

from kb.merging import merge_entries
from kb.models import Link
from search.beir import Document
from search.tuning import collection, pairs
from search.tuning.pairs import Pair, TooFew, chosen, of_documents, paired, split
from search.tuning.recipe import RECIPE, Recipe, digest
from tests.factories import make_entry, make_reference

TEXT = "The autopilot of a ferry took a reef for open water that night."


def pair(number: int, asked: str = "", subject: str = "") -> Pair:
    return Pair(asked or f"title number {number}", f"text {number}", subject or f"entry {number}", "title")


def test_a_title_goes_with_the_first_passage_and_not_with_itself():
    long = TEXT + "\n\n" + "Another paragraph that goes on and on about it. " * 40
    (found,) = paired("A ferry on a reef", f"A ferry on a reef. {long}", "entry 1", "title and text")

    assert found.asked == "A ferry on a reef"
    assert found.text.startswith(TEXT)
    assert len(found.text) <= 900


@pytest.mark.parametrize(("asked", "text"), [("Ferry", TEXT), ("A ferry on a reef", "Too short a text."), ("", TEXT)])
def test_what_says_too_little_teaches_nothing(asked, text):
    assert list(paired(asked, text, "entry 1", "title")) == []


def test_documents_give_their_titles():
    found = list(of_documents([Document("d1", "A ferry on a reef", TEXT), Document("d2", "", TEXT)]))

    assert found == [Pair("A ferry on a reef", TEXT, "d1", "title")]


def test_each_pair_is_taken_once_and_no_more_than_there_is_room_for():
    many = [pair(number) for number in range(400)]

    assert len(chosen([*many, *many])) == 400
    few = chosen(many, most=250)
    assert len(few) == 250
    assert few == chosen(reversed(many), most=250)


def test_a_title_of_many_texts_names_none_of_them():
    found = chosen([*(pair(n) for n in range(300)), *(pair(n, "News of the week") for n in range(900, 904))])

    assert len(found) == 300
    assert "News of the week" not in {one.asked for one in found}


def test_too_few_are_told_with_their_number():
    with pytest.raises(TooFew, match="there are 7 pairs of a title and its text to learn from; 200 are needed"):
        chosen(pair(number) for number in range(7))


def test_whole_subjects_are_held_out_and_the_same_ones_when_more_come():
    some = [pair(number, subject=f"entry {number // 2}") for number in range(1000)]
    train, held = split(some)
    later_train, later_held = split([*some, *(pair(number) for number in range(2000, 3000))])

    assert 50 < len(held) < 150
    assert not {one.subject for one in train} & {one.subject for one in held}
    assert {one.subject for one in held} <= {one.subject for one in later_held}
    assert {one.subject for one in train} <= {one.subject for one in later_train}


def test_where_nothing_is_left_to_judge_by_nothing_is_learned():
    one_subject = [pair(number, subject="entry 1") for number in range(300)]

    with pytest.raises(TooFew, match="0 of 300 pairs could be held out to judge by; 10 are needed"):
        split(one_subject)


def test_the_digest_stands_for_the_pairs_and_the_recipe():
    some = [pair(number) for number in range(5)]

    assert digest(some, RECIPE) == digest(reversed(some), RECIPE)
    assert digest(some, RECIPE) != digest(some[:4], RECIPE)
    assert digest(some, RECIPE) != digest(some, Recipe(seed=1))


def test_pairs_are_read_as_they_were_written(tmp_path):
    some = [pair(1), Pair("Ünïcode 🛳 title\u2028x", "te\nxt", "entry 2", "link")]
    pairs.write(tmp_path / "pairs.jsonl", some)

    assert pairs.read(tmp_path / "pairs.jsonl") == some


@pytest.mark.django_db
def test_the_collection_pairs_titles_reports_links_and_duplicates():
    report = make_reference(title="Ferry hits a reef", text="Passengers said that the ferry simply went straight on.")
    ferry = make_entry(title="Autopilot strands a ferry", summary=TEXT, references=[report])
    pilot = make_entry(
        kind="case_study", title="How pilots and autopilots share", summary="A line shipped an autopilot with a human."
    )
    Link.objects.create(entry=ferry, target=pilot)
    twice = make_entry(title="Ship runs onto the rocks", summary="Told elsewhere in quite other words than these here.")
    merge_entries(twice, ferry)
    make_entry(title="A draft about a ferry", summary=TEXT, status="draft")

    found = {(one.kind, one.asked, one.text[:12], one.subject) for one in collection.pairs()}

    own, other = f"entry {ferry.pk}", f"entry {pilot.pk}"
    assert found == {
        ("title and summary", ferry.title, "The autopilo", own),
        ("title and summary", pilot.title, "A line shipp", other),
        ("report and its text", "Ferry hits a reef", "Passengers s", own),
        ("report and entry", "Ferry hits a reef", "The autopilo", own),
        ("entry and report", ferry.title, "Passengers s", own),
        ("link", ferry.title, "A line shipp", other),
        ("link", pilot.title, "The autopilo", own),
        ("duplicate", "Ship runs onto the rocks", "The autopilo", own),
    }
