"""What a dry run counts is what the import then counts, however the records are cut into batches."""

from typing import Any

import pytest

from ingest import pipeline
from ingest.pipeline import start_import
from ingest.records import AttachmentRecord, BadRecord, DuplicateRecord, SameRecord
from ingest.sources import SOURCES
from kb.models import Change, Entry
from tests.factories import make_entry
from tests.ingest.contents import contents
from tests.ingest.lifts import counts, done
from tests.ingest.telling import LOCATED, NAME, entry, told

pytestmark = pytest.mark.django_db

A, B, C = ("aiid", "1"), ("oecd", "2"), ("avid", "3")
TEXT = "A lift that stays where it is, is a room, and nobody asked for a room."

STREAMS: dict[str, tuple[list[Any], list[Any]]] = {
    "one record twice": ([], [entry("1", "Lift sang", A), entry("1", "Lift sang", A)]),
    "twice, and changed": ([], [entry("1", "Lift sang", A), entry("2", "Lift sang louder", A)]),
    "twice without a name": ([], [entry("1", "Lift sang"), entry("2", "Lift sang")]),
    "two that turn out to be one": ([], [entry("1", "x", A), entry("2", "y", B), entry("3", "z", A, B)]),
    "two that are said to be one": ([], [entry("1", "x", A), entry("2", "y", B), SameRecord(ids=[A, B])]),
    "sameness of what is not here": ([], [SameRecord(ids=[A, B]), entry("1", "x", A), SameRecord(ids=[B, C])]),
    "sameness that waits": (
        [SameRecord(ids=[A, B])],
        [SameRecord(ids=[B, C]), entry("1", "x", C), entry("2", "y", A), SameRecord(ids=[A, B]), entry("3", "z", B)],
    ),
    "sameness that waits for two": (
        [],
        [
            SameRecord(ids=[A, B]),
            SameRecord(ids=[("aiid", "8"), B]),
            entry("8", "x", ("aiid", "8")),
            entry("1", "y", A),
            DuplicateRecord(namespace="aiid", value="8", of="1"),
        ],
    ),
    "sameness that waits for what is here": (
        [entry("1", "x", A, B)],
        [SameRecord(ids=[("aiid", "8"), B]), entry("1", "x", A, B), entry("8", "y", ("aiid", "8"))],
    ),
    "sameness in a chain": (
        [entry("1", "x", A)],
        [
            entry("1", "x", A),
            SameRecord(ids=[A, B]),
            SameRecord(ids=[B, C]),
            entry("2", "y", C),
            DuplicateRecord(namespace="avid", value="4", of="3"),
            entry("3", "z", ("avid", "4")),
        ],
    ),
    "stored ones that become one": (
        [entry("1", "x", A), entry("2", "y", B)],
        [entry("1", "x", A), SameRecord(ids=[A, B]), entry("2", "y", B), SameRecord(ids=[B, A])],
    ),
    "a duplicate of what was refused": (
        [],
        [entry("1", "x", A, facts={"no such": "fact"}), DuplicateRecord(namespace="aiid", value="9", of="1")],
    ),
    "what was withdrawn": (
        [entry("1", "x", A), entry("9", "y", ("aiid", "9"))],
        [entry("1", "x", A), DuplicateRecord(namespace="aiid", value="9", of="1")],
    ),
    "what cannot be read any more": ([entry("1", "x", A)], [BadRecord(key="1", reason="torn")]),
    "what cannot be taken any more": ([entry("1", "x", A)], [entry("1", "x", A, facts={"no such": "fact"})]),
    "what is gone": ([entry("1", "x", A), entry("2", "y", B)], [entry("2", "y", B)]),
    "what has another name": (
        [entry("1", "x", ("aiid", "1"), body=TEXT), entry("2", "y", B)],
        [entry("1", "z", ("aiid", "7"), body=TEXT), entry("2", "y", B)],
    ),
    "what got a better name": (
        [entry("1", "x", page={"url": "https://n.example/1"})],
        [entry("1", "x", A, page={"url": "https://n.example/1"})],
    ),
    "what returns": ([entry("1", "x", A)], [entry("1", "x", A)]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def source(monkeypatch):
    monkeypatch.setitem(SOURCES, NAME, LOCATED)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "told.jsonl"


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("stream", STREAMS)
def test_a_dry_run_counts_what_the_import_counts(file, monkeypatch, stream, size):
    before, records = STREAMS[stream]
    told(file, *before)
    if stream == "what returns":
        told(file)
    monkeypatch.setattr(pipeline, "BATCH", size)
    stored = contents() | {"changes": []}

    looked = told(file, *records, dry_run=True)

    assert contents() | {"changes": []} == stored
    assert not Change.objects.filter(preview=False, job=looked).exists()
    assert counts(told(file, *records)) == counts(looked)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_dry_run_of_many_turns_counts_the_same(file, monkeypatch, stream):
    before, records = STREAMS[stream]
    told(file, *before)
    at_once = told(file, *records, dry_run=True)
    monkeypatch.setattr(pipeline, "BATCH", 1)
    job = start_import(NAME, str(file), {}, ring=False, dry_run=True)

    for _ in range(len(records) + 2):
        done(job, budget_s=0)

    assert (job.state, counts(job)) == ("done", counts(at_once))


def test_a_batch_that_is_tried_again_is_not_met_twice(file, monkeypatch):
    from django.db import OperationalError

    from ingest import logbook

    def deadlock(*given, **more):
        if not tries:
            tries.append(1)
            raise OperationalError("deadlock detected")
        return note(*given, **more)

    tries, note = [], logbook.note
    monkeypatch.setattr(logbook, "note", deadlock)

    assert counts(told(file, entry("1", "x", A), dry_run=True)) == {"created": 1}


def test_nothing_of_a_dry_run_stays_in_the_data_folder(file, settings, tmp_path):
    picture = tmp_path / "lift.png"
    picture.write_bytes(b"\x89PNG lift")
    shown = AttachmentRecord(name="lift.png", path=picture, media_type="image/png")

    told(file, entry("1", "x", A, attachments=[shown]), dry_run=True)

    left = [path for path in settings.KB_DATA_DIR.rglob("*") if path.is_file()]
    assert left == []


def test_a_file_that_changes_between_two_turns_is_foretold_anew(file, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 1)
    told(file)
    job = start_import(NAME, str(file), {}, ring=False, dry_run=True)
    records = [entry("1", "x", A), entry("2", "y", B)]
    done(told_later(file, *records, job=job), budget_s=0)

    done(told_later(file, *records, entry("3", "z", C), job=job))

    assert counts(job) == {"created": 3}
    assert sorted(Change.objects.filter(job=job).values_list("title", flat=True)) == ["x", "y", "z"]
    assert Entry.objects.count() == 0


def told_later(file, *records, job):
    """The same job, with other content at its location."""
    told(file, *records, dry_run=True)
    Change.objects.exclude(job=job).delete()
    job.refresh_from_db()
    return job


def test_what_the_import_meets_that_others_made_is_foretold_too(file):
    make_entry(title="Ours", ids={"aiid": "1"})
    records: list[Any] = [entry("1", "x", A), entry("2", "y", B), SameRecord(ids=[A, B])]

    looked = told(file, *records, dry_run=True)

    assert counts(told(file, *records)) == counts(looked)
