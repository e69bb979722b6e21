"""Jobs: done once, in batches, by one holder at a time, and found again after a crash."""

import os
import subprocess
import threading
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from kb import jobs
from kb.models import Job, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def handlers():
    """Job kinds of these tests, taken away again afterwards."""
    before = dict(jobs.handlers)
    for name in ("tags", "breaks", "refuses", "steals", "slow", "waits", "cancels"):
        jobs.register(name, f"tests.kb.test_jobs.{name}")
    yield
    jobs.handlers.clear()
    jobs.handlers.update(before)


def tags(run: jobs.Run) -> bool:
    """Makes one tag a batch, from the cursor on."""
    run.job.total = run.job.parameters["n"]
    for number in range(run.job.done, run.job.parameters["n"]):
        with run.batch():
            Tag.objects.create(name=f"tag {number}")
            run.count("created")
            run.job.done = number + 1
        if run.time_is_up:
            return False
    return True


def breaks(run: jobs.Run) -> bool:
    with run.batch():
        Tag.objects.create(name="kept")
        run.job.done = 1
    with run.batch():
        Tag.objects.create(name="lost")
        run.job.done = 2
        raise RuntimeError("the disk is on fire")


def waits(run: jobs.Run) -> bool:
    """Wants to be asked again in a minute, until somebody made a tag."""
    return Tag.objects.exists() or run.later(timedelta(minutes=1))


def cancels(run: jobs.Run) -> bool:
    with run.batch():
        Tag.objects.create(name="kept")
    jobs.cancel(run.job.pk)
    with run.batch():
        Tag.objects.create(name="lost")
    return True


def slow(run: jobs.Run) -> bool:
    """Ends once its lease reaches further than when it began."""
    before = Job.objects.get(pk=run.job.pk).leased_until
    assert before
    until = time.monotonic() + 20
    while time.monotonic() < until:
        now = Job.objects.get(pk=run.job.pk).leased_until
        if now and now > before:
            return True
    return False


def refuses(run: jobs.Run) -> bool:
    raise jobs.JobFailed("there is no file there.csv")


def steals(run: jobs.Run) -> bool:
    Job.objects.filter(pk=run.job.pk).update(lease="elsewhere:1:2:3")
    with run.batch():
        Tag.objects.create(name="lost")
    return True


def test_a_job_is_done_with_its_counts_and_dates():
    job = jobs.enqueue("tags", {"n": 3})

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.counts, job.percent) == ("done", 3, 3, {"created": 3}, 100)
    assert job.started_at
    assert job.finished_at
    assert job.started_at <= job.finished_at
    assert job.lease == ""


def test_when_time_is_up_the_job_waits_and_goes_on_where_it_was():
    job = jobs.enqueue("tags", {"n": 3})

    for done in (1, 2):
        jobs.run(job.pk, budget_s=0)
        job.refresh_from_db()
        assert (job.state, job.done, Tag.objects.count()) == ("pending", done, done)
    jobs.run(job.pk, budget_s=None)

    job.refresh_from_db()
    assert (job.state, job.done, Tag.objects.count()) == ("done", 3, 3)


def test_a_worker_that_is_asked_to_end_hands_its_job_on_after_the_batch(monkeypatch):
    job = jobs.enqueue("tags", {"n": 3})
    monkeypatch.setattr(jobs, "stopping", threading.Event())
    jobs.stopping.set()

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, job.lease) == ("pending", 1, "")


def test_a_failed_batch_leaves_nothing_behind_and_the_reason_is_kept(caplog):
    job = jobs.enqueue("breaks", {})

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.done, job.error) == ("failed", 1, "RuntimeError: the disk is on fire")
    assert list(Tag.objects.values_list("name", flat=True)) == ["kept"]


def test_a_refused_job_says_why_in_its_own_words():
    job = jobs.enqueue("refuses", {})

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "there is no file there.csv")


def test_a_worker_that_lost_its_lease_writes_nothing_more(caplog):
    job = jobs.enqueue("steals", {})

    assert jobs.run(job.pk) is None

    job.refresh_from_db()
    assert (job.state, job.lease) == ("running", "elsewhere:1:2:3")
    assert not Tag.objects.exists()


