"""What a curator decided no import changes; that the source says otherwise is told, once."""

import pytest

from ingest.records import ClassificationRecord, EntryRecord, SameRecord
from ingest.writing.duplicates import write_same
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By
from kb import provenance
from kb.curating import Snapshot, record_edit
from kb.merging import merge_entries
from kb.models import Change, Classification, DeletedEntry, EntityRole, Entry, Proposal, Tag
from tests.factories import make_entity, make_entry
from tests.ingest.lifts import counts, save, take

pytestmark = pytest.mark.django_db

ROW = {
    "id": 1,
    "title": "Lift sang",
    "summary": "Between the floors it sang.",
    "date": "2023-05",
    "developer": "Acme; Otto",
    "tags": ["music"],
    "facts": {"country": ["norway"]},
}
MAP = {"title": "title", "summary": "summary", "date": "date", "developer": "developer", "tags": "tags", "id": "id"}
OPTIONS = {"options": {"map": MAP | {"facts.country": "facts.country"}}}


@pytest.fixture
def file(tmp_path):
    return save(tmp_path / "lifts.jsonl", ROW)


@pytest.fixture
def entry(file):
    take(file, **OPTIONS)
    return Entry.objects.get()


def decide(entry: Entry, **fields) -> None:
    for name, value in fields.items():
        provenance.set_value(entry, name, value)
    provenance.curate(entry, fields)
    entry.save()


def conflicts() -> list[dict]:
    return list(Change.objects.filter(action="conflict").order_by("pk").values_list("fields", flat=True))


def test_every_field_says_where_it_comes_from(entry):
    job = Change.objects.get().job

    assert job
    assert provenance.of_field(entry, "title") == {"source": "jsonl", "job": job.pk, "licence": ""}


def test_a_field_that_a_curator_decided_stays_and_the_others_follow(file, entry):
    decide(entry, title="The lift that sang")

    job = take(save(file, ROW | {"title": "Lift sang at night", "date": "2023-06"}), **OPTIONS)

    entry.refresh_from_db()
    assert (entry.title, entry.occurred) == ("The lift that sang", "2023-06")
    assert conflicts() == [{"title": {"kept": "The lift that sang", "offered": "Lift sang at night"}}]
    assert counts(job) == {"updated": 1, "conflicts": 1}
    assert provenance.of_field(entry, "occurred")["job"] == job.pk
    assert provenance.of_field(entry, "title")["source"] == ""


def test_the_same_conflict_is_told_once(file, entry):
    decide(entry, title="The lift that sang")
    take(save(file, ROW | {"title": "Lift sang at night"}), **OPTIONS)

    job = take(save(file, ROW | {"title": "Lift sang at night", "date": "2024"}), **OPTIONS)

    assert len(conflicts()) == 1
    assert counts(job) == {"updated": 1}


def test_what_a_curator_decided_against_is_not_offered_again(file, entry):
    decide(entry, title="The lift that sang")
    take(save(file, ROW | {"title": "Lift sang at night"}), **OPTIONS)
    entry.refresh_from_db()

    provenance.curate(entry, ["title"])
    entry.save()
    job = take(save(file, ROW | {"title": "Lift sang at night", "date": "2024"}), **OPTIONS)
    entry.refresh_from_db()
    assert counts(job) == {"updated": 1}
    assert provenance.conflicts(entry) == {}

    take(save(file, ROW | {"title": "Lift sang all night"}), **OPTIONS)
    assert [fields["title"]["offered"] for fields in conflicts()] == ["Lift sang at night", "Lift sang all night"]


def test_a_curator_can_follow_the_source_again(file, entry):
    decide(entry, title="The lift that sang")
    take(save(file, ROW | {"title": "Lift sang at night"}), **OPTIONS)
    entry.refresh_from_db()

    provenance.take_upstream(entry, "title")
    entry.save()
    take(save(file, ROW | {"title": "Lift sang all night"}), **OPTIONS)

    entry.refresh_from_db()
    assert entry.title == "Lift sang all night"
    assert provenance.conflicts(entry) == {}


