"""What the source last said of each entry, so that its next import knows what is new and what is gone."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from ingest.records import MAX_NAME, BadRecord, EntryRecord, Record
from ingest.writing.identity import identifiers
from ingest.writing.outcome import By, Refused
from ingest.writing.rows import create, found
from kb.models import Entry, SourceRecord
from kb.models.provenance import MAX_KEY


def known_records(keys: Sequence[str], by: By) -> dict[str, SourceRecord]:
    """By key, what the source last said of those that it had before."""
    rows = _of(by).select_related("entry")
    return {row.key: row for row in found(rows, "key", [key[:MAX_KEY] for key in keys])}


def told_by_several(
    records: Sequence[EntryRecord], keys: Sequence[str], entries: Sequence[Entry | None], by: By
) -> tuple[set[int], set[int]]:
    """The entries that other records of the source tell of too; and of these, those where another was first."""
    rows = _of(by).filter(vanished_at=None).order_by("id")
    told: dict[int, list[str]] = {}
    for row in found(rows, "entry_id", [entry.pk for entry in entries if entry]):
        told.setdefault(row.entry_id, []).append(row.key)
    shared, seconded = set(), set()
    for record, key, entry in zip(records, keys, entries, strict=True):
        of_entry = told.get(entry.pk, []) if entry else []
        own = {key[:MAX_KEY], *(" ".join(pair)[:MAX_KEY] for pair in identifiers(record))}
        if entry and not own.issuperset(of_entry):
            shared.add(entry.pk)
            if of_entry[0] not in own:
                seconded.add(entry.pk)
    return shared, seconded


def remember(
    pairs: Sequence[tuple[Entry, EntryRecord]],
    keys: Sequence[str],
    digests: Sequence[str],
    known: dict[str, SourceRecord],
    by: By,
) -> None:
    """Note what the source says now of these entries."""
    new: list[SourceRecord] = []
    old: list[SourceRecord] = []
    for (entry, record), key, digest in zip(pairs, keys, digests, strict=True):
        row = known.get(key[:MAX_KEY]) or SourceRecord(source=by.source, collection=by.collection, key=key[:MAX_KEY])
        (old if row.pk else new).append(row)
        row.entry, row.digest, row.job = entry, digest, by.job
        row.licence, row.attribution = record.licence, record.attribution
        row.place, row.seen_at, row.vanished_at = record.key[:MAX_NAME], timezone.now(), None
    create(new)
    fields = ["entry", "digest", "job", "licence", "attribution", "place", "seen_at", "vanished_at"]
    SourceRecord.objects.bulk_update(old, fields, batch_size=100)


def saw(rows: Iterable[SourceRecord], by: By) -> None:
    """Note that the source still says the same."""
    ids = [row.pk for row in rows]
    if ids:
        SourceRecord.objects.filter(pk__in=ids).update(job=by.job, seen_at=timezone.now(), vanished_at=None)


def saw_refused(records: Sequence[Record], results: Sequence[object], by: By) -> None:
    """Note that what was refused still stands where it stood, though it could not be read or taken."""
    refused = (record for record, result in zip(records, results, strict=True) if isinstance(result, Refused))
    for place in {record.key[:MAX_NAME] for record in refused if isinstance(record, EntryRecord | BadRecord)}:
        _of(by).filter(place=place).update(job=by.job, seen_at=timezone.now())


def unseen(by: By) -> QuerySet[SourceRecord]:
    """Those of the collection that no import met since this one began, and that were not flagged before.

    Another that is at work on the same collection at the same time meets them too.
    """
    rows = _of(by).exclude(job=by.job).filter(vanished_at=None)
    if by.job and by.job.started_at:
        rows = rows.filter(seen_at__lt=by.job.started_at)
    return rows.select_related("entry").order_by("id")


def _of(by: By) -> QuerySet[SourceRecord]:
    return SourceRecord.objects.filter(source=by.source, collection=by.collection)
