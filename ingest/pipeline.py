"""Takes a source's records into the knowledge base, batch by batch, as the work of a job.

The job's cursor is the number of records that are done. An interrupted import reads the source again, skips that
many, and goes on; should the file have changed meanwhile it begins anew, which identity makes harmless. In the end it
flags what the source had before and has no more. A dry run does all of this, and keeps none of it.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from ingest import locations, logbook, matching, vanished
from ingest.records import DuplicateRecord, EntryRecord, Record, SameRecord, check_url
from ingest.rehearsal import Rehearsal
from ingest.sources import Options, Source, SourceError, open_source, source_class
from ingest.told import COUNTS
from ingest.writing.batch import Result, write
from ingest.writing.identity import identifiers
from ingest.writing.outcome import By
from ingest.writing.source_records import saw_refused
from kb import jobs
from kb.models import Job
from kb.models.jobs import JobState

log = logging.getLogger(__name__)

BATCH = 100
BATCH_CHARACTERS = 2_000_000
BATCH_S = 5.0
TRIES = 3
MOST_HELD = 2
MAX_PROBLEM_KEY = 300
COMMON = {  # what every import may be told, whatever its source
    "status": ("draft", "published"),
    "visibility": ("public", "internal"),
    "deleted": ("stay", "return"),
}


def start_import(
    source: str,
    location: str,
    options: dict[str, Any],
    user: Any = None,
    *,
    ring: bool = True,
    dry_run: bool = False,
    only: Sequence[str] = (),
    of: Job | None = None,
) -> Job:
    """Write down an import and ring for a worker. SourceError when the source refuses the location or the options, so
    that it is said at once. Without `ring` the caller does the job itself; should it die, the sweep finds the job.

    A dry run counts and tells what an import would do. `only` are the keys of the records that are taken, all others
    being left alone; `of` is the job that this one previews, confirms or repeats.
    """
    location = locations.absolute(location)
    check(source, location, options)
    parameters: dict[str, Any] = {"source": source, "location": location, "options": options}
    parameters |= {"dry_run": True} if dry_run else {}
    parameters |= {"only": list(only)} if only else {}
    if of is not None:
        parameters |= {"of": of.pk}
        previewed = of.parameters.get("dry_run") and of.cursor.get("local")  # what is tried again is fetched again
        parameters |= {"local": previewed} if previewed else {}
    return jobs.enqueue("ingest", parameters, user, ring=ring)


def confirm(job: Job, user: Any = None) -> Job:
    """The import that a finished dry run was the preview of. ValueError for any other job."""
    if not job.parameters.get("dry_run") or job.state != JobState.DONE:
        raise ValueError(f"job {job.pk} is no finished preview")
    return _again(job, user)


def retry_failed(job: Job, user: Any = None) -> Job:
    """An import of those records alone that `job` failed to take. ValueError when there are none."""
    keys = list(dict.fromkeys(job.problems.filter(failed=True).values_list("key", flat=True)))
    if job.kind != "ingest" or not job.is_over or not keys:
        raise ValueError(f"job {job.pk} has no failed records to try again")
    return _again(job, user, only=keys)


def _again(job: Job, user: Any, only: Sequence[str] = ()) -> Job:
    said = job.parameters
    only = only or said.get("only", ())
    return start_import(said["source"], said["location"], said["options"], user, only=only, of=job)


@dataclass
class Import:
    """One job's turn at its source."""

    run: jobs.Run
    source: Source
    by: By
    common: Mapping[str, Any]
    only: frozenset[str]
    rehearsal: Rehearsal | None

    @property
    def is_whole(self) -> bool:
        """Whether a record that does not come has vanished."""
        return self.source.collection is not None and not self.only


@dataclass
class Held:
    """A source as a turn left it, `position` records in: the next turn in this process need not read those again."""

    source: Source
    records: Iterator[Record]
    position: int


_held: dict[tuple[int, str], Held] = {}  # by job and fingerprint


def _hold(job: tuple[int, str], held: Held) -> None:
    """Keep it for the next turn; of many jobs those that were worked on last, as each holds files and tables."""
    for oldest in list(_held)[: max(0, len(_held) - MOST_HELD + 1)]:
        _held.pop(oldest, None)
    _held[job] = held