def test_once_the_source_agrees_there_is_no_conflict(file, entry):
    decide(entry, title="The lift that sang")
    take(save(file, ROW | {"title": "Lift sang at night"}), **OPTIONS)

    take(save(file, ROW | {"title": "The lift that sang"}), **OPTIONS)

    entry.refresh_from_db()
    assert provenance.conflicts(entry) == {}


def test_each_fact_is_a_field_of_its_own(file, entry):
    decide(entry, **{"facts.country": ["sweden"]})

    take(save(file, ROW | {"facts": {"country": ["denmark"]}, "summary": "It sang."}), **OPTIONS)

    entry.refresh_from_db()
    assert (entry.facts["country"], entry.summary) == (["sweden"], "It sang.")
    assert conflicts() == [{"facts.country": {"kept": ["sweden"], "offered": ["denmark"]}}]


def test_tags_that_a_curator_chose_stay(file, entry):
    entry.tags.set([Tag.objects.create(name="choirs")])
    provenance.curate(entry, ["tags"])
    entry.save()

    take(save(file, ROW | {"tags": ["music", "night"]}), **OPTIONS)

    assert [tag.name for tag in entry.tags.all()] == ["choirs"]


def test_a_row_that_a_curator_took_away_does_not_come_back(file, entry):
    role = EntityRole.objects.get(entity__name="Otto")
    provenance.remove(entry, "roles", provenance.row_key(role.entity_id, role.role))
    entry.save()
    role.delete()

    take(save(file, ROW | {"developer": "Acme; Otto; Nina"}), **OPTIONS)

    assert sorted(entry.roles.values_list("entity__name", flat=True)) == ["Acme", "Nina"]
    assert Classification.objects.count() == 0


def test_what_was_deleted_here_stays_deleted(file, entry):
    entry.delete()

    job = take(save(file, ROW | {"title": "Lift sang at night"}), **OPTIONS)

    assert (counts(job), Entry.objects.count()) == ({"left_out": 1}, 0)
    assert job.problems.all()[0].reason.startswith("“Lift sang” was deleted here, and stays so")


def test_what_was_deleted_here_returns_when_an_import_is_told_so(file, entry):
    entry.delete()

    job = take(file, options={**OPTIONS["options"], "deleted": "return"})

    assert (counts(job), DeletedEntry.objects.count()) == ({"created": 1}, 0)
    assert counts(take(file, **OPTIONS)) == {"unchanged": 1}


def test_what_an_import_changed_is_remembered_field_by_field(file, entry):
    job = take(save(file, ROW | {"summary": "It sang.", "developer": "Acme; Nina"}), **OPTIONS)

    (change,) = Change.objects.filter(job=job)
    assert (change.action, change.entry, change.source) == ("updated", entry, "jsonl")
    assert change.fields == {
        "summary": {"from": "Between the floors it sang.", "to": "It sang."},
        "roles": {"added": ["developer: Nina"], "removed": ["developer: Otto"]},
    }


def edited(entry: Entry, change) -> None:
    """The entry after a curator's change, noted as the desk notes it."""
    before = Snapshot.of(entry)
    change()
    record_edit(before, entry, None)
    entry.refresh_from_db()


def test_a_row_that_a_curator_set_right_is_the_curator_s(file, entry):
    role, other = EntityRole.objects.get(entity__name="Otto"), make_entity("Otto Lifts")

    edited(entry, lambda: EntityRole.objects.filter(pk=role.pk).update(entity=other))
    take(save(file, ROW | {"summary": "It sang."}), **OPTIONS)

    assert sorted(entry.roles.values_list("entity__name", flat=True)) == ["Acme", "Otto Lifts"]


