"""What a complete import of a collection no longer held: flagged, never deleted; or found again under another name."""

from collections.abc import Iterator

from django.utils import timezone

from ingest.logbook import change
from ingest.rehearsal import TELLING, Rehearsal
from ingest.writing.outcome import By
from ingest.writing.source_records import unseen
from kb import jobs, provenance
from kb.merging import merge_entries
from kb.models import Change, Entry, ExternalId, SourceRecord
from kb.models.provenance import Action

BATCH = 100


def settle(run: jobs.Run, by: By) -> Iterator[None]:
    """Go through what this import did not meet, a batch at a time; after each the caller may stop."""
    while rows := list(unseen(by)[:BATCH]):
        with run.batch():
            for row in rows:
                _settle(run, row, by)
        yield


def foresee(run: jobs.Run, by: By, rehearsal: Rehearsal) -> None:
    """Count for a dry run what an import would flag, or find again under another name; within a batch."""
    changes: list[Change] = []
    for row in unseen(by).iterator():
        if rehearsal.met(row):
            continue
        entry, renamed = row.entry, rehearsal.take_like(row.entry) if row.entry.source == by.source else None
        if renamed is None:
            run.count(Action.VANISHED)
            changes += [_flag(row, by, preview=True)] if len(changes) < BATCH else []
            continue
        Change.objects.filter(job=by.job, preview=True, action=Action.CREATED, key=renamed.key[:300]).delete()
        place = {"from": row.place or row.key, "to": renamed.records[0][2] if renamed.records else renamed.title}
        told = change(Action.RENAMED, by, entry.pk, entry.title, entry.kind, {"place": place}, row.key, preview=True)
        changes += [told] if len(changes) < BATCH else []
        _count_renamed(run)
    Change.objects.bulk_create(changes)


def _count_renamed(run: jobs.Run) -> None:
    run.count("created", -1)
    run.count("updated")
    run.count(Action.RENAMED)


def _settle(run: jobs.Run, row: SourceRecord, by: By) -> None:
    mine = SourceRecord.objects.filter(source=by.source, collection=by.collection)
    if mine.filter(entry=row.entry_id, job=by.job).exists():
        mine.filter(entry=row.entry_id, pk__gt=row.pk).update(digest="")  # from now on these have the say
        row.delete()  # its entry is there under another key
        return
    renamed = _renamed(row, by)
    if renamed is None:
        row.vanished_at = timezone.now()
        row.save(update_fields=["vanished_at"])
        run.count(Action.VANISHED)
        _flag(row, by).save()
        return
    now = renamed.source_records.filter(source=by.source, collection=by.collection).first()
    where = {"from": row.place or row.key, "to": now.place if now else renamed.title}
    kept, key = row.entry, row.key
    _follow(kept, renamed)
    merge_entries(renamed, kept)
    namespace, _, value = key.partition(" ")
    # Another thing may have that name one day.
    ExternalId.objects.filter(entry=kept, namespace=namespace, value=value).delete()
    row.delete()
    Change.objects.filter(job=by.job, entry=kept, action=Action.CREATED).delete()
    change(Action.RENAMED, by, kept.pk, kept.title, kept.kind, {"place": where}, key).save()
    _count_renamed(run)


def _renamed(row: SourceRecord, by: By) -> Entry | None:
    """The one entry that this import made with the same text, if there is exactly one."""
    entry = row.entry
    made = Entry.objects.filter(
        source=by.source, kind=entry.kind, changes__job=by.job, changes__action=Action.CREATED
    ).exclude(pk=entry.pk)
    same = made.filter(body=entry.body) if len(entry.body) >= TELLING else made.filter(content_hash=entry.content_hash)
    found = list(same.distinct()[:2])
    return found[0] if len(found) == 1 and entry.source == by.source else None


def _follow(kept: Entry, renamed: Entry) -> None:
    """Take over what the text says of itself now, but for what a curator decided."""
    old, new = provenance.values(kept), provenance.values(renamed)
    for name in provenance.differing(old, new):
        if name not in ("slug", "status", "visibility") and not provenance.is_curated(kept, name):
            provenance.set_value(kept, name, new.get(name))


def _flag(row: SourceRecord, by: By, preview: bool = False) -> Change:
    entry = row.entry
    return change(Action.VANISHED, by, entry.pk, entry.title, entry.kind, {}, row.place or row.key, preview)
