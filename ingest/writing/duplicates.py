"""Duplicates: what a source withdrew leads to what stands for it. Sameness: identifiers that name one event meet."""

from collections.abc import Sequence

from ingest.records import DuplicateRecord, SameRecord
from ingest.writing.identity import Pair, kept_apart
from ingest.writing.links import resolve_links
from ingest.writing.outcome import By, Outcome, Refusal, Written
from ingest.writing.rows import found_pairs
from ingest.writing.sameness import component, forget, relate, wait
from kb import changes, provenance
from kb.merging import merge_entries
from kb.models import DeletedEntry, Entry, ExternalId, SourceRecord
from kb.models.provenance import Action


def write_duplicates(records: Sequence[DuplicateRecord], by: By) -> list[Written]:
    """Let each withdrawn identifier lead to the entry that stands for it; an entry of its own is merged into that."""
    return [_write(record, by) for record in records]


def _write(record: DuplicateRecord, by: By) -> Written:
    kept = _holder(record.namespace, record.of)
    if kept is None:
        raise Refusal(f"{record.namespace} {record.of}, which it is a duplicate of, is not here")
    # What is withdrawn has not vanished: it is here, under another name.
    SourceRecord.objects.filter(source=by.source, key=f"{record.namespace} {record.value}").delete()
    gone = _holder(record.namespace, record.value)
    if gone is None:
        ExternalId.objects.create(entry=kept, namespace=record.namespace, value=record.value)
        _arrived([(record.namespace, record.value)])
        return Written(Outcome.UPDATED, kept, {"identifiers": {"added": [f"{record.namespace} {record.value}"]}})
    if gone == kept:
        return Written(Outcome.UNCHANGED, kept)
    # What the source said of the withdrawn record it says no more, and would take back at its next import.
    for rows in (gone.roles, gone.citations, gone.classifications, gone.links, gone.unresolved_links):
        rows.filter(source=by.source).update(source="")
    title = gone.title
    merge_entries(gone, kept)
    also = ((Action.MERGED, {"entry": {"from": title, "to": kept.title}}),)
    return Written(Outcome.UPDATED, kept, also=also, was_hidden=gone.is_hidden)


def write_same(records: Sequence[SameRecord], by: By) -> list[Written]:
    """Let the identifiers of each record name one entry.

    What names nothing that is here waits. Two entries that hold them are merged, unless they hold different identifiers
    of one namespace: then whoever published the sameness counts events otherwise than that namespace does, and the
    entries are linked instead.
    """
    return [_unite(list(record.ids), by) for record in records]


def _unite(ids: list[Pair], by: By) -> Written:
    """Let the identifiers name one entry, and what waited for those that are new to it follow."""
    written, new = _join(ids, by)
    _arrived(new)
    return written


def _join(ids: list[Pair], by: By) -> tuple[Written, list[Pair]]:
    """What became of it, and the identifiers that an entry has now and had not before."""
    held = {(row.namespace, row.value): row.entry for row in found_pairs(_external_ids(), "value", ids)}
    entries = list({held[pair].pk: held[pair] for pair in ids if pair in held}.values())
    if not entries:
        return _wait(ids, by), []
    kept, others = entries[0], entries[1:]
    outcome = Outcome.UNCHANGED
    merged: list[Entry] = []
    for other in others:
        if _may_be_one(kept, other):
            merged.append(other)
            merge_entries(other, kept)
            outcome = Outcome.UPDATED
        elif relate(kept, other):
            outcome = Outcome.UPDATED
    if ids[0] not in held and kept.external_ids.filter(namespace=ids[0][0]).exists():
        # It shares a number elsewhere with another of its own database, which is here, and is none the less itself.
        wait(ids, by.source)
        return Written(Outcome.WAITING), []
    refused = provenance.removed(kept, "identifiers")
    new = [pair for pair in ids if pair not in held and provenance.row_key(*pair) not in refused]
    ExternalId.objects.bulk_create([ExternalId(entry=kept, namespace=name, value=value) for name, value in new])
    if new:
        changes.announce([kept.pk])
    forget(ids)
    fields = {"identifiers": {"added": [" ".join(pair) for pair in new]}} if new else {}
    also = tuple((Action.MERGED, {"entry": {"from": other.title, "to": kept.title}}) for other in merged)
    was_hidden = any(other.is_hidden for other in merged)
    return Written(Outcome.UPDATED if new else outcome, kept, fields, also=also, was_hidden=was_hidden), new


def _wait(ids: list[Pair], by: By) -> Written:
    """Remember a sameness of what is not here, but for what was deleted here."""
    if any(found_pairs(DeletedEntry.objects.all(), "value", ids)) and not by.restores:
        return Written(Outcome.LEFT_OUT)
    wait(ids, by.source)
    return Written(Outcome.WAITING)


def _arrived(pairs: list[Pair]) -> None:
    """Let what waited for these identifiers, which an entry has now, find it."""
    while pairs:
        resolve_links([], pairs)
        waiting = dict.fromkeys(edge for pair in pairs for edge in component(pairs).get(pair, ()))
        pairs = [new for edge in waiting for new in _join(list(edge), By(""))[1]]


def _external_ids():  # type: ignore[no-untyped-def]
    return ExternalId.objects.select_related("entry")


def _may_be_one(one: Entry, other: Entry) -> bool:
    """Whether no namespace counts them as two, and no curator."""
    if kept_apart(one, other):
        return False
    namespaces = set(one.external_ids.values_list("namespace", flat=True))
    return not other.external_ids.filter(namespace__in=namespaces).exists()


def _holder(namespace: str, value: str) -> Entry | None:
    return Entry.objects.with_external_id(namespace, value).first()
