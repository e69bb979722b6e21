"""What the knowledge base holds, by names instead of row numbers, so that two ways there can be compared."""

from typing import Any

from kb.models import (
    Attachment,
    Change,
    Classification,
    DeletedEntry,
    Entity,
    EntityAlias,
    EntityRelation,
    EntityRole,
    Entry,
    EntryReference,
    ExternalId,
    Link,
    Reference,
    SlugRedirect,
    SourceRecord,
    Tag,
    Taxonomy,
    UnresolvedLink,
    UnresolvedSame,
)

ENTRY = """kind title slug summary body occurred_on occurred_precision status visibility language licence attribution
           source facts content_hash"""
REFERENCE = """url canonical_url title publisher authors published_on published_precision archive_url language text
               text_licence source"""
CATEGORY = "category__slug category__parent__slug category__taxonomy__name"

TABLES: dict[str, tuple[Any, str]] = {
    "entries": (Entry.objects, ENTRY),
    "tags of entries": (Entry.objects, "slug tags__name"),
    "tags": (Tag.objects, "name slug"),
    "identifiers": (ExternalId.objects, "entry__slug namespace value"),
    "entities": (Entity.objects, "name slug merged_into__slug"),
    "aliases": (EntityAlias.objects, "entity__slug name normal namespace key"),
    "roles": (EntityRole.objects, "entry__slug entity__slug role source"),
    "references": (Reference.objects, REFERENCE),
    "citations": (EntryReference.objects, "entry__slug reference__canonical_url position source"),
    "classifications": (Classification.objects, f"entry__slug {CATEGORY} origin evidence source"),
    "links": (Link.objects, "entry__slug target__slug relation origin source"),
    "waiting links": (UnresolvedLink.objects, "entry__slug relation namespace value source"),
    "waiting samenesses": (UnresolvedSame.objects, "namespace value other_namespace other_value source"),
    "source records": (SourceRecord.objects, "entry__slug source collection key place digest vanished_at"),
    "changes": (Change.objects, "entry__slug action title fields source key preview"),
    "pictures": (Attachment.objects, "entry__slug name sha256 source"),
    "relations": (EntityRelation.objects, "entity__slug relation other__slug source"),
    "redirects": (SlugRedirect.objects, "slug entry__slug"),
    "history of entries": (Entry.history, "slug title history_type"),
    "history of entities": (Entity.history, "slug name history_type"),
    "history of references": (Reference.history, "canonical_url title history_type"),
    "history of classifications": (Classification.history, "evidence history_type"),
}


def contents() -> dict[str, list[tuple]]:
    """Every row of every table that an import writes, sorted."""
    return {name: sorted(rows.values_list(*fields.split()), key=repr) for name, (rows, fields) in TABLES.items()}


def forget_everything() -> None:
    """Delete every such row, and the history of all."""
    for model in (Entry, Entity, Reference, Tag, Taxonomy, Change, DeletedEntry, UnresolvedSame):
        model._default_manager.all().delete()
    for history in (Entry.history, Entity.history, Reference.history, Classification.history):
        history.all().delete()
