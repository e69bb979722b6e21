"""What a complete import of a collection no longer held: flagged, never deleted; or found again under another name."""

from collections import defaultdict
from collections.abc import Iterator

from django.utils import timezone

from ingest.logbook import change
from ingest.rehearsal import Rehearsal, text_mark
from ingest.writing.outcome import By
from ingest.writing.source_records import unseen
from kb import jobs, provenance
from kb.merging import merge_entries
from kb.models import Change, Entry, ExternalId, SourceRecord
from kb.models.provenance import Action

BATCH = 100


def settle(run: jobs.Run, by: By) -> Iterator[None]:
    """Go through what this import did not meet, a batch at a time; after each the caller may stop."""
    made: Made | None = None
    while rows := list(unseen(by)[:BATCH]):
        made = made or Made(by)
        with run.batch():
            for row in rows:
                _settle(run, row, by, made)
        yield


class Made:
    """The entries that this import made, by what they say: so that to look for one of them takes no longer among many.

    Held in memory are their ids, and a digest of each text.
    """

    def __init__(self, by: By) -> None:
        ids = Change.objects.filter(job=by.job, action=Action.CREATED, entry__isnull=False).order_by()
        said = Entry.objects.filter(pk__in=ids.values("entry"), source=by.source).order_by("pk")
        self._ids: dict[str, set[int]] = defaultdict(set)
        for entry in said.only("kind", "body", "content_hash").iterator():
            self._ids[text_mark(entry)].add(entry.pk)

    def like(self, entry: Entry) -> int | None:
        """The one other entry that says the same, if there is exactly one."""
        ids = self._ids.get(text_mark(entry), set())
        others = ids - {entry.pk} if len(ids) < 3 else ids
        return next(iter(others)) if len(others) == 1 else None

    def forget(self, entry: Entry) -> None:
        self._ids[text_mark(entry)].discard(entry.pk)


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
        told = change(Action.RENAMED, by, entry, {"place": place}, row.key, preview=True)
        changes += [told] if len(changes) < BATCH else []
        _count_renamed(run)
    Change.objects.bulk_create(changes)


def _count_renamed(run: jobs.Run) -> None:
    run.count("created", -1)
    run.count("updated")
    run.count(Action.RENAMED)


def _settle(run: jobs.Run, row: SourceRecord, by: By, made: Made) -> None:
    # Chosen here and not in the query: without statistics SQLite would go through all that the import met.
    told = SourceRecord.objects.filter(entry=row.entry_id).values_list("pk", "job", "source", "collection")
    mine = {pk: job for pk, job, *place in told if place == [by.source, by.collection]}
    if by.job and by.job.pk in mine.values():
        later = [pk for pk in mine if pk > row.pk]
        SourceRecord.objects.filter(pk__in=later).update(digest="")  # from now on these have the say
        row.delete()  # its entry is there under another key
        return
    renamed = _renamed(row, by, made)
    if renamed is None:
        row.vanished_at = timezone.now()
        row.save(update_fields=["vanished_at"])
        run.count(Action.VANISHED)
        _flag(row, by).save()
        return
    now = renamed.source_records.filter(source=by.source, collection=by.collection).first()
    where = {"from": row.place or row.key, "to": now.place if now else renamed.title}
    kept, key = row.entry, row.key
    made.forget(renamed)
    _follow(kept, renamed)
    merge_entries(renamed, kept)
    namespace, _, value = key.partition(" ")
    # Another thing may have that name one day.
    ExternalId.objects.filter(entry=kept, namespace=namespace, value=value).delete()
    row.delete()
    Change.objects.filter(job=by.job, entry=kept, action=Action.CREATED).delete()
    change(Action.RENAMED, by, kept, {"place": where}, key, was_hidden=renamed.is_hidden).save()
    _count_renamed(run)


def _renamed(row: SourceRecord, by: By, made: Made) -> Entry | None:
    """The one entry that this import made with the same text, if there is exactly one."""
    other = made.like(row.entry) if row.entry.source == by.source else None
    return Entry.objects.filter(pk=other).first() if other else None


def _follow(kept: Entry, renamed: Entry) -> None:
    """Take over what the text says of itself now, but for what a curator decided."""
    old, new = provenance.values(kept), provenance.values(renamed)
    for name in provenance.differing(old, new):
        if name not in ("slug", "status", "visibility") and not provenance.is_curated(kept, name):
            provenance.set_value(kept, name, new.get(name))


def _flag(row: SourceRecord, by: By, preview: bool = False) -> Change:
    return change(Action.VANISHED, by, row.entry, {}, row.place or row.key, preview)
