"""Takes a source's records into the knowledge base, batch by batch, as the work of a job.

The job's cursor is the number of records that are done. An interrupted import reads the source again, skips that
many, and goes on; should the file have changed meanwhile it begins anew, which identity makes harmless.
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError

from ingest.records import DuplicateRecord, EntityRecord, EntryRecord, Record
from ingest.sources import Source, SourceError, open_source
from ingest.writing.batch import write
from ingest.writing.outcome import Refused
from kb import jobs
from kb.models import Job

log = logging.getLogger(__name__)

BATCH = 100
BATCH_CHARACTERS = 2_000_000
TRIES = 3
COUNTS = ("created", "updated", "unchanged", "failed")


def start_import(source: str, location: str, options: dict[str, Any], user: Any = None, *, ring: bool = True) -> Job:
    """Write down an import and ring for a worker. SourceError when the source refuses the location or the options, so
    that it is said at once. Without `ring` the caller does the job itself; should it die, the sweep finds the job."""
    location = _absolute(location)
    _open(source, location, options)
    parameters = {"source": source, "location": location, "options": options}
    return jobs.enqueue("ingest", parameters, user, ring=ring)


def work(run: jobs.Run) -> bool:
    """The handler of `ingest` jobs."""
    parameters, job = run.job.parameters, run.job
    try:
        source = _open(parameters["source"], parameters["location"], parameters["options"])
        mark = source.fingerprint()
        if job.cursor.get("fingerprint") != mark:
            with run.batch():
                job.cursor, job.done, job.counts = {"fingerprint": mark, "position": 0}, 0, dict.fromkeys(COUNTS, 0)
                job.total = source.count()
        return _take_in(run, source)
    except SourceError as error:
        raise jobs.JobFailed(str(error)) from error


def _take_in(run: jobs.Run, source: Source) -> bool:
    for batch in _batches(islice(source.records(), run.job.cursor["position"], None)):
        _patiently(run, batch, source.name)
        if run.time_is_up:
            return False
    with run.batch():
        for notice in source.notices:
            run.problem(source.name, notice)
    return True


def _patiently(run: jobs.Run, batch: Sequence[Record], source: str) -> None:
    """Take a batch, again if need be: a deadlock or a lock that was not to be had says nothing about the records."""
    for left in reversed(range(TRIES)):
        try:
            _take(run, batch, source)
            return
        except OperationalError as error:
            if not left:
                raise
            log.warning("job %s: %s; trying the batch again", run.job.pk, str(error).strip())


def _take(run: jobs.Run, batch: Sequence[Record], source: str) -> None:
    """Write a batch. What cannot be written is counted and noted with its reason, and stops nothing."""
    job = run.job
    with run.batch():
        results = write(batch, source, f"import of {source}, job {job.pk}")
        for record, result in zip(batch, results, strict=True):
            if isinstance(result, Refused):
                run.count("failed")
                run.problem(_key(record), result.reason)
            elif isinstance(record, EntryRecord):
                run.count(result)
                for warning in record.warnings:
                    run.problem(record.key, warning)
            else:
                run.count("entities" if isinstance(record, EntityRecord) else "duplicates")
        job.cursor = {**job.cursor, "position": job.cursor["position"] + len(batch)}
        job.done = job.cursor["position"]


def _key(record: Record) -> str:
    if isinstance(record, DuplicateRecord):
        return f"duplicate {record.namespace} {record.value}"
    return f"entity {record.key}" if isinstance(record, EntityRecord) else record.key


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Cut into lists that are neither long nor heavy: each is held in memory, and written in one transaction."""
    batch: list[Record] = []
    characters = 0
    for record in records:
        batch.append(record)
        characters += _characters(record)
        if len(batch) == BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _characters(record: Record) -> int:
    if not isinstance(record, EntryRecord):
        return 0
    return len(record.body) + len(record.summary) + sum(len(reference.text) for reference in record.references)


def _open(source: str, location: str, options: dict[str, Any]) -> Source:
    scratch = Path(settings.KB_DATA_DIR) / "scratch"
    scratch.mkdir(exist_ok=True)
    return open_source(source, location, options, scratch)


def _absolute(location: str) -> str:
    """Paths in full, because the worker that opens them runs elsewhere; addresses as they are."""
    return location if not location or "://" in location else str(Path(location).expanduser().absolute())
