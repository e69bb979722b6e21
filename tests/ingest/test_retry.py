"""Failed records are tried again alone; a job can be cancelled; a schedule repeats an import."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ingest import schedules
from ingest.pipeline import retry_failed, start_import
from ingest.records import DuplicateRecord, SameRecord
from ingest.sources import SOURCES, SourceError
from kb import jobs
from kb.models import Entry, Job, Schedule, SourceRecord
from tests.ingest.lifts import OPTIONS, counts, done, save, take
from tests.ingest.telling import LOCATED, NAME, entry, tell, told

pytestmark = pytest.mark.django_db

ROWS: list[dict[str, object]] = [{"id": 1, "title": "Lift sang"}, {"id": 2}, {"id": 3, "title": "Lift danced"}]


@pytest.fixture
def file(tmp_path):
    return save(tmp_path / "lifts.jsonl", *ROWS)


def test_only_what_failed_is_taken(file):
    failed = take(file)
    save(file, ROWS[0] | {"title": "Lift sang louder"}, {"id": 2, "title": "Lift slept"}, ROWS[2])

    job = done(retry_failed(failed))

    assert counts(job) == {"created": 1}
    assert sorted(Entry.objects.values_list("title", flat=True)) == ["Lift danced", "Lift sang", "Lift slept"]
    assert SourceRecord.objects.exclude(vanished_at=None).count() == 0


def test_where_nothing_failed_there_is_nothing_to_try_again(file):
    job = take(save(file, ROWS[0]))

    with pytest.raises(ValueError, match="has no failed records"):
        retry_failed(job)


def test_a_cancelled_import_stops_and_keeps_what_it_has(file, monkeypatch):
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    job = start_import("jsonl", str(file), OPTIONS, ring=False)
    done(job, budget_s=0)

    assert jobs.cancel(job.pk)

    assert done(job).state == "cancelled"
    assert jobs.run(job.pk) is None
    assert Entry.objects.count() == 1
    assert not jobs.cancel(job.pk)


def test_a_schedule_starts_what_is_due_and_not_twice(file):
    said = schedules.repeat("jsonl", str(file), OPTIONS, "6h")

    schedules.start_due()
    schedules.start_due()

    assert said == f"{file} will be imported every 6h, first within a minute of a worker being there"
    (job,) = Job.objects.all()
    schedule = Schedule.objects.get()
    assert schedule.last_job == job
    assert timedelta(hours=5) < schedule.next_at - timezone.now() <= timedelta(hours=6)


def test_a_schedule_waits_for_its_last_import(file):
    schedules.repeat("jsonl", str(file), OPTIONS, "6h")
    schedules.start_due()
    Schedule.objects.update(next_at=timezone.now())

    schedules.start_due()

    assert Job.objects.count() == 1


def test_what_can_no_longer_start_hinders_no_other(file, tmp_path):
    gone = tmp_path / "gone.jsonl"
    gone.write_bytes(file.read_bytes())
    schedules.repeat("jsonl", str(gone), OPTIONS, "6h")
    schedules.repeat("jsonl", str(file), OPTIONS, "6h")
    gone.unlink()

    schedules.start_due()

    assert [job.parameters["location"] for job in Job.objects.all()] == [str(file)]


def test_what_cannot_be_imported_is_no_schedule(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.jsonl"):
        schedules.repeat("jsonl", str(tmp_path / "nowhere.jsonl"), OPTIONS, "6h")
    with pytest.raises(SourceError, match="status"):
        schedules.repeat("jsonl", "https://a.example/lifts.jsonl", {"status": "wild"}, "6h")
    assert Schedule.objects.count() == 0


@pytest.mark.parametrize(("every", "said"), [("1m", "too often"), ("often", "30m, 6h or 7d"), ("0h", "too often")])
def test_nonsense_is_no_schedule(file, every, said):
    with pytest.raises(SourceError, match=said):
        schedules.repeat("jsonl", str(file), OPTIONS, every)
    assert Schedule.objects.count() == 0


def test_a_schedule_can_be_ended(file):
    schedules.repeat("jsonl", str(file), OPTIONS, "6h")

    assert schedules.repeat("jsonl", str(file), {}, "never") == f"{file} is no longer imported by itself"
    assert Schedule.objects.count() == 0


def test_what_is_said_of_a_record_that_failed_is_taken_with_it(tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, NAME, LOCATED)
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    file = tmp_path / "told.jsonl"
    same, withdrawn = (
        SameRecord(ids=[("aiid", "1"), ("oecd", "2")]),
        DuplicateRecord(namespace="aiid", value="9", of="1"),
    )
    failed = told(file, entry("1", "x", ("aiid", "1"), facts={"no such": "fact"}), same, withdrawn)
    assert (counts(failed)["failed"], Entry.objects.count()) == (2, 0)

    tell(file, entry("1", "x", ("aiid", "1")), same, withdrawn)
    job = done(retry_failed(failed))

    assert counts(job) == {"created": 1, "same": 1, "duplicates": 1}
    assert sorted(str(one) for one in Entry.objects.get().external_ids.all()) == ["aiid 1", "aiid 9", "oecd 2"]


def test_what_is_not_there_any_more_is_said_so(file):
    failed = take(file)
    save(file, ROWS[0])

    job = done(retry_failed(failed))

    assert (job.state, counts(job)) == ("done", {"failed": 1})
    (problem,) = job.problems.filter(failed=True)
    assert problem.key == "line 2"
    assert problem.reason.startswith("is not there any more")


def test_a_long_key_is_found_again(tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, NAME, LOCATED)
    file, key = tmp_path / "told.jsonl", "notes/" + "deep/" * 80
    failed = told(file, entry(key, "x", ("aiid", "1"), facts={"no such": "fact"}))

    tell(file, entry(key, "x", ("aiid", "1")))

    assert counts(done(retry_failed(failed))) == {"created": 1}


def test_what_was_told_is_told_once_though_the_worker_dies_right_after_it(file, monkeypatch):
    from ingest import pipeline

    class Killed(BaseException):
        pass

    def take_in(*given):
        whole(*given)
        raise Killed

    whole = pipeline._take_in
    job = start_import("jsonl", str(file), OPTIONS, ring=False)
    monkeypatch.setattr(pipeline, "_take_in", take_in)
    with pytest.raises(Killed):
        done(job)
    monkeypatch.setattr(pipeline, "_take_in", whole)
    told_before = list(job.problems.values_list("key", "reason"))
    others = Job.objects.exclude(pk=job.pk).count()
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    done(job)

    assert job.state == "done"
    assert list(job.problems.values_list("key", "reason")) == told_before
    assert Job.objects.exclude(pk=job.pk).count() == others
