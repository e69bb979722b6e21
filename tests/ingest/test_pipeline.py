"""An import from its request to its end: counts, problems, interruptions, and the same end whatever happened."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from ingest import pipeline
from ingest.pipeline import start_import
from ingest.sources import SourceError
from kb import jobs
from kb.models import Entity, Entry, Job, JobProblem, Tag
from kb.models.jobs import JobState
from search.models import Indexing
from tests.ingest.contents import contents, forget_everything

pytestmark = pytest.mark.django_db

OPTIONS = {"kind": "incident", "namespace": "lifts"}
ROWS: list[Any] = [
    {
        "id": 1,
        "title": "Lift chose its own floors",
        "date": "2023-05",
        "developer": "Acme",
        "url": "https://n.example/1",
    },
    {"id": 2, "title": "Lift would not stop", "tags": "doors, homes", "developer": "ACME"},
    "{ not JSON",
    {"id": 4, "title": "Lift went sideways", "date": "the other day"},
    {"id": 5},
    {"id": 6, "title": "Lift would not stop", "harmed": "Tenants; Acme"},
    {"id": 7, "title": "Lift sang", "tags": ["homes"], "url": "https://n.example/1"},
]
LEFT = ["Lift chose its own floors", "Lift sang", "Lift went sideways", "Lift would not stop", "Lift would not stop"]


@pytest.fixture
def file(tmp_path):
    """A small file of JSON lines; two of its seven cannot be entries, and one has a date that is none."""
    path = tmp_path / "lifts.jsonl"
    save(path, ROWS)
    return path


def save(path, rows) -> None:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def run(job: Job, budget_s: float | None = None) -> Job:
    jobs.run(job.pk, budget_s=budget_s)
    job.refresh_from_db()
    return job


def begun(file) -> Job:
    return start_import("jsonl", str(file), OPTIONS, ring=False)


def problems(job: Job) -> list[tuple[str, str]]:
    return list(job.problems.values_list("key", "reason"))


def test_an_import_counts_what_became_of_each_record(file):
    job = run(begun(file))

    assert (job.state, job.done, job.total, job.percent) == ("done", 7, 7, 100)
    assert job.counts == {"created": 5, "updated": 0, "unchanged": 0, "failed": 2}
    assert sorted(Entry.objects.values_list("title", flat=True)) == LEFT
    assert Entry.objects.with_external_id("lifts", "1").get().occurred == "2023-05"
    assert [entity.name for entity in Entity.objects.all()] == ["Acme", "Tenants"]
    assert Indexing.objects.pending().count() == 5


def test_what_could_not_be_taken_is_told_with_its_place_and_reason(file):
    job = run(begun(file))

    noted = problems(job)
    assert [key for key, _ in noted] == ["line 3", "line 4", "line 5", "jsonl"]
    reasons = dict(noted)
    assert reasons["line 3"].startswith("not JSON: ")
    assert reasons["line 4"].startswith("date left out: ")
    assert reasons["line 5"] == "title: is required"
    assert reasons["jsonl"].startswith("no mapping was given; read as title=title, date=date")


def test_an_entry_whose_date_was_left_out_is_there(file):
    run(begun(file))

    entry = Entry.objects.with_external_id("lifts", "4").get()
    assert (entry.title, entry.occurred) == ("Lift went sideways", "")


def test_the_same_import_again_changes_nothing(file):
    run(begun(file))
    before = contents()
    Indexing.objects.all().delete()

    job = run(begun(file))

    assert job.counts == {"created": 0, "updated": 0, "unchanged": 5, "failed": 2}
    assert contents() == before
    assert not Indexing.objects.exists(), "and nothing has to be indexed again"


def test_a_changed_file_updates_what_changed(file):
    run(begun(file))
    save(file, [ROWS[0] | {"title": "Lift chose no floor at all"}, *ROWS[1:]])

    job = run(begun(file))

    assert job.counts == {"created": 0, "updated": 1, "unchanged": 4, "failed": 2}
    assert Entry.objects.with_external_id("lifts", "1").get().title == "Lift chose no floor at all"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_the_size_of_batches_makes_no_difference(file, monkeypatch, size):
    monkeypatch.setattr(pipeline, "BATCH", size)

    job = run(begun(file))

    assert job.counts == {"created": 5, "updated": 0, "unchanged": 0, "failed": 2}
    assert [key for key, _ in problems(job)] == ["line 3", "line 4", "line 5", "jsonl"]


def test_heavy_records_are_written_a_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH_CHARACTERS", 1000)
    path = tmp_path / "heavy.jsonl"
    save(path, [{"id": n, "title": f"Note {n}", "body": "x" * 400} for n in range(7)])
    sizes = []

    def measured(batch, *more):
        sizes.append(len(batch))
        return write(batch, *more)

    write = pipeline.write
    monkeypatch.setattr(pipeline, "write", measured)

    job = run(start_import("jsonl", str(path), {"namespace": "heavy"}, ring=False))

    assert sizes == [3, 3, 1]
    assert job.counts["created"] == 7


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.mark.parametrize("where", ["in the batch", "at its end"])
@pytest.mark.parametrize("position", [0, 2, 4, 6])
def test_an_import_that_was_killed_ends_as_if_it_had_not_been(file, monkeypatch, position, where):
    monkeypatch.setattr(pipeline, "BATCH", 2)
    untouched = run(begun(file))
    expected = (contents(), untouched.counts, problems(untouched))
    forget_everything()
    Indexing.objects.all().delete()
    job = begun(file)

    def kill(batch, *more):
        if job_at(job) == position:
            if where == "at its end":
                write(batch, *more)
            raise Killed
        return write(batch, *more)

    write = pipeline.write
    monkeypatch.setattr(pipeline, "write", kill)
    with pytest.raises(Killed):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == ("running", position)
    monkeypatch.setattr(pipeline, "write", write)
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))

    Job.objects.filter(kind="match").delete()  # of the import that this one is compared with
    assert jobs.sweep() == 1
    run(job)

    assert (contents(), job.counts, problems(job)) == expected
    assert (job.state, job.done) == ("done", 7)
    assert set(Indexing.objects.values_list("pk", flat=True)) == set(Entry.objects.values_list("pk", flat=True))


def job_at(job: Job) -> int:
    return Job.objects.get(pk=job.pk).cursor["position"]


def test_an_import_in_many_turns(file, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 3)
    job = begun(file)

    seen = [(run(job, budget_s=0).state, job.done) for _ in range(3)]
    run(job)

    assert seen == [("pending", 3), ("pending", 6), ("pending", 7)]
    assert job.state == "done"
    assert job.counts == {"created": 5, "updated": 0, "unchanged": 0, "failed": 2}


def test_a_file_that_changed_between_two_turns_is_read_anew(file, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 3)
    job = begun(file)
    run(job, budget_s=0)
    save(file, [{"id": 0, "title": "Lift was late"}, *ROWS])

    run(job)

    assert (job.state, job.done, job.total) == ("done", 8, 8)
    assert job.counts == {"created": 4, "updated": 0, "unchanged": 2, "failed": 2}
    assert sorted(Entry.objects.values_list("title", flat=True)) == sorted([*LEFT, "Lift was late"])


def test_two_of_one_identifier_take_no_turns(tmp_path, monkeypatch):
    path = tmp_path / "twice.jsonl"
    save(path, [{"id": 1, "title": "Lift sang"}, {"id": 1, "title": "Lift was silent"}])
    first = run(begun(path))
    before = contents()

    again = run(begun(path))
    monkeypatch.setattr(pipeline, "BATCH", 1)
    once_more = run(begun(path))

    assert first.counts == {"created": 1, "updated": 0, "unchanged": 1, "failed": 0}
    assert again.counts == once_more.counts == {"created": 0, "updated": 0, "unchanged": 2, "failed": 0}
    assert contents() == before
    assert Entry.objects.get().title == "Lift sang"
    assert ("line 2", "stands there twice") in [(key, reason[:18]) for key, reason in problems(again)]


def test_a_record_that_changed_while_the_file_was_read_is_followed(file, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 3)
    job = begun(file)
    run(job, budget_s=0)
    save(file, [ROWS[0] | {"title": "Lift chose no floor at all"}, *ROWS[1:]])

    run(job)

    assert Entry.objects.with_external_id("lifts", "1").get().title == "Lift chose no floor at all"


def test_a_file_that_went_away_fails_the_job_in_plain_words(file):
    job = begun(file)
    file.unlink()

    run(job)

    assert (job.state, job.error) == (
        "failed",
        f"cannot read '{file}': there is no such path; name the path of a file of JSON lines, or of one JSON list",
    )


def test_a_file_that_breaks_off_in_the_middle_keeps_what_was_read(file, monkeypatch):
    from ingest.sources.tables.json_lines import JsonLines

    def breaks_off(self):
        yield from list(records(self))[:3]
        raise SourceError("the disk is gone")

    records = JsonLines.records
    monkeypatch.setattr(JsonLines, "records", breaks_off)
    monkeypatch.setattr(pipeline, "BATCH", 2)

    job = run(begun(file))

    assert (job.state, job.done, job.error) == ("failed", 2, "the disk is gone")
    assert Entry.objects.count() == 2


def test_a_source_that_cannot_be_opened_is_no_job_at_all(tmp_path):
    with pytest.raises(SourceError, match="there is no such path"):
        start_import("jsonl", str(tmp_path / "nowhere.jsonl"), OPTIONS)
    with pytest.raises(SourceError, match="there is no source 'xml'"):
        start_import("xml", str(tmp_path), {})
    assert not Job.objects.exists()


def test_a_path_is_kept_in_full_for_the_worker(file, monkeypatch):
    monkeypatch.chdir(file.parent)

    job = start_import("jsonl", "lifts.jsonl", OPTIONS, ring=False)

    assert job.parameters["location"] == str(file)


def test_a_deadlock_is_tried_again(file, monkeypatch, caplog):
    tries = []

    def deadlock(*given):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("deadlock detected")
        return write(*given)

    write = pipeline.write
    monkeypatch.setattr(pipeline, "write", deadlock)

    job = run(begun(file))

    assert (job.state, job.counts["created"]) == ("done", 5)
    assert "deadlock detected; trying the batch again" in caplog.text


def test_a_database_that_stays_in_trouble_fails_the_job(file, monkeypatch, caplog):
    def full(*given):
        raise OperationalError("disk is full")

    monkeypatch.setattr(pipeline, "write", full)

    job = run(begun(file))

    assert (job.state, job.error) == ("failed", "OperationalError: disk is full")
    assert not Entry.objects.exists()
    assert not JobProblem.objects.exists()


def test_a_fact_that_does_not_fit_is_left_out_and_told(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_text("title,company,resource\nA,Acme,paper\nB,Beta,pamphlet\nC,Coda,book\n")
    mapping = {"title": "title", "facts.resource": "resource"}

    job = run(start_import("csv", str(path), {"kind": "note", "map": mapping}, ring=False))

    assert job.counts == {"created": 3, "updated": 0, "unchanged": 0, "failed": 0}
    key, reason = problems(job)[0]
    assert key == "line 3"
    assert reason.startswith("fact 'resource' left out: resource: must be one of 'paper'")
    assert [entry.facts.get("resource") for entry in Entry.objects.order_by("title")] == ["paper", None, "book"]


def test_control_characters_and_half_letters_harm_nothing(tmp_path):
    path = tmp_path / "odd.jsonl"
    save(path, [{"id": 1, "title": "Lift \x00\ud800 sang\x07", "tags": ["a\x00b"], "body": "It\x00 sang \udfff."}])

    job = run(start_import("jsonl", str(path), OPTIONS, ring=False))

    assert job.counts["created"] == 1
    entry = Entry.objects.get()
    assert (entry.title, entry.body) == ("Lift sang", "It sang .")
    assert [tag.name for tag in Tag.objects.all()] == ["ab"]


def test_a_broker_out_of_reach_does_not_stop_a_request(file, settings, django_capture_on_commit_callbacks, monkeypatch):
    from kombu.exceptions import OperationalError as Unreachable

    def unreachable(*_, **__):
        raise Unreachable("connection refused")

    monkeypatch.setattr("kb.celery.run_job.apply_async", unreachable)

    with django_capture_on_commit_callbacks(execute=True):
        job = start_import("jsonl", str(file), OPTIONS)

    assert Job.objects.get(pk=job.pk).state == JobState.PENDING


def test_nothing_of_an_unpacked_archive_is_left(tmp_path, settings):
    from tests.ingest.sources.snapshots import incident, incidents_csv, pack

    archive = pack(tmp_path / "backup.tar.bz2", {"incidents.csv": incidents_csv([incident(1), incident(2)])})

    job = run(start_import("aiid", str(archive), {}, ring=False))

    assert job.counts["created"] == 2
    assert os.listdir(settings.KB_DATA_DIR / "scratch") == []


def test_the_next_turn_goes_on_reading_where_the_last_one_left_off(file, monkeypatch):
    """In the same process; elsewhere what is done is read again, and passed over."""
    from ingest.sources.tables.json_lines import JsonLines

    readings = []
    records = JsonLines.records
    monkeypatch.setattr(JsonLines, "records", lambda self: readings.append(1) or records(self))  # type: ignore[func-returns-value]
    monkeypatch.setattr(pipeline, "BATCH", 2)
    job = start_import("jsonl", str(file), OPTIONS, ring=False)

    run(job, budget_s=0)
    run(job, budget_s=0)
    assert (job.done, len(readings)) == (4, 1)
    pipeline._held.clear()
    run(job)

    assert (job.state, job.done, len(readings)) == (JobState.DONE, 7, 2)
    assert sorted(entry.title for entry in Entry.objects.all()) == LEFT
