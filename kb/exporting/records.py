"""An entry as it leaves: everything a reader may know of it, by names that mean the same in another instance."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.db.models.functions import Substr

from kb import own_ids, provenance
from kb.licences import licence_url
from kb.models import Attachment, Classification, Entry, EntryReference, ExternalId, Link, Origin, Reference
from kb.models.entries import EntryQuerySet
from kb.rights import QUOTE_CHARS, may_show_whole

TOGETHER = 100  # entries in memory


@dataclass(frozen=True)
class ExportRecord:
    """An entry and its own address here ("" where nobody said where "here" is). `said` is what a line of JSON tells."""

    entry: Entry
    said: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.said["url"])


def records(entries: EntryQuerySet, readable: EntryQuerySet, site: str = "") -> Iterator[ExportRecord]:
    """Each of `entries`, in their order, with what hangs on it, a few in memory at a time.

    Links lead to what is `readable` alone. `site` is the address of this instance, such as `https://kb.example`. Texts
    of references are whole only where their licence allows it; of others there is a short quote.
    """
    ids = array("q", entries.values_list("pk", flat=True).iterator())
    for first in range(0, len(ids), TOGETHER):
        chosen = ids[first : first + TOGETHER].tolist()
        found = _whole(chosen, readable)
        for pk in chosen:
            if pk in found:  # not deleted meanwhile
                yield ExportRecord(found[pk], _said(found[pk], site.rstrip("/")))


def known_by(entry: Entry) -> list[list[str]]:
    """The entry's identifiers; where it has none, one by which this instance will know it again."""
    pairs = [[one.namespace, one.value] for one in entry.external_ids.all()]
    return pairs or [[own_ids.NAMESPACE, own_ids.own_identifier(entry)]]


def _whole(ids: list[int], readable: EntryQuerySet) -> dict[int, Entry]:
    references = Reference.objects.defer("text").annotate(quote=Substr("text", 1, QUOTE_CHARS + 1))
    classified = Classification.objects.select_related("category__taxonomy", "category__parent__parent").order_by("id")
    targets = Prefetch("target", Entry.objects.only("slug", "created_at").prefetch_related("external_ids"))
    rows = Entry.objects.filter(pk__in=ids).prefetch_related(
        *("tags", "roles__entity", "source_records"),
        Prefetch("external_ids", ExternalId.objects.order_by("id")),
        Prefetch("citations", EntryReference.objects.prefetch_related(Prefetch("reference", references))),
        Prefetch("classifications", classified),
        Prefetch("links", Link.objects.filter(target__in=readable).prefetch_related(targets)),
        Prefetch("attachments", Attachment.objects.order_by("id")),
    )
    return {entry.pk: entry for entry in rows}


def _said(entry: Entry, site: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "kind": entry.kind,
        "title": entry.title,
        "slug": entry.slug,
        "url": site + entry.get_absolute_url() if site else "",
        "date": entry.occurred,
        "summary": entry.summary,
        "body": entry.body,
        "language": entry.language,
        "status": entry.status,
        "visibility": entry.visibility,
        "tags": [tag.name for tag in entry.tags.all()],
        "ids": known_by(entry),
        "roles": [{"role": row.role, "name": row.entity.name} for row in entry.roles.all()],
        "facts": entry.facts,
        "references": [_reference(row.reference) | {"role": row.role} for row in entry.citations.all()],
        "classifications": [
            {
                "taxonomy": row.category.taxonomy.name,
                "path": row.category.path,
                "origin": row.origin,
                "evidence": row.evidence,
            }
            for row in entry.classifications.all()
        ],
        "links": [{"relation": row.relation, "to": known_by(row.target)[0]} for row in entry.links.all()],
        "licence": entry.licence,
        "attribution": entry.attribution,
        "attributions": attributions(entry),
        "created_at": entry.created_at.isoformat(),
        "updated_at": entry.updated_at.isoformat(),
    }
    return said


def attributions(entry: Entry) -> list[dict[str, Any]]:
    """Every source that contributed, with its licence and where that can be read."""
    return [{**one, "licence_url": licence_url(one["licence"])} for one in provenance.attributions(entry)]


def labels(entry: Entry, *, suggested: bool = False) -> Iterator[Classification]:
    """The entry's classifications, without those that are only suggested."""
    return (row for row in entry.classifications.all() if suggested or row.origin != Origin.SUGGESTED)


def _reference(reference: Any) -> dict[str, Any]:
    whole = may_show_whole(reference.text_licence)
    text = reference.text if whole else reference.quote[:QUOTE_CHARS]
    return {
        "url": reference.url,
        "urn": "" if reference.url else reference.canonical_url or "",
        "title": reference.title,
        "publisher": reference.publisher,
        "authors": reference.authors,
        "date": reference.published,
        "archive_url": reference.archive_url,
        "language": reference.language,
        "text": text,
        "text_is_quote": not whole and len(reference.quote) > QUOTE_CHARS,
        "text_licence": reference.text_licence,
    }