def test_a_job_that_another_worker_holds_is_left_alone():
    job = held_by("elsewhere:1:2:3", timedelta(seconds=30))

    assert jobs.run(job.pk) is None
    assert jobs.sweep() == 0


def test_a_job_whose_lease_ran_out_is_taken_over():
    job = held_by("elsewhere:1:2:3", timedelta(seconds=-1))

    assert jobs.sweep() == 1
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == "done"


def test_a_job_whose_holder_on_this_machine_is_gone_is_taken_over_at_once():
    job = held_by(f"{jobs._host()}:{unused_pid()}:5:1", timedelta(seconds=60))

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == "done"


def test_a_holder_that_has_ended_is_gone_though_nobody_took_notice():
    with subprocess.Popen(["sleep", "60"]) as holder:
        job = held_by(f"{jobs._host()}:{holder.pid}:{jobs._started(holder.pid)}:1", timedelta(seconds=60))
        jobs.run(job.pk)
        assert Job.objects.get(pk=job.pk).state == "running"

        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        jobs.run(job.pk)

        assert Job.objects.get(pk=job.pk).state == "done"


def test_a_job_that_kills_its_worker_is_given_up_in_the_end():
    job = held_by("elsewhere:1:2:3", timedelta(seconds=-1), attempts=jobs.MAX_ATTEMPTS)

    assert jobs.run(job.pk) is None

    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "given up after 5 attempts that made no progress")


def test_nothing_is_rung_for_when_the_transaction_is_rolled_back(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        with transaction.atomic():
            jobs.enqueue("tags", {"n": 1})
            transaction.set_rollback(True)
        jobs.enqueue("tags", {"n": 1})

    assert len(callbacks) == 1
    assert Job.objects.count() == 1


def test_a_job_that_waits_for_something_is_asked_again_when_it_is_time(django_capture_on_commit_callbacks):
    job = jobs.enqueue("waits", {})

    for _ in range(jobs.MAX_ATTEMPTS + 2):  # waiting is no failed attempt
        assert jobs.run(job.pk)
        assert jobs.run(job.pk) is None
        assert jobs.sweep() == 0
        Job.objects.update(not_before=timezone.now())
    Tag.objects.create(name="here")
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == "done"


def test_a_cancelled_job_writes_nothing_more(caplog):
    job = jobs.enqueue("cancels", {})

    assert jobs.run(job.pk) is None

    job.refresh_from_db()
    assert (job.state, job.is_over, job.lease, job.phase) == ("cancelled", True, "", "")
    assert [tag.name for tag in Tag.objects.all()] == ["kept"]
    assert (jobs.run(job.pk), jobs.sweep(), jobs.cancel(job.pk)) == (None, 0, False)


def test_a_job_that_waits_can_be_cancelled():
    job = jobs.enqueue("tags", {"n": 3})

    assert jobs.cancel(job.pk)

    assert jobs.run(job.pk) is None
    assert not Tag.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_a_handler_is_busy(monkeypatch):
    """A handler that takes longer than its lease, without a batch, is not taken for dead."""
    monkeypatch.setattr(jobs, "RENEW_S", 0.01)
    job = jobs.enqueue("slow", {}, ring=False)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == "done"


def test_a_handler_that_is_stuck_loses_its_lease(monkeypatch):
    job = held_by("elsewhere:1:2:3", timedelta(seconds=1))
    current = jobs.Run(job, None, None)

    assert current.renew()
    monkeypatch.setattr(jobs, "LONGEST_SILENCE_S", -1.0)
    assert not current.renew()


def held_by(lease: str, remaining: timedelta, attempts: int = 1) -> Job:
    return Job.objects.create(
        kind="tags",
        parameters={"n": 1},
        state="running",
        lease=lease,
        leased_until=timezone.now() + remaining,
        attempts=attempts,
    )


def unused_pid() -> int:
    """A process number that was just given back."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid
