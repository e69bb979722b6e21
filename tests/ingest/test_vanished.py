"""What a source no longer has is flagged and stays; what it renamed is followed."""

import pytest

from ingest.pipeline import start_import
from ingest.sources import SOURCES
from kb.models import Change, Entry, ExternalId, SlugRedirect, SourceRecord
from kb.provenance import curate
from tests.ingest.lifts import counts, done, save, take
from tests.ingest.telling import LOCATED, NAME, entry, told

pytestmark = pytest.mark.django_db

ONE, TWO = {"id": 1, "title": "Lift sang"}, {"id": 2, "title": "Lift danced"}
BODY = "A lift that stays where it is, is a room, and nobody asked for a room.\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "lifts.jsonl"


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "rooms.md").write_text(f"# On rooms\n\n{BODY}")
    (folder / "lifts.md").write_text("# On lifts\n\nLifts go up, and after a while they come down again.\n")
    return folder


def take_notes(folder):
    return done(start_import("markdown", str(folder), {}, ring=False))


def gone() -> list[str]:
    return list(SourceRecord.objects.exclude(vanished_at=None).values_list("entry__title", flat=True))


def actions(job) -> list[tuple[str, str]]:
    return sorted(Change.objects.filter(job=job).values_list("action", "title"))


def test_what_is_gone_upstream_is_flagged_once_and_kept(file):
    take(save(file, ONE, TWO))

    job = take(save(file, TWO))
    again = take(file)

    assert (counts(job), counts(again)) == ({"unchanged": 1, "vanished": 1}, {"unchanged": 1})
    assert gone() == ["Lift sang"]
    assert actions(job) == [("vanished", "Lift sang")]
    assert Entry.objects.filter(title="Lift sang").exists()


def test_what_returns_is_no_longer_gone(file):
    take(save(file, ONE, TWO))
    take(save(file, TWO))

    job = take(save(file, ONE, TWO))

    assert counts(job) == {"unchanged": 2, "returned": 1}
    assert gone() == []


def test_a_record_that_cannot_be_read_any_more_has_not_vanished(file):
    take(save(file, ONE, TWO))

    job = take(save(file, "{ broken", TWO))

    assert counts(job) == {"unchanged": 1, "failed": 1}
    assert gone() == []


def test_sets_of_one_source_are_kept_apart(tmp_path, file):
    take(save(file, ONE), options={"namespace": "upstairs"})

    take(save(tmp_path / "other.jsonl", TWO), options={"namespace": "downstairs"})

    assert gone() == []


def test_what_interrupts_flags_nothing_too_early(file, monkeypatch):
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    take(save(file, ONE, TWO))
    job = start_import("jsonl", str(save(file, TWO, ONE)), {"kind": "incident", "namespace": "lifts"}, ring=False)

    done(job, budget_s=0)

    assert (job.state, gone()) == ("pending", [])


def test_a_deleted_file_is_flagged(notes):
    take_notes(notes)
    (notes / "lifts.md").unlink()

    assert counts(take_notes(notes)) == {"unchanged": 1, "vanished": 1}
    assert gone() == ["On lifts"]


def test_a_renamed_file_is_still_the_same_note(notes):
    take_notes(notes)
    entry = Entry.objects.get(title="On rooms")
    (notes / "deep").mkdir()
    (notes / "rooms.md").rename(notes / "deep" / "chambers.md")

    job = take_notes(notes)

    assert counts(job) == {"updated": 1, "unchanged": 1, "renamed": 1}
    assert actions(job) == [("renamed", "On rooms")]
    assert Entry.objects.get(title="On rooms") == entry
    assert list(ExternalId.objects.filter(entry=entry).values_list("value", flat=True)) == ["notes/deep/chambers.md"]
    assert counts(take_notes(notes)) == {"unchanged": 2}
    assert gone() == []


def test_a_renamed_file_keeps_what_a_curator_decided(notes):
    take_notes(notes)
    entry = Entry.objects.get(title="On rooms")
    entry.title = "On rooms, and against them"
    curate(entry, ["title"])
    entry.save()
    (notes / "rooms.md").rename(notes / "chambers.md")

    take_notes(notes)

    assert Entry.objects.get(pk=entry.pk).title == "On rooms, and against them"
    assert Entry.objects.count() == 2
    assert SlugRedirect.objects.filter(entry=entry).count() <= 1


def test_a_new_file_where_one_was_is_a_note_of_its_own(notes):
    take_notes(notes)
    (notes / "rooms.md").rename(notes / "chambers.md")
    take_notes(notes)
    (notes / "rooms.md").write_text("# Other rooms\n\nSomething else altogether, that nobody has said before.\n")

    job = take_notes(notes)

    assert counts(job) == {"created": 1, "unchanged": 2}
    assert sorted(Entry.objects.values_list("title", flat=True)) == ["On lifts", "On rooms", "Other rooms"]


def test_what_another_import_at_work_has_met_has_not_vanished(file, monkeypatch):
    """Two of one set at once: whoever met a record last must not make it vanish for the other."""
    take(save(file, ONE, TWO))
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    first, second = (
        start_import("jsonl", str(file), {"kind": "incident", "namespace": "lifts"}, ring=False) for _ in range(2)
    )

    done(first, budget_s=0)
    done(second)
    done(first)

    assert (first.state, counts(first), counts(second)) == ("done", {"unchanged": 2}, {"unchanged": 2})
    assert gone() == []


def test_a_record_that_got_an_identifier_has_not_vanished(file, monkeypatch):
    monkeypatch.setitem(SOURCES, NAME, LOCATED)
    page = {"url": "https://lifts.example/1"}
    told(file, entry("1", "Lift sang", page=page))

    job = told(file, entry("1", "Lift sang", ("lifts", "1"), page=page))

    assert counts(job) == {"updated": 1}
    assert (gone(), Entry.objects.count(), SourceRecord.objects.count()) == ([], 1, 1)
