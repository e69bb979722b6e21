"""A batch of records, written at once; what cannot be taken in is found by halving, and stops nothing else."""

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection, transaction

from ingest.records import (
    BadRecord,
    DuplicateRecord,
    EntityRecord,
    EntityRelationRecord,
    EntryRecord,
    Record,
    SameRecord,
    TaxonomyRecord,
)
from ingest.writing.categories import write_taxonomies
from ingest.writing.duplicates import write_duplicates, write_same
from ingest.writing.entities import write_entities, write_relations
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By, Refusal, Refused, Written
from kb import changes

log = logging.getLogger(__name__)

Result = Written | Refused
Write = Callable[[Sequence[Any]], list[Written]]

WRITERS: dict[type, Callable[[Sequence[Any], By], list[Written]]] = {
    EntryRecord: write_entries,
    EntityRecord: write_entities,
    EntityRelationRecord: write_relations,
    DuplicateRecord: write_duplicates,
    SameRecord: write_same,
    TaxonomyRecord: write_taxonomies,
}
TURN = 7_105_623_914  # any number, as long as it is the same in every worker


def write(records: Sequence[Record], by: By) -> list[Result]:
    """What became of each record, in a transaction of the caller's.

    Raises DatabaseError when the trouble is the database's and not the records'.
    """
    _take_turn()
    results: list[Result] = []
    for kind, group in groupby(records, type):
        if kind is BadRecord:
            results += [Refused(record.reason) for record in group if isinstance(record, BadRecord)]
        else:
            writer = WRITERS[kind]
            results += _together(list(group), lambda some, writer=writer: writer(some, by))  # type: ignore[misc]
    return results


def _take_turn() -> None:
    """Wait until no other import is in a transaction: of two that know one company, the second has to find the first's.

    Names are no unique column that could decide it. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _together(records: Sequence[Record], write: Write, again: bool = True) -> list[Result]:
    """Write all; when something is refused, each half by itself, down to the record that it is about."""
    try:
        with transaction.atomic(), changes.gathered():
            return [*write(records)]
    except InterfaceError:
        raise
    except DatabaseError as error:
        if not isinstance(error, DataError | IntegrityError):
            raise  # the connection, a lock or the disk
        refused: Exception = error
    except Exception as error:
        refused = error
    if len(records) > 1:
        half = len(records) // 2
        return _together(records[:half], write) + _together(records[half:], write)
    if again and isinstance(refused, IntegrityError):
        # Somebody may have made the very row in the meantime; then it is there now.
        return _together(records, write, again=False)
    return [Refused(_why(refused))]


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(error.messages)
    if isinstance(error, Refusal | DataError | IntegrityError):
        return str(error).strip()
    log.error("a record could not be written", exc_info=error)
    return f"{type(error).__name__}: {error}"
