"""A place in an entry's texts: an address that opens the entry's page there.

`/entries/slug/?at=body.120-186.5f3a9c01#passage`: the text, the code points, and the beginning of the SHA-256 of what
stands there. So an address outlives every new index, and where the text has changed since, it opens the entry as any
other address of it does. Nor can anybody walk through a text that may not be republished by counting on: who does not
have its words cannot name a place in it.
"""

import hashlib
import re
from dataclasses import dataclass

from kb.models import Entry

PARAMETER = "at"
ANCHOR = "passage"
FORM = re.compile(r"(summary|body|reference-(\d{1,18}))\.(\d{1,9})-(\d{1,9})\.([0-9a-f]{8})")


@dataclass(frozen=True)
class Place:
    """Code points `start` to `end` of one stored text of an entry: its summary, its body, or a reference's text."""

    source: str
    start: int
    end: int
    reference_id: int | None = None

    @classmethod
    def find(cls, entry: Entry, written: str) -> "Place | None":
        """The place that an address names, if this entry has it; None for anything else."""
        form = FORM.fullmatch(written)
        if not form:
            return None
        source, reference, start, end, check = form.groups()
        place = cls(source.partition("-")[0], int(start), int(end), int(reference) if reference else None)
        text = place.text_in(entry)
        if not place.start < place.end <= len(text) or _check(text[place.start : place.end]) != check:
            return None
        return place

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    def text_in(self, entry: Entry) -> str:
        """The stored text that the place is in; empty where this entry has none such."""
        if self.reference_id is None:
            return entry.summary if self.source == "summary" else entry.body
        cited = (one.reference for one in entry.citations.all() if one.reference_id == self.reference_id)
        return next((reference.text for reference in cited), "")


def place_url(page: str, source: str, start: int, words: str, reference_id: int | None = None) -> str:
    """The address at which an entry's page opens at `words`, which begin at code point `start` of the text that
    `source` names; `page` is the address of the page. A title is at the top, so its address is the page's.
    """
    if source == "title" or not words:
        return page
    name = source if reference_id is None else f"{source}-{reference_id}"
    return f"{page}?{PARAMETER}={name}.{start}-{start + len(words)}.{_check(words)}#{ANCHOR}"


def _check(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:8]
