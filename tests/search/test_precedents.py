"""Precedents of a description: what is close, in which groups, by which sentence, and what is asked at the review."""

import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import Classification
from kb.models.entries import Origin
from search import closeness, indexing
from search.description import MAX_CHARS, BadDescription, clean_description, parts_of
from search.grouping import Label
from search.precedents import precedents
from search.precedents_markdown import precedents_markdown
from tests.factories import make_category, make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

FERRY = "an autopilot that steers a ferry past the reef into the harbour"


def titles(shelf) -> list[str]:
    return [one.entry.title for one in shelf.precedents]


def groups(shelf) -> dict[str, list[str]]:
    return {group.label.name: [one.entry.title for one in group.precedents] for group in shelf.groups}


@pytest.fixture
def collection():
    """Ferries that went wrong, one that went well, a note; and much that has nothing to do with ferries."""
    make_entry(
        title="Reef",
        summary="The autopilot steered a ferry onto a reef near the harbour.",
        body="## What happened\n\nIt was night.\n\n## What to learn\n\nBuy paint. Test the autopilot of a ferry at the "
        "reef before the harbour opens.\n\n## More\n\nNothing.",
        tags=["stale-maps"],
        licence="CC-BY-4.0",
        attribution="Port News",
        occurred_on="2024-02",
    )
    make_entry(
        title="Quay",
        summary="A ferry on autopilot hit the quay of the harbour in fog.",
        body="The captain slept. A ferry's autopilot does not see the reef at the harbour in fog. Cats are nice.",
        tags=["stale-maps"],
    )
    make_entry(
        kind="case_study",
        title="Pilot",
        summary="How a ferry line shipped an autopilot that steers past the reef into the harbour.",
        facts={"techniques": ["map matching"]},
    )
    make_entry(
        kind="note",
        title="Steering",
        body="An autopilot steers a ferry past a reef into the harbour by a map.",
        facts={"questions": ["Who may overrule the autopilot?"]},
    )
    for number in range(12):
        make_entry(title=f"Loan {number}", summary=f"A lender refused loans to applicants of district {number}.")
    indexing.index_pending()


def test_what_is_close_by_kind_with_the_sentence_that_says_so(collection):
    found = precedents(FERRY, None)

    assert set(titles(found.shelves["incident"])) == {"Reef", "Quay"}
    assert titles(found.shelves["case_study"]) == ["Pilot"]
    assert titles(found.shelves["note"]) == ["Steering"]
    quay = next(one for one in found.all if one.entry.title == "Quay")
    stored = getattr(quay.entry, quay.quote.source)
    assert stored[quay.quote.start : quay.quote.end] == quay.quote.text
    assert "autopilot" in quay.quote.text
    assert "Cats" not in quay.quote.text
    assert {quay.quote.text[a:b].lower() for a, b in quay.quote.marks} >= {"autopilot", "harbour"}
    assert 0 < (quay.strength or 0) <= 1
    assert quay.closeness in {closeness.VERY_CLOSE, closeness.CLOSE, closeness.LOOSE}
    assert found.notices == []
    assert not found.nothing_close


@pytest.mark.parametrize("text", ["qwx zvk jjpq", "Whisk the eggs, add sugar and bake for an hour", "🦖"])
def test_nothing_close_is_said_and_not_filled_up(collection, text):
    found = precedents(text, None)

    assert found.nothing_close
    assert found.all == found.checklist == []
    threshold = found.threshold or 0
    assert 0 < threshold < 1
    assert all(shelf.best is not None and shelf.best < threshold for shelf in found.shelves.values())


def test_one_kind_may_have_nothing_close_while_another_has(collection):
    found = precedents("A lender refused loans to applicants of this district.", None)

    assert not found.shelves["incident"].nothing_close
    assert found.shelves["note"].nothing_close


def test_an_empty_collection_has_nothing_close():
    found = precedents(FERRY, None)

    assert found.nothing_close
    assert [shelf.best for shelf in found.shelves.values()] == [None, None, None]


def test_themes_are_suggested_where_nothing_is_classified(collection):
    shelf = precedents(FERRY, None).shelves["incident"]

    assert groups(shelf) == {"stale maps": ["Reef", "Quay"]} or groups(shelf) == {"stale maps": ["Quay", "Reef"]}
    assert shelf.groups[0].label.origin == "suggested"


def test_categories_make_the_groups_and_what_lacks_one_gets_a_suggestion(collection):
    old_map = make_category("Old map", taxonomy="Failures")
    for title in ("Reef A", "Reef B", "Reef C"):
        entry = make_entry(title=title, summary="The autopilot steered a ferry onto a reef near the harbour.")
        Classification.objects.create(entry=entry, category=old_map, origin="imported")
    indexing.index_pending()

    found = precedents(FERRY, None).shelves["incident"].groups

    assert [(group.label.name, group.label.origin, group.label.taxonomy) for group in found] == [
        ("Old map", "imported", "Failures"),
        ("Old map", "suggested", "Failures"),
    ]
    assert {one.entry.title for one in found[0].precedents} == {"Reef A", "Reef B", "Reef C"}
    assert {one.entry.title for one in found[1].precedents} == {"Reef", "Quay"}
    assert Classification.objects.filter(origin="suggested").count() == 0


