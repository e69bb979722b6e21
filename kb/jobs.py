"""Jobs are done here: claimed by lease, worked in batches, handed on when time is up, and found again after a crash.

A handler is a function `work(run: Run) -> bool`. It does its work in batches (`with run.batch():`), asks
`run.time_is_up` between them, and returns whether everything is done. What a batch writes, its cursor and its counts
are one transaction: whatever kills the process, a batch has either happened once or not at all. While a handler works,
a thread of its own renews the lease, so that opening a big archive is not taken for death.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from kb.models import Job, JobProblem
from kb.models.jobs import JobState

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
ENDED = ("Z", "X")  # zombie and dead, in proc(5)
RENEW_S = 20.0
LONGEST_SILENCE_S = 3600.0  # without a batch for that long, a holder is taken for stuck and its lease runs out
BUDGET_S = 120.0  # a task stays far below RabbitMQ's 30 minutes and any visibility timeout
OPENING_SHARE = 9  # a turn works at least so many times as long as it took to begin,
LONGEST_TURN_S = 900.0  # up to this
MAX_ATTEMPTS = 5  # takeovers without progress: a job that kills its worker must not do so for ever

Progress = Callable[[Job], None]

handlers: dict[str, str] = {}

stopping = threading.Event()
"""Set when this process was asked to end: jobs stop after the batch in hand, and wait for the next worker."""


class LeaseLost(Exception):
    """Another worker holds the job now; what this one was about to write is rolled back."""


class JobFailed(Exception):
    """The job cannot go on, and trying again would not help. The message is for the person who started it."""


def register(kind: str, handler: str) -> None:
    """Jobs of `kind` are done by the function with this dotted name, imported when the first one runs."""
    handlers[kind] = handler


def enqueue(kind: str, parameters: dict[str, Any], user: Any = None, *, ring: bool = True) -> Job:
    """Write down a job in the caller's transaction and ring for a worker once that is committed."""
    job = Job.objects.create(kind=kind, parameters=parameters, created_by=user)
    if ring:
        ring_for(job.pk)
    return job


def ring_for(job_id: int) -> None:
    """Ask a worker to look at the job after commit. A broker that is down is no error: the sweep finds the job."""
    from kb.celery import run_job, send

    transaction.on_commit(lambda: send(run_job, job_id))


def cancel(job_id: int) -> bool:
    """End a job that is not over; whether it was one. What a running batch was about to write is rolled back."""
    open_jobs = Job.objects.filter(pk=job_id, state__in=[JobState.PENDING, JobState.RUNNING])
    ended = {"state": JobState.CANCELLED, "finished_at": timezone.now(), "lease": "", "leased_until": None, "phase": ""}
    return bool(open_jobs.update(**ended))


def sweep() -> int:
    """Ring for every job that waits or whose holder is gone; how many those were."""
    waiting = [job.pk for job in Job.objects.filter(state__in=[JobState.PENDING, JobState.RUNNING]) if _is_free(job)]
    for job_id in waiting:
        ring_for(job_id)
    return len(waiting)


def run(job_id: int, budget_s: float | None = BUDGET_S, progress: Progress | None = None) -> Job | None:
    """Claim the job and work on it, for `budget_s` seconds or to its end. None when it is not free or not there."""
    job = _claim(job_id)
    if job is None:
        return None
    current = Run(job, budget_s, progress)
    try:
        with _renewed(current):
            finished = import_string(handlers[job.kind])(current)
    except LeaseLost:
        log.warning("job %s was cancelled, or taken over by another worker", job_id)
        return None
    except JobFailed as error:
        _end(current, JobState.FAILED, str(error))
    except Exception as error:
        log.exception("job %s failed", job_id)
        _end(current, JobState.FAILED, f"{type(error).__name__}: {error}")
    else:
        if finished:
            _end(current, JobState.DONE)
        else:
            _hand_on(current)
    return job


