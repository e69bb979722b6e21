"""Entities: known by a source's key, else by a name; and the parts they had."""

from collections.abc import Iterable, Sequence

from ingest.records import EntityRecord, EntityRelationRecord, EntryRecord, RoleRecord
from ingest.writing.outcome import By, Differences, Outcome, Written
from ingest.writing.rows import bring, create, found, found_pairs
from kb import provenance
from kb.models import Entity, EntityAlias, EntityRelation, EntityRole, Entry
from kb.models.entities import normal_name
from kb.models.slugs import free_slugs, slug_stem

Key = tuple[str, str]  # namespace and key: a source's own id of an entity


def write_entities(records: Sequence[EntityRecord], by: By) -> list[Written]:
    """Make each entity known under its source's key, by its source's name; an entity of that name gets the key."""
    reason = by.reason
    known = _by_key((record.namespace, record.key) for record in records)
    changed = {key for record in records if (key := _key(record)) in known and _rename(known[key], record, reason)}
    new = [record for record in records if _key(record) not in known]
    named, created = _named_or_new([record.name for record in new], reason)
    create([_alias(named[normal_name(record.name)], record.name, *_key(record)) for record in new])
    entities = {_key(record): named[normal_name(record.name)] for record in new}
    entities |= {key: alias.entity.resolved() for key, alias in known.items()}
    changed |= _add_names({key: (entities[key], record.aliases) for record in records if (key := _key(record))})
    outcomes = []
    for record in records:
        normal = normal_name(record.name)
        if _key(record) in known:
            outcomes.append(Outcome.UPDATED if _key(record) in changed else Outcome.UNCHANGED)
        else:
            outcomes.append(Outcome.CREATED if normal in created else Outcome.UPDATED)
            created.discard(normal)  # of two records with one name, the second found what the first had made
    return [Written(outcome) for outcome in outcomes]


def write_relations(records: Sequence[EntityRelationRecord], by: By) -> list[Written]:
    """Note how entities hang together, of those that are here; the rest is left out until they are."""
    ends = [(record.namespace, key) for record in records for key in (record.key, record.other)]
    known = {key: alias.entity.resolved() for key, alias in _by_key(ends).items()}
    return [Written(_relate(record, known, by)) for record in records]


def _relate(record: EntityRelationRecord, known: dict[Key, Entity], by: By) -> Outcome:
    entity, other = (known.get((record.namespace, key)) for key in (record.key, record.other))
    if entity is None or other is None or entity == other:
        return Outcome.LEFT_OUT
    _, made = EntityRelation.objects.get_or_create(
        entity=entity, other=other, relation=record.relation, defaults={"source": by.source}
    )
    return Outcome.CREATED if made else Outcome.UNCHANGED


def write_roles(pairs: Sequence[tuple[Entry, EntryRecord]], by: By, differences: Differences) -> None:
    """Give each entry the roles that its record names, making entities where there are none."""
    roles = [role for _, record in pairs for role in record.roles]
    entities = iter(_entities_of(roles, by.reason))
    wanted = {
        entry.pk: [
            EntityRole(entry=entry, entity=next(entities), role=role.role, source=by.source) for role in record.roles
        ]
        for entry, record in pairs
    }
    bring(
        "roles",
        EntityRole.objects.select_related("entity"),
        wanted,
        ("entity_id", "role"),
        by,
        differences,
        withheld={entry.pk: provenance.removed(entry, "roles") for entry, _ in pairs},
        show=lambda row: f"{row.role}: {row.entity.name}",
    )


def _entities_of(roles: Sequence[RoleRecord], reason: str) -> list[Entity]:
    """The entity of each role. One that its source's key leads to keeps its name, whatever the role calls it."""
    keyed = {key: alias.entity.resolved() for key, alias in _by_key(_key(role) for role in roles if role.key).items()}
    unknown: dict[Key, RoleRecord] = {}
    for role in roles:
        if role.key and _key(role) not in keyed:
            unknown.setdefault(_key(role), role)
    named, _ = _named_or_new([role.name for role in (*unknown.values(), *(r for r in roles if not r.key))], reason)
    create([_alias(named[normal_name(role.name)], role.name, *key) for key, role in unknown.items()])
    keyed |= {key: named[normal_name(role.name)] for key, role in unknown.items()}
    return [keyed[_key(role)] if role.key else named[normal_name(role.name)] for role in roles]


def _key(record: RoleRecord | EntityRecord) -> Key:
    return record.namespace, record.key


def _by_key(keys: Iterable[Key]) -> dict[Key, EntityAlias]:
    aliases = EntityAlias.objects.select_related("entity__merged_into")
    return {(alias.namespace, alias.key): alias for alias in found_pairs(aliases, "key", keys)}


def _named_or_new(names: Iterable[str], reason: str) -> tuple[dict[str, Entity], set[str]]:
    """By normal name, the entity that goes by each name; and the normal names of those that had to be made."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(normal_name(name), name)
    entities: dict[str, Entity] = {}
    aliases = EntityAlias.objects.select_related("entity__merged_into").order_by("entity_id", "id")
    for alias in found(aliases, "normal", wanted):
        entities.setdefault(alias.normal, alias.entity.resolved())
    missing = {normal: name for normal, name in wanted.items() if normal not in entities}
    slugs = free_slugs(Entity, [slug_stem(name, "entity") for name in missing.values()])
    new = [Entity(name=name, slug=slug) for name, slug in zip(missing.values(), slugs, strict=True)]
    create(new, reason)
    create([_alias(entity, entity.name) for entity in new])
    return entities | dict(zip(missing, new, strict=True)), set(missing)


def _alias(entity: Entity, name: str, namespace: str = "", key: str = "") -> EntityAlias:
    return EntityAlias(entity=entity, name=name, normal=normal_name(name), namespace=namespace, key=key)


def _rename(alias: EntityAlias, record: EntityRecord, reason: str) -> bool:
    """Follow the source's new name, unless somebody gave the entity another one; whether there was a new name."""
    if alias.name == record.name:
        return False
    entity = alias.entity.resolved()
    if entity.name == alias.name:
        entity.name = record.name
        entity._change_reason = reason  # type: ignore[attr-defined]
        entity.save()
    alias.name = record.name
    alias.save()
    return True


def _add_names(wanted: dict[Key, tuple[Entity, list[str]]]) -> set[Key]:
    """Other names that each entity goes by; the keys of those that had not all of them."""
    if not any(names for _, names in wanted.values()):
        return set()
    rows = found(EntityAlias.objects.all(), "entity_id", [entity.pk for entity, _ in wanted.values()])
    present = {(row.entity_id, row.normal) for row in rows}
    new, changed = [], set()
    for key, (entity, names) in wanted.items():
        for name in names:
            if (entity.pk, normal_name(name)) not in present:
                present.add((entity.pk, normal_name(name)))
                new.append(_alias(entity, name))
                changed.add(key)
    create(new)
    return changed
