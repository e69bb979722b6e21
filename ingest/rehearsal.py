"""A dry run: every batch is written as an import would, looked at, and taken back.

Each batch is a short transaction of its own, so that others can write meanwhile. What a batch cannot see of those
before it, because they were taken back, is remembered here: which identifiers they would have made, and which of the
source's records they met.
"""

from collections.abc import Sequence

from django.db import transaction

from ingest.records import DuplicateRecord, EntryRecord, Record, SameRecord
from ingest.writing.batch import Result, write
from ingest.writing.identity import identifiers
from ingest.writing.outcome import By, Outcome, Written
from kb.models import Job, SourceRecord


class Rehearsal:
    """The memory of one dry run, kept in its job's cursor."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.made = {tuple(pair) for pair in job.cursor.get("made", [])}
        self.met = set(job.cursor.get("met", []))

    def write(self, records: Sequence[Record], by: By) -> list[Result]:
        """What would become of each record."""
        with transaction.atomic():
            results = write(records, by)
            self.met |= set(SourceRecord.objects.filter(job=self.job).values_list("pk", flat=True))
            transaction.set_rollback(True)
        results = [self._amended(record, result) for record, result in zip(records, results, strict=True)]
        self.job.cursor = {**self.job.cursor, "made": sorted(self.made), "met": sorted(self.met)}
        return results

    def _amended(self, record: Record, result: Result) -> Result:
        if isinstance(record, EntryRecord):
            pairs = set(identifiers(record))
            would_be_there = not self.made.isdisjoint(pairs)
            self.made |= pairs
            if would_be_there and isinstance(result, Written) and result.outcome == Outcome.CREATED:
                return Written(Outcome.UPDATED, None)
        if isinstance(record, DuplicateRecord) and (record.namespace, record.of) in self.made:
            return Written(Outcome.UPDATED)
        if isinstance(record, SameRecord) and not self.made.isdisjoint(record.ids):
            return Written(Outcome.UPDATED)
        return result
