"""A dry run says what an import would do, and does nothing; confirmed, the import does just that."""

import pytest

from ingest.pipeline import confirm, start_import
from kb.models import Change, Entry, SourceRecord
from search.models import Indexing
from tests.ingest.contents import contents
from tests.ingest.lifts import OPTIONS, counts, done, save, take
from tests.ingest.sources.snapshots import ROOT, incident, incidents_csv, pack

pytestmark = pytest.mark.django_db

CHOOSY = {"id": 1, "title": "Lift chose its own floors", "date": "2023-05", "tags": ["doors"], "developer": "Acme"}
SANG = {"id": 2, "title": "Lift sang"}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "lifts.jsonl"


def preview(job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job, preview=True).order_by("pk").values_list("action", "title"))


def test_nothing_is_stored_and_everything_is_told(file):
    before = contents()

    job = take(save(file, CHOOSY, SANG, "{ not JSON"), dry_run=True)

    assert counts(job) == {"created": 2, "failed": 1}
    assert preview(job) == [("created", "Lift chose its own floors"), ("created", "Lift sang")]
    told = Change.objects.get(title="Lift chose its own floors").fields
    assert told["occurred"] == {"from": "", "to": "2023-05"}
    assert told["tags"] == {"added": ["doors"]}
    assert told["roles"] == {"added": ["developer: Acme"]}
    assert contents() | {"changes": []} == before
    assert (SourceRecord.objects.count(), Indexing.objects.count()) == (0, 0)
    assert list(job.problems.filter(failed=True).values_list("key", flat=True)) == ["line 3"]


def test_what_would_change_is_told_field_by_field(file):
    take(save(file, CHOOSY, SANG))

    job = take(save(file, CHOOSY | {"date": "2023-06", "tags": ["homes"]}, SANG), dry_run=True)

    assert counts(job) == {"updated": 1, "unchanged": 1}
    (change,) = Change.objects.filter(job=job)
    assert change.entry == Entry.objects.get(title="Lift chose its own floors")
    assert change.fields == {
        "occurred": {"from": "2023-05", "to": "2023-06"},
        "tags": {"added": ["homes"], "removed": ["doors"]},
    }
    assert change.entry.occurred == "2023-05"


def test_a_preview_that_is_confirmed_comes_true(file):
    looked = take(save(file, CHOOSY, SANG, "{ not JSON"), dry_run=True)

    job = done(confirm(looked))

    assert counts(job) == counts(looked)
    assert job.parameters["of"] == looked.pk
    assert sorted(Entry.objects.values_list("title", flat=True)) == ["Lift chose its own floors", "Lift sang"]
    with pytest.raises(ValueError, match="is no finished preview"):
        confirm(job)


def test_it_foresees_what_later_batches_make_of_earlier_ones(tmp_path, monkeypatch):
    """An entry that is met again, and a duplicate of one that the dry run took back."""
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    duplicates = b"_id,duplicate_incident_number,true_incident_number\nx,9,1\n"
    files = {ROOT + "incidents.csv": incidents_csv([incident(1), incident(2)]), ROOT + "duplicates.csv": duplicates}
    archive = pack(tmp_path / "backup.tar.bz2", files)

    looked = done(start_import("aiid", str(archive), {}, ring=False, dry_run=True))
    job = done(start_import("aiid", str(archive), {}, ring=False))

    assert looked.counts == job.counts
    assert job.problems.filter(failed=True).count() == 0


def test_it_foresees_what_vanished(file):
    take(save(file, CHOOSY, SANG))

    looked = take(save(file, SANG), dry_run=True)

    assert counts(looked) == {"unchanged": 1, "vanished": 1}
    assert preview(looked) == [("vanished", "Lift chose its own floors")]
    assert SourceRecord.objects.exclude(vanished_at=None).count() == 0


def test_it_can_be_interrupted(file, monkeypatch):
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    save(file, CHOOSY, SANG, SANG)
    job = start_import("jsonl", str(file), OPTIONS, ring=False, dry_run=True)

    for _ in range(4):
        done(job, budget_s=0)

    assert (job.state, counts(job)) == ("done", {"created": 2, "unchanged": 1})


def test_only_so_many_changes_are_kept_and_all_are_counted(file, monkeypatch):
    monkeypatch.setattr("ingest.logbook.PREVIEWED", 3)

    job = take(save(file, *({"id": n, "title": f"Lift {n}"} for n in range(8))), dry_run=True)

    assert counts(job) == {"created": 8}
    assert len(preview(job)) == 3
