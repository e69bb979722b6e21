"""Writes records into the knowledge base, and says what that changed.

The source that made an entry owns its texts, facts, date and tags. Another source that knows the same event adds
identifiers, references, roles and classifications; what it has to say about the event becomes the text of its own page
among the references. Rows that say where they come from are taken back by that source alone.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import Model, Q

from ingest.identity import find_entry, identifiers
from ingest.records import (
    DuplicateRecord,
    EntityRecord,
    EntryRecord,
    LinkRecord,
    ReferenceRecord,
    RoleRecord,
)
from kb.addresses import canonical_url
from kb.merging import merge_entries
from kb.models import (
    Category,
    Classification,
    Entity,
    EntityAlias,
    EntityRole,
    Entry,
    EntryReference,
    ExternalId,
    Link,
    Origin,
    Reference,
    SlugRedirect,
    Tag,
    Taxonomy,
    UnresolvedLink,
)
from kb.models.entities import normal_name
from kb.models.fields import free_slug


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def write_entry(record: EntryRecord, source: str, reason: str = "") -> Outcome:
    """Create or update the entry that the record is about. `reason` is what its history will say.

    Raises django.core.exceptions.ValidationError when the record's facts do not fit its kind.
    """
    draft = _draft(record, source)
    draft.clean()
    entry = find_entry(record, draft.hash_content(), source)
    created = entry is None
    changed = False
    if entry is None:
        entry = draft
        entry.slug = free_slug(Entry, record.slug or record.title, fallback=record.kind)
        entry._change_reason = reason  # type: ignore[attr-defined]  # simple_history reads it from the instance
        entry.save()
    owned = created or entry.source == source
    if owned and not created:
        changed |= _take_over(entry, draft, record, reason)
    if owned:
        changed |= _write_tags(entry, record.tags)
    changed |= _write_ids(entry, identifiers(record))
    changed |= _write_roles(entry, record.roles, source)
    changed |= _write_references(entry, _references(record, owned), source)
    changed |= _write_classifications(entry, record, source)
    changed |= _write_links(entry, record.links, source)
    if created:
        _resolve_links_to(entry)
        return Outcome.CREATED
    return Outcome.UPDATED if changed else Outcome.UNCHANGED


def write_entity(record: EntityRecord) -> Outcome:
    """Make the entity known under the source's key, by the source's name; an entity of that name gets the key."""
    entity = Entity.objects.known_as(record.namespace, record.key)
    if entity is None:
        entity = Entity.objects.named(record.name)
        created = entity is None
        entity = entity or Entity.objects.create(name=record.name)
        _alias(entity, record.name, record.namespace, record.key)
        for name in record.aliases:
            _alias(entity, name)
        return Outcome.CREATED if created else Outcome.UPDATED
    alias = EntityAlias.objects.get(namespace=record.namespace, key=record.key)
    if alias.name == record.name:
        return Outcome.UNCHANGED
    if entity.name == alias.name:
        entity.name = record.name
        entity.save()
    alias.name = record.name
    alias.save()
    return Outcome.UPDATED


def write_duplicate(record: DuplicateRecord) -> Outcome:
    """Let the withdrawn identifier lead to the entry that stands for it; an entry of its own is merged into that."""
    kept = ExternalId.objects.filter(namespace=record.namespace, value=record.of).select_related("entry").first()
    if kept is None:
        raise LookupError(f"{record.namespace} {record.of}, which it is a duplicate of, is not here")
    gone = ExternalId.objects.filter(namespace=record.namespace, value=record.value).select_related("entry").first()
    if gone is None:
        ExternalId.objects.create(entry=kept.entry, namespace=record.namespace, value=record.value)
        return Outcome.UPDATED
    if gone.entry_id == kept.entry_id:
        return Outcome.UNCHANGED
    merge_entries(gone.entry, kept.entry)
    return Outcome.UPDATED


def _draft(record: EntryRecord, source: str) -> Entry:
    return Entry(
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


def _take_over(entry: Entry, draft: Entry, record: EntryRecord, reason: str) -> bool:
    names = ["kind", "title", "summary", "body", "occurred_on", "occurred_precision", "facts", "licence", "attribution"]
    names += [name for name in ("status", "visibility", "language") if getattr(record, name)]
    differing = [name for name in names if getattr(entry, name) != getattr(draft, name)]
    renamed = bool(record.slug) and record.slug != entry.slug and not _slug_is_taken(record.slug)
    if not differing and not renamed:
        return False
    for name in differing:
        setattr(entry, name, getattr(draft, name))
    if renamed:
        SlugRedirect.objects.update_or_create(slug=entry.slug, defaults={"entry": entry})
        SlugRedirect.objects.filter(slug=record.slug).delete()
        entry.slug = record.slug
    entry._change_reason = reason  # type: ignore[attr-defined]
    entry.save()
    return True


def _slug_is_taken(slug: str) -> bool:
    return Entry.objects.filter(slug=slug).exists()


def _write_tags(entry: Entry, names: list[str]) -> bool:
    wanted = {name: Tag.objects.get_or_create(name=name)[0] for name in names}
    if {tag.name for tag in entry.tags.all()} == set(wanted):
        return False
    entry.tags.set(wanted.values())
    return True


def _write_ids(entry: Entry, pairs: Iterable[tuple[str, str]]) -> bool:
    changed = False
    for namespace, value in pairs:
        # An id that another entry holds stays there: two entries that claim one id are for a curator to merge.
        _, created = ExternalId.objects.get_or_create(namespace=namespace, value=value, defaults={"entry": entry})
        changed |= created
    return changed


def _write_roles(entry: Entry, roles: list[RoleRecord], source: str) -> bool:
    wanted = {(_entity(role).pk, role.role): None for role in roles}
    present = {(role.entity_id, role.role): role for role in entry.roles.all()}
    for entity_id, role in wanted.keys() - present.keys():
        EntityRole.objects.create(entry=entry, entity_id=entity_id, role=role, source=source)
    gone = [row for key, row in present.items() if row.source == source and key not in wanted]
    return _delete(gone) | bool(wanted.keys() - present.keys())


def _entity(role: RoleRecord) -> Entity:
    entity = Entity.objects.known_as(role.namespace, role.key) if role.key else None
    if entity is None:
        entity = Entity.objects.named(role.name) or Entity.objects.create(name=role.name)
        if role.key:
            _alias(entity, role.name, role.namespace, role.key)
    return entity


def _alias(entity: Entity, name: str, namespace: str = "", key: str = "") -> None:
    if not key and entity.aliases.filter(normal=normal_name(name)).exists():
        return
    EntityAlias.objects.create(entity=entity, name=name, namespace=namespace, key=key)


def _references(record: EntryRecord, owned: bool) -> list[ReferenceRecord]:
    if record.page is None:
        return record.references
    page = record.page
    if not owned and not page.text:
        text = "\n\n".join(part for part in (record.summary, record.body) if part.strip())
        page = page.model_copy(update={"text": text, "text_licence": record.licence})
    return [page, *record.references]


def _write_references(entry: Entry, records: list[ReferenceRecord], source: str) -> bool:
    changed = False
    present = {citation.reference_id: citation for citation in entry.citations.all()}
    wanted: dict[int, None] = {}
    for record in records:
        reference, reference_changed = _write_reference(record, source)
        changed |= reference_changed
        wanted.setdefault(reference.pk)
    position = max((citation.position for citation in present.values()), default=-1) + 1
    for reference_id in wanted:
        if reference_id not in present:
            EntryReference.objects.create(entry=entry, reference_id=reference_id, position=position, source=source)
            position += 1
            changed = True
    gone = [row for key, row in present.items() if row.source == source and key not in wanted]
    return _delete(gone) | changed


def _write_reference(record: ReferenceRecord, source: str) -> tuple[Reference, bool]:
    """The reference at this address; what is known of it is filled in, and replaced where this source told it first."""
    values = {
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
    }
    reference = Reference.objects.filter(canonical_url=canonical_url(record.url)).first()
    if reference is None:
        return Reference.objects.create(**values, source=source), True
    own = reference.source == source
    new = {
        name: value
        for name, value in values.items()
        if value and getattr(reference, name) != value and (own or not getattr(reference, name))
    }
    if not new:
        return reference, False
    for name, value in new.items():
        setattr(reference, name, value)
    reference.save()
    return reference, True


def _write_classifications(entry: Entry, record: EntryRecord, source: str) -> bool:
    wanted: dict[int, str] = {}
    for classification in record.classifications:
        taxonomy, _ = Taxonomy.objects.get_or_create(name=classification.taxonomy)
        category = None
        for name in classification.category:
            category, _ = Category.objects.get_or_create(taxonomy=taxonomy, parent=category, name=name)
        if category:
            wanted[category.pk] = classification.evidence
    present = {row.category_id: row for row in entry.classifications.filter(origin=Origin.IMPORTED)}
    for category_id in wanted.keys() - present.keys():
        Classification.objects.create(
            entry=entry, category_id=category_id, origin=Origin.IMPORTED, evidence=wanted[category_id], source=source
        )
    gone = [row for key, row in present.items() if row.source == source and key not in wanted]
    return _delete(gone) | bool(wanted.keys() - present.keys())


def _write_links(entry: Entry, records: list[LinkRecord], source: str) -> bool:
    """Links to what is here; the rest waits as UnresolvedLink. What this source no longer names is taken back."""
    wanted = {(record.relation[:40], *_target(record)): None for record in records}
    changed = False
    keep_links, keep_unresolved = set(), set()
    for relation, namespace, value in wanted:
        target = _find_target(namespace, value)
        if target == entry:
            continue
        if target:
            defaults = {"origin": Origin.IMPORTED, "source": source}
            link, created = Link.objects.get_or_create(entry=entry, target=target, relation=relation, defaults=defaults)
            keep_links.add(link.pk)
        else:
            unresolved, created = UnresolvedLink.objects.get_or_create(
                entry=entry, relation=relation, namespace=namespace, value=value, defaults={"source": source}
            )
            keep_unresolved.add(unresolved.pk)
        changed |= created
    changed |= _delete(entry.links.filter(source=source).exclude(pk__in=keep_links))
    entry.unresolved_links.filter(source=source).exclude(pk__in=keep_unresolved).delete()
    return changed


def _target(record: LinkRecord) -> tuple[str, str]:
    return ("", record.target) if isinstance(record.target, str) else record.target


def _find_target(namespace: str, value: str) -> Entry | None:
    if namespace:
        return Entry.objects.with_external_id(namespace, value).first()
    return Entry.objects.filter(slug=value).first() or Entry.objects.filter(former_slugs__slug=value).first()


def _resolve_links_to(entry: Entry) -> None:
    """Turn the links that waited for this entry into real ones."""
    waits = Q(namespace="", value=entry.slug)
    for external in entry.external_ids.all():
        waits |= Q(namespace=external.namespace, value=external.value)
    for unresolved in UnresolvedLink.objects.filter(waits).exclude(entry=entry):
        Link.objects.get_or_create(
            entry_id=unresolved.entry_id,
            target=entry,
            relation=unresolved.relation,
            defaults={"origin": Origin.IMPORTED, "source": unresolved.source},
        )
        unresolved.delete()


def _delete(rows: Iterable[Model]) -> bool:
    """Delete row by row, so that each deletion is announced; whether there was any."""
    deleted = False
    for row in rows:
        row.delete()
        deleted = True
    return deleted
