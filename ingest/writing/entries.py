"""Entries: found or created, followed where the source owns them, and given what their records say."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import IntegrityError

from ingest.records import EntryRecord
from ingest.writing.attachments import write_attachments
from ingest.writing.categories import write_classifications
from ingest.writing.entities import write_roles
from ingest.writing.identity import deleted, digest, find_entries, holders, identifiers, record_key, to_unite
from ingest.writing.links import resolve_links, write_links
from ingest.writing.outcome import By, Differences, NotTogether, Outcome, Written
from ingest.writing.references import write_references
from ingest.writing.rows import create, found, found_pairs
from ingest.writing.sameness import settle, with_waiting
from ingest.writing.source_records import known_records, remember, saw, told_by_several
from kb import changes, own_ids, provenance
from kb.curating import TEXT
from kb.merging import merge_entries
from kb.models import DeletedEntry, Entry, ExternalId, SlugRedirect, SourceRecord, Tag
from kb.models.entries import normal_tag
from kb.models.provenance import MAX_KEY, Action
from kb.models.slugs import free_slugs, slug_stem

Pairs = list[tuple[Entry, EntryRecord]]
TAGS = "tags"
TWICE = "stands there twice, under one identifier and with different words; those that came first stay"


def write_entries(records: Sequence[EntryRecord], by: By) -> list[Written]:
    """Create or update the entry that each record is about, and say what that changed.

    Raises ValidationError when the facts of one do not fit its kind, NotTogether when two are about one entry.
    """
    drafts = [draft_of(record, by) for record in records]
    keys = [record_key(r, draft.content_hash) for r, draft in zip(records, drafts, strict=True)]
    digests = [digest(record) for record in records]
    known = known_records(keys, by)
    gone = {} if by.restores else deleted(records, [draft.content_hash for draft in drafts])
    results = {place: _left_out(title) for place, title in gone.items()}
    same = {
        place: row
        for place, (key, mark) in enumerate(zip(keys, digests, strict=True))
        if place not in gone and (row := known.get(key[:MAX_KEY])) and row.digest == mark
    }
    results |= {place: _unchanged(row) for place, row in same.items()}
    met = {row.pk for row in same.values()}
    results |= {
        place: Written(Outcome.UNCHANGED, row.entry, said=TWICE)
        for place, key in enumerate(keys)
        if place not in results and (row := known.get(key[:MAX_KEY])) and (row.pk in met or by.has_met(row))
    }
    saw(same.values(), by)
    rest = [place for place in range(len(records)) if place not in results]
    if rest:
        written = _write(
            [records[place] for place in rest],
            [drafts[place] for place in rest],
            [keys[place] for place in rest],
            [digests[place] for place in rest],
            known,
            by,
        )
        results |= dict(zip(rest, written, strict=True))
    return [results[place] for place in range(len(records))]


def _left_out(title: str) -> Written:
    said = f"“{title}” was deleted here, and stays so, unless an import is told to bring back what was deleted"
    return Written(Outcome.LEFT_OUT, said=said)


def _unchanged(row: SourceRecord) -> Written:
    also: tuple[tuple[str, dict[str, Any]], ...] = ((Action.RETURNED, {}),) if row.vanished_at else ()
    return Written(Outcome.UNCHANGED, row.entry, also=also)


def _write(
    records: Sequence[EntryRecord],
    drafts: Sequence[Entry],
    keys: Sequence[str],
    digests: Sequence[str],
    known: dict[str, SourceRecord],
    by: By,
) -> list[Written]:
    own, records = records, with_waiting(records)
    merged = _unite(records)
    held = holders(pair for record in records for pair in identifiers(record))
    entries = find_entries(records, [draft.content_hash for draft in drafts], held, by.source)
    differences = Differences(*told_by_several(own, keys, entries, by))
    _refuse_twins(records, drafts, entries)
    returned = {row.entry_id for key in keys if (row := known.get(key[:MAX_KEY])) and row.vanished_at}
    new = [(d, r) for d, r, entry in zip(drafts, records, entries, strict=True) if entry is None]
    created = _create(new, by.reason)
    pairs: Pairs = []
    for record, draft, entry in zip(records, drafts, entries, strict=True):
        if entry and differences.owns(by.source, entry):
            _follow(entry, draft, record, by, differences)
        pairs.append((entry or draft, record))
    write_tags([(entry, record) for entry, record in pairs if differences.owns(by.source, entry)], by, differences)
    write_ids(pairs, created, held, differences)
    write_roles(pairs, by, differences)
    write_references(pairs, by, differences)
    write_attachments(pairs, by, differences)
    changes.announce(differences.ids | created)
    write_classifications(pairs, by, differences)
    write_links(pairs, by, differences)
    named = [pair for _, record in pairs for pair in identifiers(record)]
    resolve_links([entry for entry, _ in pairs], named)
    settle(named)
    remember(pairs, keys, digests, known, by)
    return [_said(entry, created, returned, merged, differences) for entry, _ in pairs]


def _said(
    entry: Entry, created: set[int], returned: set[int], merged: dict[int, list[Entry]], differences: Differences
) -> Written:
    fields = differences.fields.get(entry.pk, {})
    gone = merged.get(entry.pk, [])
    was_hidden = any(other.is_hidden for other in gone)
    also: list[tuple[str, dict[str, Any]]] = [
        (Action.MERGED, {"entry": {"from": other.title, "to": entry.title}}) for other in gone
    ]
    also += [(Action.RETURNED, {})] if entry.pk in returned else []
    conflicts = differences.conflicts.get(entry.pk, {})
    if entry.pk in created:
        return Written(Outcome.CREATED, entry, fields, conflicts, tuple(also))
    outcome = Outcome.UPDATED if fields or gone else Outcome.UNCHANGED
    seconded = differences.is_seconded(entry)
    said = f"another record here is about “{entry.title}” too, and its words stay" if seconded else ""
    return Written(outcome, entry, fields, conflicts, tuple(also), said, was_hidden)


def draft_of(record: EntryRecord, by: By) -> Entry:
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
        source=by.source,
        provenance={provenance.EVERY: _origin(record, by)},
    )
    draft.clean()
    draft.content_hash = draft.hash_content()
    return draft


def _origin(record: EntryRecord, by: By) -> dict[str, Any]:
    return {"source": by.source, "job": by.job.pk if by.job else None, "licence": record.licence}


def _refuse_twins(records: Sequence[EntryRecord], drafts: Sequence[Entry], entries: list[Entry | None]) -> None:
    seen: set[object] = set()
    for record, draft, entry in zip(records, drafts, entries, strict=True):
        known_by: set[object] = {*identifiers(record)} or {draft.content_hash}
        known_by |= {entry.pk} if entry else set()
        if not seen.isdisjoint(known_by):
            raise NotTogether
        seen |= known_by


def _unite(records: Sequence[EntryRecord]) -> dict[int, list[Entry]]:
    """Merge entries that a record shows to be one; those that are gone, by the entry that stayed."""
    merged: dict[int, list[Entry]] = {}
    for kept, other in to_unite(records):
        merged.setdefault(kept.pk, []).append(other)
        merge_entries(other, kept)
    return merged


def _create(new: Pairs, reason: str) -> set[int]:
    """Insert the drafts under free slugs, those that their records ask for if possible; their ids."""
    stems = [record.slug or slug_stem(record.title, record.kind) for _, record in new]
    for (draft, _), slug in zip(new, free_slugs(Entry, stems), strict=True):
        draft.slug = slug
    create([draft for draft, _ in new], reason)
    return {draft.pk for draft, _ in new}


def _follow(entry: Entry, draft: Entry, record: EntryRecord, by: By, differences: Differences) -> None:
    """Bring the entry's own fields to what the draft has, but for those that a curator decided."""
    old, new = _compared(entry, draft, record, by)
    told_before = dict(entry.provenance)
    differing = provenance.differing(old, new)
    for name in [name for name in (*old, *new) if provenance.is_curated(entry, name)]:
        _disagree(entry, name, old.get(name), new.get(name), by, differences)
    followed = [name for name in differing if not provenance.is_curated(entry, name)]
    for name in followed:
        differences.value(entry.pk, name, old.get(name), new.get(name))
        if name == "slug":
            _move(entry, record.slug)
        else:
            provenance.set_value(entry, name, new.get(name))
    if followed:
        own = {name: _origin(record, by) for name in followed}
        entry.provenance = entry.provenance | own
        entry._change_reason = by.reason  # type: ignore[attr-defined]  # simple_history reads it from the instance
        entry.save()
    elif entry.provenance != told_before:
        Entry.objects.filter(pk=entry.pk).update(provenance=entry.provenance)


