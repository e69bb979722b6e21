"""Takes a source's records into the knowledge base, batch by batch, as the work of a job.

The job's cursor is the number of records that are done. An interrupted import reads the source again, skips that
many, and goes on; should the file have changed meanwhile it begins anew, which identity makes harmless.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError, transaction

from ingest.records import BadRecord, DuplicateRecord, EntityRecord, EntryRecord, Record
from ingest.sources import Source, SourceError, open_source
from ingest.write import write_duplicate, write_entity, write_entry
from kb import changes, jobs
from kb.models import Job

BATCH = 25
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
    job = run.job
    reason = f"import of {source.name}, job {job.pk}"
    for batch in _batches(islice(source.records(), job.cursor["position"], None)):
        with run.batch(), changes.gathered():
            for record in batch:
                _take(run, record, source.name, reason)
            job.cursor = {**job.cursor, "position": job.cursor["position"] + len(batch)}
            job.done = job.cursor["position"]
        if run.time_is_up:
            return False
    with run.batch():
        for notice in source.notices:
            run.problem(source.name, notice)
    return True


def _take(run: jobs.Run, record: Record, source: str, reason: str) -> None:
    """Write one record. One that cannot be written is counted and noted with its reason, and leaves nothing behind."""
    if isinstance(record, BadRecord):
        run.count("failed")
        run.problem(record.key, record.reason)
        return
    try:
        with transaction.atomic():
            match record:
                case EntryRecord():
                    run.count(write_entry(record, source, reason))
                    for warning in record.warnings:
                        run.problem(record.key, warning)
                case EntityRecord():
                    write_entity(record)
                    run.count("entities")
                case DuplicateRecord():
                    write_duplicate(record)
                    run.count("duplicates")
    except (ValidationError, LookupError, ValueError) as error:
        run.count("failed")
        run.problem(_key(record), _message(error))
    except DatabaseError as error:
        if not _is_about_the_data(error):
            raise
        run.count("failed")
        run.problem(_key(record), str(error).strip())


def _is_about_the_data(error: DatabaseError) -> bool:
    """Whether the database refused the values, and not the connection, the lock or the disk."""
    return isinstance(error, DataError | IntegrityError)


def _key(record: Record) -> str:
    if isinstance(record, DuplicateRecord):
        return f"duplicate {record.namespace} {record.value}"
    return f"entity {record.key}" if isinstance(record, EntityRecord) else record.key


def _message(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(error.messages)
    return str(error)


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _open(source: str, location: str, options: dict[str, Any]) -> Source:
    scratch = Path(settings.KB_DATA_DIR) / "scratch"
    scratch.mkdir(exist_ok=True)
    return open_source(source, location, options, scratch)


def _absolute(location: str) -> str:
    """Paths in full, because the worker that opens them runs elsewhere; addresses as they are."""
    return location if not location or "://" in location else str(Path(location).expanduser().absolute())
