"""What trends count: entries and their reports over time, and by what they name, each in a query or two.

The entries that are given must have no row twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, Count
from django.db.models.functions import Cast, Substr

from kb.models import Category, Classification, Entity, EntityRole, EntryReference
from kb.models.entries import SAID, EntryQuerySet
from kb.models.taxonomies import NO_NAME

YEAR, MONTH = 4, 7
"""How much of a date written YYYY-MM-DD a period is."""

Counts = Counter[str]
"""By period: `2024` or `2024-02`."""


@dataclass(frozen=True)
class Value:
    """A category, with its slug, and how many of the entries are in it."""

    pk: int
    slug: str
    name: str
    count: int


@dataclass(frozen=True)
class Field:
    """The categories of one question: those at the top of a taxonomy, or within one of its categories; the commonest
    first."""

    slug: str
    label: str
    values: tuple[Value, ...]

    @property
    def count(self) -> int:
        return sum(value.count for value in self.values)


def by_period(entries: EntryQuerySet, period: int) -> Counts:
    """How many of the entries happened when; those without a date are left out."""
    rows = entries.exclude(occurred_on=None).order_by().annotate(period=_period("occurred_on", period))
    return Counter(dict(rows.values_list("period").annotate(Count("pk"))))


def reports_by_period(
    entries: EntryQuerySet, period: int, since: date | None = None, until: date | None = None
) -> Counts:
    """How many reports that the entries cite were published when, each once; within these days, both inclusive."""
    cited = EntryReference.objects.filter(entry__in=entries.values("pk")).exclude(reference__published_on=None)
    if since:
        cited = cited.filter(reference__published_on__gte=since)
    if until:
        cited = cited.filter(reference__published_on__lte=until)
    rows = cited.order_by().annotate(period=_period("reference__published_on", period))
    return Counter(dict(rows.values_list("period").annotate(Count("reference", distinct=True))))


def fields(entries: EntryQuerySet) -> list[Field]:
    """The questions that categories answer about these entries, those answered most often first. Answers that say
    nothing by themselves (yes, unknown) and suggestions are left out."""
    said = Classification.objects.filter(origin__in=SAID, entry__in=entries.values("pk")).order_by()
    counts = dict(said.values_list("category").annotate(Count("entry", distinct=True)))
    named = ("pk", "slug", "name", "taxonomy__slug", "taxonomy__name", "parent__slug", "parent__name")
    found: dict[tuple[str, str], list[Value]] = {}
    for pk, slug, name, of_slug, of_name, parent_slug, parent_name in Category.objects.values_list(*named):
        if pk in counts and not NO_NAME.fullmatch(name):
            label = f"{of_name}: {parent_name}" if parent_name else of_name
            found.setdefault((parent_slug or of_slug, label), []).append(Value(pk, slug, name, counts[pk]))
    made = [
        Field(slug, label, tuple(sorted(values, key=lambda value: (-value.count, value.name))))
        for (slug, label), values in found.items()
    ]
    return sorted(made, key=lambda field: (-field.count, field.label))


def categories_by_period(entries: EntryQuerySet, values: Sequence[Value], period: int) -> dict[int, Counts]:
    """For each of these categories, how many of the entries in it happened when."""
    said = Classification.objects.filter(
        origin__in=SAID, category__in=[value.pk for value in values], entry__in=entries.values("pk")
    )
    rows = (
        said.exclude(entry__occurred_on=None)
        .order_by()
        .annotate(period=_period("entry__occurred_on", period))
        .values_list("category", "period")
        .annotate(Count("entry", distinct=True))
    )
    found: dict[int, Counts] = {value.pk: Counter() for value in values}
    for pk, when, count in rows:
        found[pk][when] = count
    return found


def most_named(entries: EntryQuerySet, most: int, roles: Sequence[str] = ()) -> list[tuple[Entity, int]]:
    """The entities in most of the entries, with how many, whatever part they had, or in one of these roles."""
    # Without the entities themselves: SQLite takes a thousand times as long when it has to join them.
    parts = EntityRole.objects.filter(entry__in=entries.values("pk"), **({"role__in": roles} if roles else {}))
    counted = parts.order_by().values_list("entity")
    rows = list(counted.annotate(count=Count("entry", distinct=True)).order_by("-count", "entity")[: 2 * most])
    named = Entity.objects.current().in_bulk([pk for pk, _ in rows])
    return [(named[pk], count) for pk, count in rows if pk in named][:most]


Said = dict[str, tuple[str, int]]
"""Values of a fact by what they are in small letters: as it is spelled, and in how many of the entries it is."""


def facts(entries: EntryQuerySet, *names: str) -> dict[str, Said]:
    """The values of these facts, which are texts or lists of texts, by the name of the fact. One pass over the entries:
    to read their facts costs more than to count them."""
    found: dict[str, Said] = {name: {} for name in names}
    for name, value, count in _parts(entries, names):
        spelled = str(value).strip()
        key = spelled.lower()
        known, before = found[name].get(key, (spelled, 0))
        found[name][key] = min(known, spelled), before + count
    return found


def facts_by_period(entries: EntryQuerySet, name: str, period: int) -> dict[str, Counts]:
    """The same by when the entries happened, under the spelling."""
    spellings: dict[str, str] = {}
    found: dict[str, Counts] = {}
    for _, value, count, when in _parts(entries.exclude(occurred_on=None), [name], period):
        spelled = str(value).strip()
        key = spelled.lower()
        spellings[key] = min(spelled, spellings.get(key, spelled))
        found.setdefault(key, Counter())[when] += count
    return {spellings[key]: counts for key, counts in found.items()}


def _parts(entries: EntryQuerySet, names: Sequence[str], period: int = 0) -> list[Any]:
    """Name of the fact, value, count, and period where one is asked for. The database takes the lists apart: to read
    the facts of 10,000 entries takes several times as long."""
    inner = entries.order_by().annotate(period=_period("occurred_on", period or YEAR)).values("pk", "facts", "period")
    try:
        sql, parameters = inner.query.sql_with_params()
    except EmptyResultSet:
        return []
    if connection.vendor == "sqlite":
        listed = "CASE fact.type WHEN 'array' THEN fact.value ELSE json_array(fact.value) END"
        parts = f"json_each(entries.facts) AS fact, json_each({listed}) AS part"
    else:
        listed = "CASE jsonb_typeof(fact.value) WHEN 'array' THEN fact.value ELSE jsonb_build_array(fact.value) END"
        parts = f"jsonb_each(entries.facts) AS fact, jsonb_array_elements_text({listed}) AS part(value)"
    when = ", period" if period else ""
    wanted = f"fact.key, part.value, COUNT(*){when}"
    asked = f"fact.key IN ({', '.join(['%s'] * len(names))}) AND part.value <> ''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {wanted} FROM ({sql}) AS entries, {parts} WHERE {asked} GROUP BY fact.key, part.value{when}",  # noqa: S608
            [*parameters, *names],
        )
        return cursor.fetchall()


def _period(column: str, length: int) -> Substr:
    """The beginning of a date: the databases cut a text faster than they take a date apart."""
    return Substr(Cast(column, CharField()), 1, length)