def _is_others(entry: Entry, name: str, by: By) -> bool:
    """Whether another source gave the field, as happens when entries are merged."""
    return name in entry.provenance and provenance.of_field(entry, name).get("source") not in ("", by.source)


def _compared(entry: Entry, draft: Entry, record: EntryRecord, by: By) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that the record has a word about: as they are, and as they would be."""
    old, new = provenance.values(entry), provenance.values(draft)
    silent = [name for name in ("status", "visibility", "language") if not getattr(record, name)]
    if not record.slug or record.slug == entry.slug or not _is_free(record.slug, entry):
        silent.append("slug")
    else:
        new["slug"] = record.slug
    silent += [name for name in old if name not in silent and not new.get(name) and _is_others(entry, name, by)]
    for name in silent:
        old.pop(name), new.pop(name, None)
    return old, new


def _disagree(entry: Entry, name: str, kept: Any, offered: Any, by: By, differences: Differences) -> None:
    """Keep what a curator decided, and note what the source says otherwise; once, until it says something else."""
    known = entry.provenance[name]
    if (kept or None) == (offered or None):
        if "upstream" in known:
            entry.provenance = entry.provenance | {name: {"source": ""}}
    elif provenance.is_settled(entry, name, offered):
        return
    elif "upstream" not in known or known["upstream"] != offered:
        said = {"upstream": offered, "upstream_source": by.source, "job": by.job.pk if by.job else None}
        entry.provenance = entry.provenance | {name: {"source": "", **said}}
        differences.conflict(entry.pk, name, kept, offered)


def _move(entry: Entry, slug: str) -> None:
    """Give the entry another address; the former leads there."""
    SlugRedirect.objects.update_or_create(slug=entry.slug, defaults={"entry": entry})
    SlugRedirect.objects.filter(slug=slug).delete()
    entry.slug = slug


def _is_free(slug: str, entry: Entry) -> bool:
    """Whether the entry may have this slug: no other has it, or had it once."""
    former = SlugRedirect.objects.filter(slug=slug).exclude(entry=entry)
    return not Entry.objects.filter(slug=slug).exists() and not former.exists()


def write_tags(pairs: Pairs, by: By, differences: Differences) -> None:
    """Give each entry the tags that its record names, and no others; where a curator chose the tags, they stay."""
    tags = _tags(name for _, record in pairs for name in record.tags)
    through = Entry.tags.through
    open_pairs = [(entry, record) for entry, record in pairs if not provenance.is_curated(entry, TAGS)]
    wanted = {(entry.pk, tags[name].pk): tags[name].name for entry, record in open_pairs for name in record.tags}
    rows = through.objects.select_related("tag")
    present = {(row.entry_id, row.tag_id): row for row in found(rows, "entry_id", [e.pk for e, _ in open_pairs])}
    added = [through(entry_id=entry, tag_id=tag) for entry, tag in wanted if (entry, tag) not in present]
    gone = [row for place, row in present.items() if place not in wanted and place[0] not in differences.shared]
    create(added)
    through.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for row in added:
        differences.rows(row.entry_id, TAGS, added=[wanted[row.entry_id, row.tag_id]])
    for row in gone:
        differences.rows(row.entry_id, TAGS, removed=[row.tag.name])


def _tags(names: Iterable[str]) -> dict[str, Tag]:
    """The tag that each of the names is, made where there is none; another spelling of one that is here is that one."""
    normal = {name: normal_tag(name) for name in names}
    known: dict[str, Tag] = {}
    for tag in sorted(found(Tag.objects.all(), "normal", normal.values()), key=lambda tag: -tag.pk):
        known[tag.normal] = tag  # the first of several
    missing = {said: name for name, said in reversed(normal.items()) if said not in known}
    slugs = free_slugs(Tag, [slug_stem(name, "tag") for name in missing.values()])
    new = [Tag(name=name, normal=said, slug=slug) for (said, name), slug in zip(missing.items(), slugs, strict=True)]
    create(new)
    known |= {tag.normal: tag for tag in new}
    return {name: known[said] for name, said in normal.items()}


def write_ids(pairs: Pairs, created: set[int], known: Collection[tuple[str, str]], differences: Differences) -> None:
    """Note what the entries are known by.

    An id that another entry holds stays there: two entries that claim one id are for a curator to merge. Of those just
    `created` no other had an id that was not `known` to be held; when one has after all, somebody was faster, and
    IntegrityError says so.
    """
    claims: dict[tuple[str, str], Entry] = {}
    for entry, record in pairs:
        refused = provenance.removed(entry, "identifiers")
        for pair in identifiers(record):
            if provenance.row_key(*pair) not in refused:
                claims.setdefault(pair, entry)
    own = {pair for _, record in pairs for pair in (record.external_ids or identifiers(record))}
    held = {(row.namespace, row.value) for row in found_pairs(ExternalId.objects.all(), "value", claims)}
    if any(pair in claims and claims[pair].pk in created for pair in (held & own) - {*known}):
        raise IntegrityError("another entry with one of its identifiers was made at the same moment")
    new = [
        ExternalId(entry=entry, namespace=namespace, value=value)
        for (namespace, value), entry in claims.items()
        if (namespace, value) not in held and (namespace != own_ids.NAMESPACE or (namespace, value) not in known)
    ]
    create(new)
    nameless = [(TEXT, entry.content_hash) for entry, record in pairs if not identifiers(record)]
    for forgotten in list(found_pairs(DeletedEntry.objects.all(), "value", (*claims, *nameless))):
        forgotten.delete()  # what was deleted is here again
    for row in new:
        differences.rows(row.entry_id, "identifiers", added=[f"{row.namespace} {row.value}"])
