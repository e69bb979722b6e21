"""What a curator decides about an entry: from then on it is the curator's word, field by field and row by row.

An import brings no such field back to what its source says, and no such row that was taken away.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from kb import provenance
from kb.external import outside
from kb.models import (
    Change,
    Classification,
    DeletedEntry,
    EntityRole,
    Entry,
    ExternalId,
    Link,
    SlugRedirect,
)
from kb.models.provenance import Action

# What hangs on an entry, by the name that provenance knows it by: how a row is told from the others there.
KEYS: Mapping[str, Callable[[Any], str]] = {
    "roles": lambda row: provenance.row_key(row.entity_id, row.role),
    "references": lambda row: provenance.row_key(row.reference_id),
    "classifications": lambda row: provenance.row_key(row.category_id),
    "links": lambda row: provenance.row_key(row.target_id, row.relation),
}
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Snapshot:
    """An entry as it was: its own values, and by kind of row the key and the words of each that hung on it."""

    values: Mapping[str, Any]
    rows: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, entry: Entry) -> "Snapshot":
        """The entry as it is in the database."""
        now = Entry.objects.get(pk=entry.pk)
        found: dict[str, Iterable[Any]] = {
            "roles": now.roles.select_related("entity"),
            "references": now.citations.select_related("reference"),
            "classifications": now.classifications.select_related("category__taxonomy", "category__parent__parent"),
            "links": now.links.select_related("target"),
        }
        rows = {name: {KEYS[name](row): _words(row) for row in of_kind} for name, of_kind in found.items()}
        rows["tags"] = {str(tag.pk): tag.name for tag in now.tags.all()}
        rows["identifiers"] = {str(one.pk): outside(one.namespace, one.value).label for one in now.external_ids.all()}
        return cls(provenance.values(now), rows)


EMPTY = Snapshot({}, {})


@transaction.atomic
def record_edit(before: Snapshot, entry: Entry, user: Any) -> Change | None:
    """Note what a curator changed since `before`, which is the curator's word from now on; None for nothing."""
    after = Snapshot.of(entry)
    changed = provenance.differing(before.values, after.values)
    fields: dict[str, Any] = {
        name: provenance.told(before.values.get(name), after.values.get(name)) for name in changed
    }
    locked = Entry.objects.select_for_update().get(pk=entry.pk)
    provenance.curate(locked, changed)
    for name, now in after.rows.items():
        was = before.rows.get(name, NOTHING)
        gone = [key for key in was if key not in now]
        new = [key for key in now if key not in was]
        if not gone and not new:
            continue
        fields[name] = {"added": [now[key] for key in new], "removed": [was[key] for key in gone]}
        if name == "tags":
            provenance.curate(locked, [name])
        for key in gone if name in KEYS else ():
            provenance.remove(locked, name, key)
    if not fields:
        return None
    _keep_provenance(locked)
    entry.provenance = locked.provenance
    return _tell(entry, Action.UPDATED, user, fields)


def record_new(entry: Entry, user: Any) -> Change:
    """Note that a curator wrote an entry."""
    return _tell(entry, Action.CREATED, user, {})


def record_deletion(entries: Iterable[Entry], user: Any) -> None:
    """Note that a curator is about to delete these."""
    Change.objects.bulk_create(
        [Change(action=Action.DELETED, title=entry.title, kind=entry.kind, user=user) for entry in entries]
    )


@transaction.atomic
def settle(entry: Entry, name: str, user: Any, *, take: bool) -> None:
    """Decide a conflict: `take` what the import has, or keep the curator's; ValueError where there is none."""
    before = Snapshot.of(entry)
    locked = Entry.objects.select_for_update().get(pk=entry.pk)
    if name not in provenance.conflicts(locked):
        raise ValueError(f"no import offers another {name} for this entry")
    if not take:
        provenance.curate(locked, [name])
        _keep_provenance(locked)
        return
    provenance.take_upstream(locked, name)
    if name == "slug":
        SlugRedirect.objects.filter(slug=locked.slug).delete()
        SlugRedirect.objects.update_or_create(slug=entry.slug, defaults={"entry_id": entry.pk})
    locked._change_reason = f"{name} as its source has it"[:100]  # type: ignore[attr-defined]
    locked.save()
    now = provenance.values(locked)
    _tell(locked, Action.UPDATED, user, {name: provenance.told(before.values.get(name), now.get(name))})


def remember_deletion(entry: Entry) -> None:
    """Keep the identifiers of an entry that is about to go, so that no import brings it back.

    Of an entry that was merged into another these have moved there before.
    """
    DeletedEntry.objects.bulk_create(
        [
            DeletedEntry(namespace=one.namespace, value=one.value, title=entry.title)
            for one in ExternalId.objects.filter(entry_id=entry.pk)
        ],
        ignore_conflicts=True,
    )


def _keep_provenance(entry: Entry) -> None:
    # Not by save: where a field comes from is no version of the entry, and nothing that search would index anew.
    Entry.objects.filter(pk=entry.pk).update(provenance=entry.provenance)


def _tell(entry: Entry, action: Action, user: Any, fields: dict[str, Any]) -> Change:
    said = {"title": entry.title, "kind": entry.kind, "action": action, "fields": fields, "user": user}
    return Change.objects.create(entry_id=entry.pk, **said)


def _words(row: Any) -> str:
    if isinstance(row, EntityRole):
        return f"{row.role}: {row.entity.name}"
    if isinstance(row, Classification):
        return " / ".join((row.category.taxonomy.name, *row.category.path))
    if isinstance(row, Link):
        return f"{row.relation}: {row.target.title}"
    return str(row)
