"""References: one a canonical address, shared by the entries that cite it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from ingest.records import EntryRecord, ReferenceRecord
from ingest.writing.outcome import By, Differences
from ingest.writing.rows import bring, create, found
from kb import provenance
from kb.models import Entry, EntryReference, Reference

DATED = {"published_on", "published_precision"}  # which are one thing

Citations = list[tuple[Entry, str, ReferenceRecord]]  # entry, canonical address, what its record says of the reference


def write_references(pairs: Sequence[tuple[Entry, EntryRecord]], by: By, differences: Differences) -> None:
    """Let each entry cite what its record cites, its own page first."""
    citations = [
        (entry, record.address, record)
        for entry, of_entry in pairs
        for record in _cited(of_entry, owned=differences.owns(by.source, entry))
    ]
    addresses = [address for _, address, _ in citations]
    references = {row.canonical_url or "": row for row in found(Reference.objects.all(), "canonical_url", addresses)}
    _tell(references, citations, by, differences)
    references |= _create([one for one in citations if one[1] not in references], by)
    entries = [entry.pk for entry, _ in pairs]
    last = dict(
        EntryReference.objects.filter(entry__in=entries).values_list("entry").annotate(Max("position")).order_by()
    )
    wanted: dict[int, list[EntryReference]] = {pk: [] for pk in entries}
    for entry, address, record in citations:
        position = last.get(entry.pk, -1) + 1 + len(wanted[entry.pk])
        cited = EntryReference(entry=entry, reference=references[address], position=position, role=record.role)
        cited.source = by.source
        wanted[entry.pk].append(cited)
    bring(
        "references",
        EntryReference.objects.select_related("reference").defer("reference__text"),
        wanted,
        ("reference_id",),
        by,
        differences,
        withheld={entry.pk: provenance.removed(entry, "references") for entry, _ in pairs},
        show=lambda row: str(row.reference) or row.reference.canonical_url or "",
    )


def _cited(record: EntryRecord, owned: bool) -> list[ReferenceRecord]:
    """What the record cites. Where another source owns the entry, this one's words are the text of its page."""
    if record.page is None:
        return record.references
    page = record.page
    if not owned and not page.text:
        text = "\n\n".join(part for part in (record.summary, record.body) if part.strip())
        page = page.model_copy(update={"text": text, "text_licence": record.licence})
    return [page, *record.references]


def _values(record: ReferenceRecord) -> dict[str, Any]:
    return {
        "url": record.url,
        "title": record.title,
        "publisher": record.publisher,
        "authors": record.authors,
        "published_on": record.published.date if record.published else None,
        "published_precision": record.published.precision if record.published else "",
        "archive_url": record.archive_url,
        "language": record.language,
        "text": record.text,
        "text_licence": record.text_licence,
        "page_starts": record.pages,
    }


def _create(citations: Citations, by: By) -> dict[str, Reference]:
    """New references by address; of several that tell of one, the later fill in what the first left open."""
    new: dict[str, Reference] = {}
    for _, address, record in citations:
        values = _values(record)
        if address not in new:
            new[address] = Reference(**values, canonical_url=address, source=by.source)
        else:
            _fill(new[address], values, replace=False)
    create(list(new.values()), by.reason)
    return new


def _tell(references: dict[str, Reference], citations: Citations, by: By, differences: Differences) -> None:
    """Bring references that are there to what the records say of them."""
    tellers = _tellers(references, citations, by.source)
    changed: dict[int, Reference] = {}
    for entry, address, record in citations:
        reference = references.get(address)
        if reference is None:
            continue
        replace = tellers.get(reference.pk) == entry.pk
        if replace:
            del tellers[reference.pk]  # a record may name it twice; the first time counts
        if _fill(reference, _values(record), replace):
            changed[reference.pk] = reference
            differences.rows(entry.pk, "references", changed=[str(reference) or address])
    for reference in changed.values():
        reference.save()


def _tellers(references: dict[str, Reference], citations: Citations, source: str) -> dict[int, int]:
    """For each reference that this source told of, the entry whose record may say so anew: the first that cited it.

    Two entries that give one article different titles would otherwise take turns at every import.
    """
    own = {reference.pk for reference in references.values() if reference.source == source}
    tellers: dict[int, int] = {}
    for row in found(EntryReference.objects.filter(source=source).order_by("id"), "reference_id", own):
        tellers.setdefault(row.reference_id, row.entry_id)
    for entry, address, _ in citations:
        if address in references and references[address].pk in own:
            tellers.setdefault(references[address].pk, entry.pk)
    return tellers


def _fill(reference: Reference, values: dict[str, Any], replace: bool) -> bool:
    """Set what `values` know and the reference does not, or with `replace` knows otherwise; whether there was any.

    What a curator decided stays, be it nothing.
    """
    decided = {*reference.curated}
    decided |= DATED if decided & DATED else set()
    new = {
        name: value
        for name, value in values.items()
        if value
        and name not in decided
        and getattr(reference, name) != value
        and (replace or not getattr(reference, name))
    }
    new.pop("page_starts", None)
    if "text" in new:  # its pages are those of this text
        new["page_starts"] = values["page_starts"]
    for name, value in new.items():
        setattr(reference, name, value)
    return bool(new)
