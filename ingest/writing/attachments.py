"""Pictures beside an entry's text: their bytes in the data folder, a row for each."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ingest.records import EntryRecord
from ingest.writing.outcome import By, Differences
from ingest.writing.rows import bring
from kb import files
from kb.models import Attachment, Entry


def write_attachments(pairs: Sequence[tuple[Entry, EntryRecord]], by: By, differences: Differences) -> None:
    """Give each entry of the source's own the pictures that its record has."""
    own = [(entry, record) for entry, record in pairs if differences.owns(by.source, entry)]
    wanted = {
        entry.pk: [
            Attachment(
                entry=entry,
                name=one.name,
                sha256=_digest(one.path) if by.rehearsed else files.store(one.path),
                media_type=one.media_type,
                size=one.path.stat().st_size,
                source=by.source,
            )
            for one in record.attachments
        ]
        for entry, record in own
    }
    fresh = ("sha256", "media_type", "size")
    bring("pictures", Attachment.objects.all(), wanted, ("name",), by, differences, fresh=fresh)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
