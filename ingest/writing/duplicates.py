"""Duplicates: what a source withdrew leads to what stands for it."""

from collections.abc import Sequence

from ingest.records import DuplicateRecord
from ingest.writing.links import resolve_links
from ingest.writing.outcome import Outcome, Refusal
from kb.merging import merge_entries
from kb.models import Entry, ExternalId


def write_duplicates(records: Sequence[DuplicateRecord], source: str, reason: str = "") -> list[Outcome]:
    """Let each withdrawn identifier lead to the entry that stands for it; an entry of its own is merged into that."""
    return [_write(record, source) for record in records]


def _write(record: DuplicateRecord, source: str) -> Outcome:
    kept = _holder(record.namespace, record.of)
    if kept is None:
        raise Refusal(f"{record.namespace} {record.of}, which it is a duplicate of, is not here")
    gone = _holder(record.namespace, record.value)
    if gone is None:
        ExternalId.objects.create(entry=kept, namespace=record.namespace, value=record.value)
        resolve_links([], [(record.namespace, record.value)])
        return Outcome.UPDATED
    if gone == kept:
        return Outcome.UNCHANGED
    # What the source said of the withdrawn record it says no more, and would take back at its next import.
    for rows in (gone.roles, gone.citations, gone.classifications, gone.links, gone.unresolved_links):
        rows.filter(source=source).update(source="")
    merge_entries(gone, kept)
    return Outcome.UPDATED


def _holder(namespace: str, value: str) -> Entry | None:
    return Entry.objects.with_external_id(namespace, value).first()
