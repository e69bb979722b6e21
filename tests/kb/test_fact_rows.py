"""What an entry says in a word or two is there as rows too, and the two never differ."""

from importlib import import_module

import pytest
from django.apps import apps

from kb.merging import merge_entries
from kb.models import Entry, Fact
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def rows(entry: Entry) -> list[tuple[str, str, str]]:
    return sorted(Fact.objects.filter(entry=entry).values_list("name", "value", "spelling"))


def test_what_lists_narrow_down_by_and_nothing_else():
    entry = make_entry(facts={"harms": ["Injury", "  injury ", "Loss, of face"], "sector": ["École"], "purpose": "Fun"})
    study = make_entry(kind="case_study", facts={"industry": "Law", "techniques": ["R&D"], "problem": "Time"})

    assert rows(entry) == [
        ("harms", "injury", "Injury"),
        ("harms", "loss, of face", "Loss, of face"),
        ("sector", "école", "École"),
    ]
    assert rows(study) == [("industry", "law", "Law"), ("techniques", "r&d", "R&D")]


def test_of_questions_only_whether_there_are_some():
    note = make_entry(kind="note", facts={"questions": ["Why " + "so " * 100 + "?", "Who?"]})

    assert rows(note) == [("questions", "some", "some")]

    note.facts = {"questions": []}
    note.save()

    assert rows(note) == []


def test_they_follow_a_change():
    entry = make_entry(facts={"harms": ["Injury", "Loss"], "country": ["Chile"]})
    kept = Fact.objects.get(value="loss").pk

    entry.facts = {"harms": ["INJURY", "Loss"]}
    entry.save()

    assert rows(entry) == [("harms", "injury", "INJURY"), ("harms", "loss", "Loss")]
    assert Fact.objects.get(value="loss").pk == kept, "what stays as it is, is not written again"


def test_facts_that_are_not_stored_are_not_followed():
    entry = make_entry(facts={"harms": ["Injury"]})

    entry.facts = {"harms": ["Loss"]}
    entry.save(update_fields=["title"])

    assert Entry.objects.get().facts == {"harms": ["Injury"]}
    assert rows(entry) == [("harms", "injury", "Injury")]


def test_a_list_of_entries_without_their_facts_can_be_saved():
    make_entry(facts={"harms": ["Injury"]})

    entry = Entry.objects.for_lists().get()
    entry.title = "Another"
    entry.save()

    assert rows(entry) == [("harms", "injury", "Injury")]


def test_many_at_once():
    made = Entry.objects.bulk_create(
        [
            Entry(kind="incident", title=f"Ferry {number}", slug=f"ferry-{number}", facts={"harms": [f"Harm {number}"]})
            for number in range(3)
        ]
    )

    assert [rows(entry) for entry in made] == [[("harms", f"harm {n}", f"Harm {n}")] for n in range(3)]


def test_no_statement_changes_facts_beside_them():
    make_entry(facts={"harms": ["Injury"]})

    with pytest.raises(TypeError, match="save"):
        Entry.objects.update(facts={})


def test_a_deleted_entry_leaves_none():
    make_entry(facts={"harms": ["Injury"]}).delete()

    assert not Fact.objects.exists()


def test_merged_entries_have_those_of_both():
    gone, kept = make_entry(facts={"harms": ["Injury"]}), make_entry(facts={"sector": ["Law"]})

    merge_entries(gone, kept)

    assert rows(kept) == [("harms", "injury", "Injury"), ("sector", "law", "Law")]


def test_the_migration_makes_them_of_what_is_there():
    entry = make_entry(facts={"harms": ["Injury", "injury"], "country": ["Chile"], "purpose": "Fun"})
    study = make_entry(kind="case_study", facts={"industry": "Law"})
    said = rows(entry), rows(study)
    Fact.objects.all().delete()

    import_module("kb.migrations.0011_facts_as_rows").write_rows(apps, None)

    assert (rows(entry), rows(study)) == said
    assert rows(entry) == [("country", "chile", "Chile"), ("harms", "injury", "Injury")]


def test_the_migration_says_which_notes_ask():
    asking, other = make_entry(kind="note", facts={"questions": ["Why?"]}), make_entry(kind="note")
    Fact.objects.all().delete()

    for _ in range(2):
        import_module("kb.migrations.0013_questions_as_facts").write_rows(apps, None)

    assert rows(asking) == [("questions", "some", "some")]
    assert rows(other) == []
