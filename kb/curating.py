"""What a curator decides about an entry: from then on it is the curator's word, field by field and row by row.

An import brings no such field back to what its source says, and no such row that was taken away.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from kb import provenance
from kb.change_words import link_words
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
    SourceRecord,
)
from kb.models.provenance import Action

# What hangs on an entry, by the name that provenance knows it by: how a row is told from the others there.
KEYS: Mapping[str, Callable[[Any], str]] = {
    "roles": lambda row: provenance.row_key(row.entity_id, row.role),
    "references": lambda row: provenance.row_key(row.reference_id),
    "classifications": lambda row: provenance.row_key(row.category_id),
    "links": lambda row: provenance.row_key(row.target_id, row.relation),
    "identifiers": lambda row: provenance.row_key(row.namespace, row.value),
}
TEXT = "text"  # namespace of what is known by nothing but what it says
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Snapshot:
    """An entry as it was: its own values, and by kind of row the key and the words of each that hung on it."""

    values: Mapping[str, Any]
    rows: Mapping[str, Mapping[str, str]]
    evidence: Mapping[str, str]

    @classmethod
    def of(cls, entry: Entry) -> "Snapshot":
        """The entry as it is in the database."""
        now = Entry.objects.get(pk=entry.pk)
        found = {name: list(rows) for name, rows in _rows(now).items()}
        rows = {name: {KEYS[name](row): _words(row) for row in of_kind} for name, of_kind in found.items()}
        rows["tags"] = {str(tag.pk): tag.name for tag in now.tags.all()}
        evidence = {KEYS["classifications"](row): row.evidence for row in found["classifications"]}
        return cls(provenance.values(now), rows, evidence)


EMPTY = Snapshot({}, {}, {})


def _rows(entry: Entry) -> dict[str, QuerySet[Any]]:
    return {
        "roles": entry.roles.select_related("entity"),
        "references": entry.citations.select_related("reference"),
        "classifications": entry.classifications.select_related("category__taxonomy", "category__parent__parent"),
        "links": entry.links.select_related("target"),
        "identifiers": entry.external_ids.all(),
    }


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
        other = [key for key in now if key in was and _says_otherwise(name, key, before, after)]
        if not gone and not new and not other:
            continue
        fields[name] = {"added": [now[key] for key in new], "removed": [was[key] for key in gone]}
        fields[name] |= {"changed": [now[key] for key in other]} if other else {}
        _take_over(locked, name, {*new, *other})
        if name == "tags":
            provenance.curate(locked, [name])
        for key in gone if name in KEYS else ():
            provenance.remove(locked, name, key)
    if not fields:
        return None
    _keep_provenance(locked)
    entry.provenance = locked.provenance
    return _tell(locked, Action.UPDATED, user, fields)


def record_new(entry: Entry, user: Any) -> Change:
    """Note that a curator wrote an entry."""
    return _tell(entry, Action.CREATED, user, {})


def record_deletion(entries: Iterable[Entry], user: Any) -> None:
    """Note that a curator is about to delete these."""
    Change.objects.bulk_create(
        [
            Change(action=Action.DELETED, title=entry.title, kind=entry.kind, user=user, was_hidden=entry.is_hidden)
            for entry in entries
        ]
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
            DeletedEntry(namespace=namespace, value=value, title=entry.title)
            for namespace, value in (
                *ExternalId.objects.filter(entry_id=entry.pk).values_list("namespace", "value"),
                *((TEXT, digest) for digest in _texts(entry)),
            )
        ],
        ignore_conflicts=True,
    )


def _texts(entry: Entry) -> list[str]:
    """The digests of what sources said that gave the entry no identifier."""
    keys = SourceRecord.objects.filter(entry_id=entry.pk, key__startswith=f"{TEXT} ").values_list("key", flat=True)
    return [key.removeprefix(f"{TEXT} ") for key in keys]


def _says_otherwise(name: str, key: str, before: Snapshot, after: Snapshot) -> bool:
    return name == "classifications" and before.evidence.get(key) != after.evidence.get(key)


def _take_over(entry: Entry, name: str, keys: set[str]) -> None:
    """Let rows that a curator made or changed be no source's, so that none takes them back or changes them again."""
    rows = _rows(entry).get(name)
    if rows is not None and name != "identifiers":
        rows.filter(pk__in=[row.pk for row in rows if KEYS[name](row) in keys]).update(source="")


def _keep_provenance(entry: Entry) -> None:
    # Not by save: where a field comes from is no version of the entry, and nothing that search would index anew.
    Entry.objects.filter(pk=entry.pk).update(provenance=entry.provenance)


def _tell(entry: Entry, action: Action, user: Any, fields: dict[str, Any]) -> Change:
    said = {"title": entry.title, "kind": entry.kind, "action": action, "fields": fields, "user": user}
    was_hidden = entry.is_hidden or provenance.tells_of_hidden(fields)
    return Change.objects.create(entry_id=entry.pk, was_hidden=was_hidden, **said)


def _words(row: Any) -> str:
    if isinstance(row, EntityRole):
        return f"{row.role}: {row.entity.name}"
    if isinstance(row, Classification):
        return " / ".join((row.category.taxonomy.name, *row.category.path))
    if isinstance(row, Link):
        return link_words(row.relation, row.target)
    if isinstance(row, ExternalId):
        return outside(row.namespace, row.value).label
    return str(row)