def test_evidence_that_a_curator_wrote_stays():
    record = EntryRecord(
        key="1",
        kind="incident",
        title="Lift sang",
        external_ids=[("list", "1")],
        classifications=[ClassificationRecord(taxonomy="Harms", category=("noise",), evidence="it sang")],
    )
    (written,) = write_entries([record], By("list"))
    assert written.entry
    edited(written.entry, lambda: Classification.objects.update(evidence="it was heard"))

    changed = [record.classifications[0].model_copy(update={"evidence": "it sang loudly"})]
    write_entries([record.model_copy(update={"classifications": changed})], By("list"))

    assert Classification.objects.get().evidence == "it was heard"


def test_an_identifier_that_a_curator_took_away_does_not_come_back():
    record = EntryRecord(key="1", kind="incident", title="x", external_ids=[("aiid", "1"), ("oecd", "2")])
    (written,) = write_entries([record], By("aiid"))
    entry = written.entry
    assert entry
    edited(entry, entry.external_ids.get(namespace="oecd").delete)

    write_entries([record.model_copy(update={"title": "y"})], By("aiid"))
    write_same([SameRecord(ids=[("aiid", "1"), ("oecd", "2")])], By("aiid"))
    write_entries([EntryRecord(key="2", kind="incident", title="z", external_ids=[("oecd", "2")])], By("oecd"))
    write_same([SameRecord(ids=[("aiid", "1"), ("oecd", "2")])], By("aiid"))

    assert [str(one) for one in entry.external_ids.all()] == ["aiid 1"]
    assert Entry.objects.count() == 2


def test_what_a_curator_says_is_not_the_same_no_import_makes_one():
    one, other = make_entry(ids={"aiid": "1"}), make_entry(ids={"oecd": "2"})
    Proposal.objects.create(entry=one, other=other, score=1, state="declined")

    write_same([SameRecord(ids=[("aiid", "1"), ("oecd", "2")])], By("aiid"))
    both = EntryRecord(key="1", kind="incident", title="x", external_ids=[("aiid", "1"), ("oecd", "2")])
    write_entries([both], By("avid"))

    assert Entry.objects.count() == 2


def test_what_has_no_identifier_and_was_deleted_here_stays_deleted(tmp_path):
    file = save(tmp_path / "lifts.jsonl", {"title": "Lift sang", "summary": "Between the floors."})
    options = {"options": {"map": {"title": "title", "summary": "summary"}}}
    take(file, **options)
    Entry.objects.get().delete()

    job = take(file, **options)

    assert (counts(job), Entry.objects.count()) == ({"left_out": 1}, 0)
    again = take(file, options=options["options"] | {"deleted": "return"})
    assert (counts(again), DeletedEntry.objects.count()) == ({"created": 1}, 0)


def test_what_is_here_follows_although_another_of_its_identifiers_was_deleted_here():
    make_entry(ids={"oecd": "2"}).delete()
    first = EntryRecord(key="1", kind="incident", title="x", external_ids=[("aiid", "1")])
    write_entries([first], By("aiid"))

    more = first.model_copy(update={"title": "y", "external_ids": [("aiid", "1"), ("oecd", "2")]})
    (written,) = write_entries([more], By("aiid"))

    assert (written.outcome, Entry.objects.get().title) == ("updated", "y")


def test_what_a_merged_entry_gave_stays_when_the_source_has_no_word_for_it():
    record = EntryRecord(key="1", kind="incident", title="x", external_ids=[("aiid", "1")])
    (written,) = write_entries([record], By("aiid"))
    other = make_entry(summary="It sang.", source="oecd", ids={"oecd": "2"})
    assert written.entry
    kept = Entry.objects.get(pk=written.entry.pk)
    merge_entries(other, kept)

    write_entries([record.model_copy(update={"title": "y"})], By("aiid"))

    kept.refresh_from_db()
    assert (kept.title, kept.summary) == ("y", "It sang.")
    assert provenance.of_field(kept, "summary")["source"] == "oecd"
