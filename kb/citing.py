"""How the page of an entry is cited: in words, and as files that programs for bibliographies read.

Cited is the page, by who made its text and by the day of its last change, with the day on which it was retrieved. An
export of many entries cites notes and case studies as what they are about instead: see kb.exporting.bibliography.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from django.utils import timezone
from django.utils.dateformat import format as format_date

from kb.exporting.bibliography import Cited, bibtex_item, citation_key, csl_item, ris_item
from kb.external import outside
from kb.models import Entry, Role

SITE = "Precedent"

# Name in addresses -> (what a reader calls it, media type, ending, what writes one item).
FILES: dict[str, tuple[str, str, str, Callable[[Cited], str]]] = {
    "bibtex": ("BibTeX", "application/x-bibtex", "bib", bibtex_item),
    "ris": ("RIS", "application/x-research-info-systems", "ris", ris_item),
    "csl-json": (
        "CSL-JSON",
        "application/vnd.citationstyles.csl+json",
        "json",
        lambda one: json.dumps([csl_item(one)], ensure_ascii=False, indent=2) + "\n",
    ),
}


@dataclass(frozen=True)
class Citation:
    """The entry at `url`, as it said on `changed`, retrieved on `retrieved`."""

    entry: Entry
    url: str
    changed: date
    retrieved: date

    @classmethod
    def now(cls, entry: Entry, url: str) -> "Citation":
        """The entry as it is, retrieved today."""
        return cls(entry, url, entry.updated_at.date(), timezone.now().date())

    @cached_property
    def cited(self) -> Cited:
        entry = self.entry
        authors = [role.entity.name for role in entry.roles.all() if role.role == Role.AUTHOR]
        ids = [outside(one.namespace, one.value) for one in entry.external_ids.all()]
        named = ", ".join(filter(None, (entry.attribution, entry.licence)))
        return Cited(
            key=citation_key(entry.slug),
            title=entry.title,
            date=self.changed.isoformat(),
            url=self.url,
            authors=authors or [entry.attribution or SITE],
            publisher=SITE,
            summary=entry.summary,
            keywords=[tag.name for tag in entry.tags.all()],
            language=entry.language,
            doi="",  # one that the entry has is of what it is about, and not of this page
            note="; ".join(filter(None, (named, *(one.label for one in ids if one.url)))),
            is_paper=False,
            accessed=self.retrieved.isoformat(),
        )

    @property
    def apa(self) -> str:
        """As the seventh edition has it of a web page: the site is left out where it is the author."""
        one = self.cited
        author = " & ".join(filter(None, (", ".join(one.authors[:-1]), one.authors[-1])))
        said = [f"{author.rstrip('.')}.", f"({format_date(self.changed, 'Y, F j')})."]
        said += [one.title if one.title[-1:] in ".?!" else f"{one.title}."]
        said += [f"{SITE}."] if one.authors != [SITE] else []
        return " ".join([*said, f"Retrieved {format_date(self.retrieved, 'F j, Y')}, from {one.url}"])

    @property
    def bibtex(self) -> str:
        """Short enough to be read on a page: without what the page says above."""
        return bibtex_item(replace(self.cited, summary="", keywords=[]))

    def file(self, name: str) -> str:
        """The whole item in one of FILES."""
        return FILES[name][3](self.cited)
