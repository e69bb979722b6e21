"""Two entities side by side: what part they had, when, in what, and with whom."""

from collections import Counter

from django.db.models import Count, QuerySet

from kb.comparing import Line, Value, line
from kb.kinds import KINDS
from kb.models import Category, Classification, Entity, EntityRole, Role
from kb.models.entries import SAID, EntryQuerySet


def lines_of_entities(one: Entity, other: Entity, visible: EntryQuerySet) -> list[Line]:
    """What the visible entries say of both, in a fixed number of queries. Numbers are of entries."""
    first, second = (_said(entity, visible) for entity in (one, other))
    found = [line(label, first[label], second[label]) for label in first]
    return [one for one in found if one]


def shared_entries(one: Entity, other: Entity, visible: EntryQuerySet) -> EntryQuerySet:
    """The visible entries that name both."""
    for entity in (one, other):
        visible = visible.filter(pk__in=EntityRole.objects.filter(entity=entity).values("entry"))
    return visible


def _said(entity: Entity, visible: EntryQuerySet) -> dict[str, list[Value]]:
    parts = EntityRole.objects.filter(entity=entity, entry__in=visible.values("pk"))
    rows = list(parts.values_list("entry", "role", "entry__kind", "entry__occurred_on"))
    kinds = Counter(kind for _, kind in {(pk, kind) for pk, _, kind, _ in rows})
    years = Counter(day.year for _, day in {(pk, day) for pk, _, _, day in rows} if day)
    roles = Counter(role for _, role, _, _ in rows)
    others = EntityRole.objects.filter(entry__in=parts.values("entry")).exclude(entity=entity)
    return {
        "Entries": [Value(info.plural, count=kinds[kind]) for kind, info in KINDS.items() if kinds[kind]],
        "Roles": [Value(role.label, count=roles[role.value]) for role in Role if roles[role.value]],
        "Years": [Value(str(year), count=years[year]) for year in sorted(years, reverse=True)],
        "Categories": _categories(parts),
        "Systems named with it": _named(others.filter(role=Role.SYSTEM)),
        "Others named with it": _named(others.exclude(role=Role.SYSTEM)),
    }


def _categories(parts: QuerySet[EntityRole]) -> list[Value]:
    said = Classification.objects.filter(origin__in=SAID, entry__in=parts.values("entry"))
    counted = dict(said.order_by().values_list("category").annotate(Count("entry", distinct=True)))
    rows = Category.objects.select_related("taxonomy", "parent__parent").in_bulk(list(counted))
    values = [
        Value(f"{one.taxonomy.name}: {' / '.join(one.path)}", one.get_absolute_url(), counted[pk])
        for pk, one in rows.items()
    ]
    return _most_first(values)


def _named(parts: QuerySet[EntityRole]) -> list[Value]:
    rows = parts.order_by().values_list("entity").annotate(Count("entry", distinct=True))
    counted = dict(rows)
    named = Entity.objects.in_bulk(list(counted))
    return _most_first([Value(one.name, one.get_absolute_url(), counted[pk]) for pk, one in named.items()])


def _most_first(values: list[Value]) -> list[Value]:
    return sorted(values, key=lambda value: (-value.count, value.text))