class Run:
    """One worker's turn at a job."""

    def __init__(self, job: Job, budget_s: float | None, progress: Progress | None) -> None:
        self.job = job
        self.problems: list[JobProblem] = []
        self._progress = progress
        self._budget_s = budget_s
        self._until: float | None = None
        self._last_batch = time.monotonic()
        self._not_before: datetime | None = None

    @property
    def time_is_up(self) -> bool:
        return stopping.is_set() or (self._until is not None and time.monotonic() > self._until)

    def count(self, what: str, n: int = 1) -> None:
        self.job.counts[what] = self.job.counts.get(what, 0) + n

    def problem(self, key: str, reason: str, failed: bool = False) -> None:
        """Note what was wrong with a record, and whether it could not be taken at all; the others go on."""
        self.problems.append(JobProblem(job=self.job, key=key[:300], reason=reason, failed=failed))

    def phase(self, words: str) -> None:
        """Say what is being done, to whoever watches; outside of a batch."""
        self.job.phase = words[:200]
        if not Job.objects.filter(pk=self.job.pk, lease=self.job.lease).update(phase=self.job.phase):
            raise LeaseLost(self.job.pk)
        if self._progress:
            self._progress(self.job)

    def later(self, wait: timedelta) -> bool:
        """What a handler returns to be called again after `wait`, because something it needs is not there yet."""
        self._not_before = timezone.now() + wait
        return False

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A transaction that ends by writing cursor, counts, progress and problems, if the lease is still held."""
        if self._until is None and self._budget_s is not None:
            # From the first batch on: opening a big archive again must not eat the time for working on it.
            opening = time.monotonic() - self._last_batch
            enough = min(OPENING_SHARE * opening, LONGEST_TURN_S) if self._budget_s else 0
            self._until = time.monotonic() + max(self._budget_s, enough)
        before = (dict(self.job.cursor), dict(self.job.counts), self.job.done)
        try:
            with transaction.atomic():
                yield
                self._save()
        except BaseException:
            self.job.cursor, self.job.counts, self.job.done = before
            self.problems.clear()
            raise
        self._last_batch = time.monotonic()
        if self._progress:
            self._progress(self.job)

    def renew(self) -> bool:
        """Hold the lease a little longer; whether it was still held, and the holder not stuck."""
        if time.monotonic() - self._last_batch > LONGEST_SILENCE_S:
            return False
        held = Job.objects.filter(pk=self.job.pk, lease=self.job.lease, state=JobState.RUNNING)
        return bool(held.update(leased_until=timezone.now() + LEASE))

    def _save(self) -> None:
        job = self.job
        held = Job.objects.filter(pk=job.pk, lease=job.lease, state=JobState.RUNNING).update(
            cursor=job.cursor,
            counts=job.counts,
            done=job.done,
            total=job.total,
            phase=job.phase,
            attempts=0,
            leased_until=timezone.now() + LEASE,
        )
        if not held:
            raise LeaseLost(job.pk)
        JobProblem.objects.bulk_create(self.problems)
        self.problems = []


@contextmanager
def _renewed(current: Run) -> Iterator[None]:
    """Renew the lease from a thread as long as the block runs."""
    over = threading.Event()

    def renew() -> None:
        try:
            while not over.wait(RENEW_S):
                try:
                    if not current.renew():
                        return
                except DatabaseError as error:
                    log.warning("the lease of job %s could not be renewed: %s", current.job.pk, error)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease of job {current.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1)


def _claim(job_id: int) -> Job | None:
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not _is_free(job):
        return None
    if job.kind not in handlers:
        log.error("job %s is of kind %r, which nothing here can do", job_id, job.kind)
        return None
    now = timezone.now()
    fields = {
        "state": JobState.RUNNING,
        "lease": _token(),
        "leased_until": now + LEASE,
        "attempts": job.attempts + 1,
        "started_at": job.started_at or now,
    }
    # Conditional on what was read: of two workers that saw the same free job, one gets a row count of 1.
    free = Job.objects.filter(pk=job_id, state=job.state, lease=job.lease, leased_until=job.leased_until)
    if not free.update(**fields):
        return None
    job.refresh_from_db()
    if job.attempts > MAX_ATTEMPTS:
        _end(Run(job, None, None), JobState.FAILED, f"given up after {MAX_ATTEMPTS} attempts that made no progress")
        return None
    return job


def _is_free(job: Job) -> bool:
    if job.state == JobState.PENDING:
        return job.not_before is None or job.not_before <= timezone.now()
    if job.state != JobState.RUNNING:
        return False
    return job.leased_until is None or job.leased_until < timezone.now() or not _is_alive(job.lease)


def _end(current: Run, state: str, error: str = "") -> None:
    job = current.job
    job.state, job.error, job.finished_at, job.phase = state, error, timezone.now(), ""
    Job.objects.filter(pk=job.pk, lease=job.lease, state=JobState.RUNNING).update(
        state=state, error=error, finished_at=job.finished_at, leased_until=None, lease="", phase=""
    )


def _hand_on(current: Run) -> None:
    job = current.job
    job.state = JobState.PENDING
    held = Job.objects.filter(pk=job.pk, lease=job.lease, state=JobState.RUNNING)
    waits = current._not_before
    fields = {"state": JobState.PENDING, "lease": "", "leased_until": None, "not_before": waits}
    if waits is None:
        held.update(**fields)
        ring_for(job.pk)
    else:  # the sweep finds it; waiting is no failed attempt
        held.update(**fields, attempts=0)


@cache
def _host() -> str:
    return socket.gethostname()


def _token() -> str:
    """Who holds a lease: host, process, and the moment that process started, since numbers are used again.

    The thread is part of it, so that two threads of one worker are two holders.
    """
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}:{threading.get_ident()}"


def _is_alive(lease: str) -> bool:
    """Whether the holder may still be at work. Of another host nothing can be known: its lease has to run out."""
    host, pid, started = (lease.rsplit(":", 3)[:3]) if lease.count(":") >= 3 else ("", "", "")
    if host != _host() or not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), field 22); "" where the system does not tell, and
    for one that has ended while nobody has taken notice yet, as in a container whose first process does not care."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, *fields = file.read().rpartition(")")[2].split()
            return "" if state in ENDED else fields[18]
    except (OSError, IndexError, ValueError):
        return ""


def follow(job_id: int, progress: Progress | None = None, every_s: float = 0.3) -> Job:
    """Watch a job that somebody else works on until it is over."""
    while True:
        job = Job.objects.get(pk=job_id)
        if progress:
            progress(job)
        if job.is_over:
            return job
        time.sleep(every_s)
