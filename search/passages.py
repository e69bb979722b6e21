"""From an entry to its passages: cut, hashed, and kept in the database."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from kb.models import Entry
from search.chunking import passages
from search.models import IDS_AT_ONCE, Passage
from search.text import embedded_text


@dataclass(frozen=True)
class Piece:
    """A passage that is not stored yet; two pieces with equal fields are the same passage."""

    source: str
    reference_id: int | None
    start: int
    end: int
    text: str
    text_hash: str


def pieces(entry: Entry) -> list[Piece]:
    """Every passage of the entry's stored texts, in reading order."""
    found = []
    for searchable in entry.searchable():
        for span in passages(searchable.text):
            text = searchable.text[span.start : span.end]
            digest = hashlib.sha256(embedded_text(entry.title, text).encode()).hexdigest()
            found.append(Piece(searchable.source, searchable.reference_id, span.start, span.end, text, digest))
    return found


def sync(entries: Iterable[Entry]) -> dict[Entry, list[Passage]]:
    """Make the stored passages of each entry those that it has now; all of them.

    A passage that still says the same at the same place keeps its row and its id.
    """
    found: dict[Entry, list[Passage]] = {}
    gone: list[int] = []
    new: list[Passage] = []
    for entry in entries:
        wanted = dict.fromkeys(pieces(entry))
        kept = found[entry] = []
        for passage in entry.passages.all():
            piece = _piece(passage)
            if piece in wanted:
                del wanted[piece]
                kept.append(passage)
            else:
                gone.append(passage.pk)
        new += [_row(entry, piece) for piece in wanted]
    for first in range(0, len(gone), IDS_AT_ONCE):
        Passage.objects.filter(pk__in=gone[first : first + IDS_AT_ONCE]).delete()
    for passage in Passage.objects.bulk_create(new):
        found[passage.entry].append(passage)
    return found


def _row(entry: Entry, piece: Piece) -> Passage:
    return Passage(
        entry=entry,
        source=piece.source,
        reference_id=piece.reference_id,
        start=piece.start,
        end=piece.end,
        text=piece.text,
        text_hash=piece.text_hash,
    )


def _piece(row: Passage) -> Piece:
    return Piece(row.source, row.reference_id, row.start, row.end, row.text, row.text_hash)
