"""Which stored entry a record is about, if any."""

from ingest.records import EntryRecord
from kb.addresses import canonical_url
from kb.models import Entry, ExternalId


def identifiers(record: EntryRecord) -> list[tuple[str, str]]:
    """What the record is known by: its external ids, or else the address of its own page."""
    if record.external_ids:
        return list(record.external_ids)
    return [("url", canonical_url(record.page.url))] if record.page else []


def find_entry(record: EntryRecord, content_hash: str, source: str) -> Entry | None:
    """The entry with one of the record's identifiers; for a record without any, the same text from the same source."""
    known = identifiers(record)
    for namespace, value in known:
        external = ExternalId.objects.select_related("entry").filter(namespace=namespace, value=value).first()
        if external:
            return external.entry
    if known:
        return None
    return Entry.objects.filter(content_hash=content_hash, source=source).first()