def work(run: jobs.Run) -> bool:
    """The handler of `ingest` jobs."""
    parameters, job = run.job.parameters, run.job
    try:
        location = locations.local(run, parameters)
        options = {name: value for name, value in parameters["options"].items() if name not in COMMON}
        source = _open(parameters["source"], location, options)
        mark = source.fingerprint()
        if job.cursor.get("fingerprint") != mark or (parameters.get("dry_run") and Rehearsal.is_lost(job)):
            _begin(run, source, mark)
        held = _held.pop((job.pk, mark), None)  # at the end of a turn it is put back
        if held is None or held.position != job.cursor["position"]:
            held = Held(source, islice(source.records(), job.cursor["position"], None), 0)
        finished = _take_in(_import(run, held.source), held.records)
        if not finished:
            _hold((job.pk, mark), Held(held.source, held.records, job.cursor["position"]))
        return finished
    except SourceError as error:
        raise jobs.JobFailed(str(error)) from error


def _begin(run: jobs.Run, source: Source, mark: str) -> None:
    """Go to the first record. What was told of another content, or of a reading that is begun anew, is told again."""
    job = run.job
    with run.batch():
        job.problems.all().delete()
        job.changes.filter(preview=True).delete()
        downloaded = {"local": job.cursor["local"]} if "local" in job.cursor else {}
        job.cursor = {**downloaded, "fingerprint": mark, "position": 0, "began": timezone.now().isoformat()}
        job.counts, job.done, job.total = dict.fromkeys(COUNTS, 0), 0, source.count()
        _tell_mapping(job, source)


def _import(run: jobs.Run, source: Source) -> Import:
    said = run.job.parameters
    restores = said["options"].get("deleted") == "return"
    reason, rehearsed = f"import of {source.name}, job {run.job.pk}", bool(said.get("dry_run"))
    began = datetime.fromisoformat(run.job.cursor.get("began", run.job.created_at.isoformat()))
    by = By(source.name, source.collection or "", run.job, reason, restores, rehearsed, began)
    common = {name: said["options"][name] for name in ("status", "visibility") if said["options"].get(name)}
    rehearsal = Rehearsal(run.job) if rehearsed else None
    return Import(run, source, by, common, frozenset(said.get("only", ())), rehearsal)


def _take_in(one: Import, records: Iterator[Record]) -> bool:
    run = one.run
    for batch in _batches(_with_common(record, one.common) for record in records):
        _patiently(run, partial(_take, one, batch))
        if run.time_is_up:
            return False
    if one.is_whole and not one.rehearsal:
        for _ in vanished.settle(run, one.by):
            if run.time_is_up:
                return False
    if not run.job.cursor.get("told"):
        with run.batch():
            _tell_the_end(one)
    if one.rehearsal:
        one.rehearsal.forget()
    return True


def _tell_the_end(one: Import) -> None:
    """What is said and begun when all records are done: once, even if something ends the process right after it."""
    run = one.run
    for key in sorted(one.only - set(run.job.cursor.get("came", ()))):
        run.count("failed")
        run.problem(key, "is not there any more, so it could not be tried again; import everything anew", failed=True)
    if one.rehearsal and one.is_whole:
        vanished.foresee(run, one.by, one.rehearsal)
    for notice in one.source.notices:
        run.problem(one.source.name, notice)
    if not one.rehearsal:
        matching.enqueue(run.job)
    run.job.cursor = {**run.job.cursor, "told": True}


def _patiently(run: jobs.Run, take: partial[None]) -> None:
    """Take a batch, again if need be: a deadlock or a lock that was not to be had says nothing about the records."""
    for left in reversed(range(TRIES)):
        try:
            take()
            return
        except OperationalError as error:
            if not left:
                raise
            log.warning("job %s: %s; trying the batch again", run.job.pk, str(error).strip())


