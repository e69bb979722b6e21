"""Who made what is exported, and under which licences: what goes along with every export."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from kb.job_words import source_label
from kb.licences import licence_url
from kb.models import SourceRecord
from kb.models.entries import EntryQuerySet

VERSION = 1
RIGHTS = (
    "Each entry names who made it and under which licence. Texts of references belong to their publishers: where no "
    "licence allows more, a short quotation is all that is here."
)


@dataclass(frozen=True)
class Notice:
    """What an export is, when it was made, and its sources: name, attribution, licence and number of entries."""

    made_at: dt.datetime
    site: str
    entries: int
    sources: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, entries: EntryQuerySet, site: str = "") -> "Notice":
        """Of all that contributed to these entries."""
        ids = entries.order_by().values("pk")
        rows = SourceRecord.objects.filter(entry__in=ids)
        counted = rows.values("source", "attribution", "licence").annotate(n=Count("entry", distinct=True))
        own = entries.model.objects.filter(pk__in=ids, source_records=None)
        counted_own = own.order_by().values("source", "attribution", "licence").annotate(n=Count("pk"))
        sources = [_source(dict(row)) for row in [*counted, *counted_own]]
        sources.sort(key=lambda one: (-one["entries"], one["source"]))
        return cls(dt.datetime.now(dt.UTC).replace(microsecond=0), site, entries.count(), tuple(sources))

    def said(self) -> dict[str, Any]:
        """As JSON says it."""
        return {
            "version": VERSION,
            "exported_at": self.made_at.isoformat(),
            "site": self.site,
            "entries": self.entries,
            "sources": list(self.sources),
            "rights": RIGHTS,
        }

    def lines(self) -> Iterator[str]:
        """In words, a line each."""
        where = f" from {self.site}" if self.site else ""
        yield f"{self.entries:,} entries of Precedent{where}, exported {self.made_at:%Y-%m-%d %H:%M} UTC"
        yield RIGHTS
        yield "Sources:"
        for one in self.sources:
            licence = ", ".join(filter(None, (one["licence"], one["licence_url"]))) or "no licence stated"
            yield f"- {one['attribution'] or one['name']} ({one['entries']:,}): {licence}"


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": row["source"],
        "name": source_label(row["source"]) if row["source"] else "written here",
        "attribution": row["attribution"],
        "licence": row["licence"],
        "licence_url": licence_url(row["licence"]),
        "entries": row["n"],
    }
