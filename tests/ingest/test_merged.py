"""What was merged stays one, and nothing of it is lost, when the source that had two still has two."""

import pytest

from ingest.records import DuplicateRecord, EntryRecord, Record
from ingest.sources import SOURCES
from kb.merging import merge_entries
from kb.models import Entry, SourceRecord
from tests.ingest.contents import contents
from tests.ingest.lifts import counts
from tests.ingest.telling import LOCATED, NAME, entry, told

pytestmark = pytest.mark.django_db

ONE = entry(
    "1",
    "Lift sang",
    ("aiid", "1"),
    summary="Between the floors.",
    tags=["music"],
    roles=[{"role": "developer", "name": "Acme"}],
    references=[{"url": "https://n.example/1"}],
)
TWO = entry(
    "2",
    "A lift sings",
    ("aiid", "2"),
    tags=["choirs"],
    roles=[{"role": "harmed", "name": "Otto"}],
    references=[{"url": "https://n.example/2"}],
)


@pytest.fixture(autouse=True)
def source(monkeypatch):
    monkeypatch.setitem(SOURCES, NAME, LOCATED)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "told.jsonl"


def changed(record: EntryRecord, **fields) -> EntryRecord:
    return record.model_copy(update=fields)


def roles(kept: Entry) -> list[str]:
    return sorted(role.entity.name for role in kept.roles.all())


def merged(keep: str, go: str) -> Entry:
    kept = Entry.objects.get(title=keep)
    merge_entries(Entry.objects.get(title=go), kept)
    return kept


@pytest.mark.parametrize(("keep", "go"), [("Lift sang", "A lift sings"), ("A lift sings", "Lift sang")])
def test_the_same_import_again_changes_nothing(file, keep, go):
    told(file, ONE, TWO)
    merged(keep, go)
    before = contents()

    assert counts(told(file, ONE, TWO)) == {"unchanged": 2}
    assert contents() == before


@pytest.mark.parametrize(("keep", "go"), [("Lift sang", "A lift sings"), ("A lift sings", "Lift sang")])
def test_a_change_of_either_leaves_what_the_other_gave(file, keep, go):
    told(file, ONE, TWO)
    kept = merged(keep, go)

    told(file, changed(ONE, language="no"), changed(TWO, language="de"))

    kept.refresh_from_db()
    assert kept.title == keep
    assert roles(kept) == ["Acme", "Otto"]
    assert kept.citations.count() == 2
    assert sorted(tag.name for tag in kept.tags.all()) == ["choirs", "music"]
    assert counts(told(file, changed(ONE, language="no"), changed(TWO, language="de"))) == {"unchanged": 2}


def test_the_first_is_still_followed(file):
    told(file, ONE, TWO)
    kept = merged("Lift sang", "A lift sings")

    told(file, changed(ONE, title="Lift sang again"), changed(TWO, title="Another"))

    kept.refresh_from_db()
    assert kept.title == "Lift sang again"


def test_one_of_the_two_that_goes_upstream_has_not_vanished(file):
    told(file, ONE, TWO)
    merged("Lift sang", "A lift sings")

    assert counts(told(file, TWO)) == {"unchanged": 1}
    assert SourceRecord.objects.exclude(vanished_at=None).count() == 0


def test_a_duplicate_that_its_source_still_has_is_no_quarrel(file):
    records: list[Record] = [ONE, TWO, DuplicateRecord(namespace="aiid", value="2", of="1")]
    told(file, *records)

    told(file, *records)

    kept = Entry.objects.get()
    assert (kept.title, roles(kept)) == ("Lift sang", ["Acme", "Otto"])
    before = contents() | {"changes": []}
    told(file, *records)
    assert contents() | {"changes": []} == before