def _take(one: Import, batch: Sequence[Record]) -> None:
    """Write a batch. What cannot be written is counted and noted with its reason, and stops nothing."""
    run, job = one.run, one.run.job
    with run.batch():
        chosen = _chosen(one, batch) if one.only else batch
        results: Sequence[Result]
        if one.rehearsal:
            results = one.rehearsal.write(chosen, one.by)
        else:
            results = write(chosen, one.by)
            saw_refused(chosen, results, one.by)
        logbook.note(run, chosen, results, one.by, preview=one.rehearsal is not None)
        job.cursor = {**job.cursor, "position": job.cursor["position"] + len(batch)}
        job.done = job.cursor["position"]


def _chosen(one: Import, batch: Sequence[Record]) -> list[Record]:
    """Of a batch the records that are taken alone, and what is said of the identifiers of these.

    Which were found, and what they are known by, is kept in the cursor.
    """
    cursor = one.run.job.cursor
    came, known = set(cursor.get("came", ())), {tuple(pair) for pair in cursor.get("known", ())}
    chosen: list[Record] = []
    for record in batch:
        key = logbook.key_of(record)[:MAX_PROBLEM_KEY]
        if key in one.only:
            came.add(key)
            known |= {*identifiers(record)} if isinstance(record, EntryRecord) else set()
        elif known.isdisjoint(_named(record)):
            continue
        chosen.append(record)
    one.run.job.cursor = {**cursor, "came": sorted(came), "known": sorted(known)}
    return chosen


def _named(record: Record) -> list[tuple[str, str]]:
    """The identifiers that a record is about which is no entry."""
    match record:
        case SameRecord():
            return list(record.ids)
        case DuplicateRecord():
            return [(record.namespace, record.value), (record.namespace, record.of)]
    return []


def _with_common(record: Record, common: Mapping[str, Any]) -> Record:
    """The record with what was asked for all records, where it has no word of its own."""
    if not isinstance(record, EntryRecord):
        return record
    missing = {name: value for name, value in common.items() if not getattr(record, name)}
    return record.model_copy(update=missing) if missing else record


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Cut into lists that are neither long nor heavy, each being held in memory and written in one transaction; and
    that are no long time in coming, so that what is fetched slowly is seen to come."""
    batch: list[Record] = []
    characters, began = 0, time.monotonic()
    for record in records:
        batch.append(record)
        characters += _characters(record)
        if len(batch) == BATCH or characters >= BATCH_CHARACTERS or time.monotonic() - began > BATCH_S:
            yield batch
            batch, characters, began = [], 0, time.monotonic()
    if batch:
        yield batch


def _characters(record: Record) -> int:
    if not isinstance(record, EntryRecord):
        return 0
    own = len(record.page.text) if record.page else 0
    return own + len(record.body) + len(record.summary) + sum(len(reference.text) for reference in record.references)


def check(source: str, location: str, options: Mapping[str, Any]) -> None:
    """Raise SourceError for what can be known to be wrong before an import begins."""
    for name, choices in COMMON.items():
        if options.get(name) and options[name] not in choices:
            raise SourceError(f"{name} must be one of {', '.join(choices)}, not {options[name]!r}")
    own = {name: value for name, value in options.items() if name not in COMMON}
    if locations.is_downloaded(source, location):
        Options.read(source, own, source_class(source).takes)
        try:
            check_url(location)
        except ValueError as error:
            raise SourceError(str(error)) from error
    elif locations.is_heavy(location):
        Options.read(source, own, source_class(source).takes)
    else:
        _open(source, location, own)


def _open(source: str, location: str, options: Mapping[str, Any]) -> Source:
    scratch = Path(settings.KB_DATA_DIR) / "scratch"
    scratch.mkdir(exist_ok=True)
    return open_source(source, location, options, scratch)


def _tell_mapping(job: Job, source: Source) -> None:
    """Note which column was read as which field, where the source is a table."""
    mapping = getattr(source, "mapping", None)
    if mapping is None:
        return
    unmapped = getattr(source, "unmapped", list)
    said = {"mapping": mapping(), "unmapped": list(unmapped())}
    job.parameters = {**job.parameters, **said}
    Job.objects.filter(pk=job.pk).update(parameters=job.parameters)
