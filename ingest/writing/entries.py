"""Entries: found or created, taken over by the source that owns them, and given what their records say."""

from collections.abc import Sequence

from django.db import IntegrityError

from ingest.records import EntryRecord
from ingest.writing.categories import write_classifications
from ingest.writing.entities import write_roles
from ingest.writing.identity import find_entries, identifiers
from ingest.writing.links import resolve_links, write_links
from ingest.writing.outcome import NotTogether, Outcome
from ingest.writing.references import write_references
from ingest.writing.rows import create, found, found_pairs
from kb import changes
from kb.models import Entry, ExternalId, SlugRedirect, Tag
from kb.models.slugs import free_slugs, slug_stem

Pairs = list[tuple[Entry, EntryRecord]]


def write_entries(records: Sequence[EntryRecord], source: str, reason: str = "") -> list[Outcome]:
    """Create or update the entry that each record is about. `reason` is what their history will say.

    Raises ValidationError when the facts of one do not fit its kind, NotTogether when two are about one entry.
    """
    drafts = [_draft(record, source) for record in records]
    entries = find_entries(records, [draft.content_hash for draft in drafts], source)
    _refuse_twins(records, drafts, entries)
    created = _create([(d, r) for d, r, entry in zip(drafts, records, entries, strict=True) if entry is None], reason)
    changed = set(created)
    pairs: Pairs = []
    for record, draft, entry in zip(records, drafts, entries, strict=True):
        if entry and entry.source == source and _take_over(entry, draft, record, reason):
            changed.add(entry.pk)
        pairs.append((entry or draft, record))
    changed |= write_tags([(entry, record) for entry, record in pairs if entry.source == source])
    changed |= write_ids(pairs, created)
    changed |= write_roles(pairs, source, reason)
    changed |= write_references(pairs, source, reason)
    changes.announce(changed)
    changed |= write_classifications(pairs, source, reason)
    changed |= write_links(pairs, source)
    resolve_links([entry for entry, _ in pairs], [pair for _, record in pairs for pair in identifiers(record)])
    return [
        Outcome.CREATED if entry.pk in created else Outcome.UPDATED if entry.pk in changed else Outcome.UNCHANGED
        for entry, _ in pairs
    ]


def _draft(record: EntryRecord, source: str) -> Entry:
    """The entry as this source alone would have it."""
    draft = Entry(
        kind=record.kind,
        title=record.title,
        summary=record.summary,
        body=record.body,
        occurred_on=record.occurred.date if record.occurred else None,
        occurred_precision=record.occurred.precision if record.occurred else "",
        status=record.status or "published",
        visibility=record.visibility or "public",
        language=record.language or "en",
        licence=record.licence,
        attribution=record.attribution,
        facts=record.facts,
        source=source,
    )
    draft.clean()
    draft.content_hash = draft.hash_content()
    return draft


def _refuse_twins(records: Sequence[EntryRecord], drafts: list[Entry], entries: list[Entry | None]) -> None:
    seen: set[object] = set()
    for record, draft, entry in zip(records, drafts, entries, strict=True):
        known_by: set[object] = {*identifiers(record)} or {draft.content_hash}
        known_by |= {entry.pk} if entry else set()
        if not seen.isdisjoint(known_by):
            raise NotTogether
        seen |= known_by


def _create(new: Pairs, reason: str) -> set[int]:
    """Insert the drafts under free slugs, those that their records ask for if possible; their ids."""
    stems = [record.slug or slug_stem(record.title, record.kind) for _, record in new]
    for (draft, _), slug in zip(new, free_slugs(Entry, stems), strict=True):
        draft.slug = slug
    create([draft for draft, _ in new], reason)
    return {draft.pk for draft, _ in new}


def _take_over(entry: Entry, draft: Entry, record: EntryRecord, reason: str) -> bool:
    """Bring the entry's own fields to what the draft has; whether any differed."""
    names = ["kind", "title", "summary", "body", "occurred_on", "occurred_precision", "facts", "licence", "attribution"]
    names += [name for name in ("status", "visibility", "language") if getattr(record, name)]
    differing = [name for name in names if getattr(entry, name) != getattr(draft, name)]
    renamed = bool(record.slug) and record.slug != entry.slug and _is_free(record.slug, entry)
    if not differing and not renamed:
        return False
    for name in differing:
        setattr(entry, name, getattr(draft, name))
    if renamed:
        SlugRedirect.objects.update_or_create(slug=entry.slug, defaults={"entry": entry})
        SlugRedirect.objects.filter(slug=record.slug).delete()
        entry.slug = record.slug
    entry._change_reason = reason  # type: ignore[attr-defined]  # simple_history reads it from the instance
    entry.save()
    return True


def _is_free(slug: str, entry: Entry) -> bool:
    """Whether the entry may have this slug: no other has it, or had it once."""
    former = SlugRedirect.objects.filter(slug=slug).exclude(entry=entry)
    return not Entry.objects.filter(slug=slug).exists() and not former.exists()


def write_tags(pairs: Pairs) -> set[int]:
    """Give each entry the tags that its record names, and no others; ids of the entries that this changed."""
    names = dict.fromkeys(name for _, record in pairs for name in record.tags)
    tags = {tag.name: tag for tag in found(Tag.objects.all(), "name", names)}
    missing = [name for name in names if name not in tags]
    slugs = free_slugs(Tag, [slug_stem(name, "tag") for name in missing])
    new = [Tag(name=name, slug=slug) for name, slug in zip(missing, slugs, strict=True)]
    create(new)
    tags |= {tag.name: tag for tag in new}
    through = Entry.tags.through
    wanted = {(entry.pk, tags[name].pk): None for entry, record in pairs for name in record.tags}
    present = {
        (row.entry_id, row.tag_id): row for row in found(through.objects.all(), "entry_id", [e.pk for e, _ in pairs])
    }
    added = [through(entry_id=entry, tag_id=tag) for entry, tag in wanted if (entry, tag) not in present]
    gone = [row for place, row in present.items() if place not in wanted]
    create(added)
    through.objects.filter(pk__in=[row.pk for row in gone]).delete()
    return {row.entry_id for row in (*added, *gone)}


def write_ids(pairs: Pairs, created: set[int]) -> set[int]:
    """Note what the entries are known by; ids of the entries that this changed.

    An id that another entry holds stays there: two entries that claim one id are for a curator to merge. Those just
    `created` were known by none; when one is after all, somebody was faster, and IntegrityError says so.
    """
    claims: dict[tuple[str, str], Entry] = {}
    for entry, record in pairs:
        for pair in identifiers(record):
            claims.setdefault(pair, entry)
    held = {(row.namespace, row.value) for row in found_pairs(ExternalId.objects.all(), "value", claims)}
    if any(claims[pair].pk in created for pair in held):
        raise IntegrityError("another entry with one of its identifiers was made at the same moment")
    new = [
        ExternalId(entry=entry, namespace=namespace, value=value)
        for (namespace, value), entry in claims.items()
        if (namespace, value) not in held
    ]
    create(new)
    return {row.entry_id for row in new}