def test_the_checklist_is_drawn_from_the_entries(collection):
    items = [
        (item.sort, item.text, [entry.title for entry in item.entries]) for item in precedents(FERRY, None).checklist
    ]

    assert ("lesson", "Test the autopilot of a ferry at the reef before the harbour opens.", ["Reef"]) in items
    assert ("question", "Who may overrule the autopilot?", ["Steering"]) in items
    assert [sort for sort, text, _ in items if text == "stale maps"] == ["failure"]


def test_of_a_long_description_the_part_that_led_to_a_hit_is_named(collection):
    filler = "We meet on Tuesdays and drink coffee with the lender's district office. " * 8
    steering = f"## Steering\n\n{FERRY.capitalize()}. It follows a map of the reef."
    text = f"# Plan\n\n{filler}\n\n{steering}\n\n## Team\n\n{filler}"

    found = precedents(text, None)

    reef = next(one for one in found.all if one.entry.title == "Reef")
    because = found.because(reef)
    assert because is not None
    assert because.text.startswith("## Steering")
    assert found.parts[because.number - 1] == because
    assert precedents(FERRY, None).because(reef) is None


def test_a_description_is_bounded_and_cut_without_losing_a_word():
    text = "\r\n".join(f"## Part {number}\r\n\r\n" + "Some words follow here. " * 40 for number in range(20))

    cleaned = clean_description(text)
    assert "\r" not in cleaned
    assert "".join("".join(part.text for part in parts_of(cleaned)).split()) == "".join(cleaned.split())
    assert [part.number for part in parts_of(cleaned)] == list(range(1, len(parts_of(cleaned)) + 1))
    with pytest.raises(BadDescription, match="60,001 characters"):
        clean_description("x" * (MAX_CHARS + 1))
    with pytest.raises(BadDescription, match="one sentence is enough"):
        clean_description(" \0\n")


def test_hidden_entries_reach_nobody_else(collection):
    secret = make_entry(
        title="Secret",
        summary="The autopilot steered a ferry onto a reef near the harbour.",
        visibility="internal",
        tags=["stale-maps", "secret-tag"],
        categories=[make_category("Secret failure")],
        references=[make_reference(text="The autopilot steered the secret ferry onto a reef. " * 20)],
    )
    indexing.index_pending()

    found = precedents(FERRY, None, always=[secret.pk])
    assert "Secret" not in [one.entry.title for one in found.all]
    assert "Secret failure" not in str(found)
    assert "secret" not in str([(one.quote, one.closeness) for one in found.all])
    assert "Secret" in titles(precedents(FERRY, make_user(is_staff=True)).shelves["incident"])


def test_an_entry_of_which_only_a_report_matches_is_quoted_shortly(collection):
    text = "The autopilot steered a ferry past the reef into the harbour " * 12
    make_entry(title="Report", summary="x", references=[make_reference(text=text, publisher="Port Times")])
    indexing.index_pending()

    report = next(one for one in precedents(FERRY, None).all if one.entry.title == "Report")

    assert report.quote.reference
    assert report.quote.reference.publisher == "Port Times"
    assert len(report.quote.text) <= 280


def test_without_a_model_words_are_compared_and_that_is_said(collection, settings, tmp_path):
    settings.KB_EMBEDDER = str(tmp_path)

    found = precedents(FERRY, None)

    assert found.notices == ["Search by meaning is not available right now: these results match your words only."]
    assert set(titles(found.shelves["incident"])) >= {"Reef", "Quay"}
    assert {(one.strength, one.closeness) for one in found.all} == {(None, "shares words")}
    assert found.threshold is None
    assert "autopilot" in next(one for one in found.all if one.entry.title == "Quay").quote.text


def test_the_number_of_queries_does_not_grow():
    def queries() -> int:
        for _ in range(4):
            for kind in ("incident", "case_study", "note"):
                make_entry(kind=kind, summary=FERRY, tags=["a", "b"], references=["A ferry report."])
        indexing.index_pending()
        precedents(FERRY, None)
        with CaptureQueriesContext(connection) as captured:
            assert len(precedents(FERRY, None).all) >= 12
        return len(captured)

    assert queries() == queries()


def test_the_command_says_it_in_text_json_and_markdown(collection, capsys, tmp_path):
    file = tmp_path / "idea.txt"
    file.write_text(FERRY)

    def run(*options: str) -> str:
        call_command("precedents", *options)
        return capsys.readouterr().out

    assert "Incidents\n  stale maps, suggested\n" in run(str(file))
    answer = json.loads(run(str(file), "--json"))
    assert [len(group["entries"]) for group in answer["incidents"]["groups"]] == [2]
    assert "- Reef: Port News, CC-BY-4.0 <https://creativecommons.org/licenses/by/4.0/>." in run(
        str(file), "--markdown"
    )
    file.write_text("hmpf blorp")
    assert run(str(file)) == "Nothing in this collection is close to that.\n"
    file.write_text("")
    with pytest.raises(CommandError, match="Say what you are about to build"):
        run(str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        run(str(tmp_path / "missing"))


def test_a_file_spells_what_groups_are_called_as_the_page_does(collection):
    found = precedents(FERRY, None)
    shelf = found.shelves["incident"]
    named = [replace(group, label=Label("llm evaluation at BMW", Origin.SUGGESTED)) for group in shelf.groups]

    text = precedents_markdown(replace(found, shelves={**found.shelves, "incident": replace(shelf, groups=named)}), str)

    assert "\n### LLM evaluation at BMW (suggested)\n" in text
