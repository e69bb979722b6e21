"""Which stored entry a record is about, if any."""

import hashlib
from collections.abc import Sequence

from ingest.records import MAX_NAME, EntryRecord
from ingest.writing.rows import found, found_pairs
from kb.addresses import canonical_url
from kb.models import Entry, ExternalId


def identifiers(record: EntryRecord) -> list[tuple[str, str]]:
    """What the record is known by: its external ids, or else the address of its own page."""
    if record.external_ids:
        return list(record.external_ids)
    return [("url", _fitting(canonical_url(record.page.url)))] if record.page else []


def find_entries(records: Sequence[EntryRecord], hashes: Sequence[str], source: str) -> list[Entry | None]:
    """For each record the entry with one of its identifiers; without any, the same text from the same source.

    `hashes` are the content hashes of what the records say.
    """
    known = [identifiers(record) for record in records]
    externals = ExternalId.objects.select_related("entry")
    by_id = {
        (row.namespace, row.value): row.entry
        for row in found_pairs(externals, "value", (pair for pairs in known for pair in pairs))
    }
    nameless = [digest for digest, pairs in zip(hashes, known, strict=True) if not pairs]
    same_text = Entry.objects.filter(source=source).order_by("id")
    by_text = {entry.content_hash: entry for entry in found(same_text, "content_hash", nameless)}
    return [
        next((by_id[pair] for pair in pairs if pair in by_id), None) if pairs else by_text.get(digest)
        for digest, pairs in zip(hashes, known, strict=True)
    ]


def _fitting(address: str) -> str:
    """An address as an external id can hold it: a long one ends in its hash."""
    if len(address) <= MAX_NAME:
        return address
    digest = hashlib.sha256(address.encode()).hexdigest()
    return f"{address[: MAX_NAME - len(digest) - 1]}#{digest}"
