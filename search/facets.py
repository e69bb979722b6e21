"""What was found, counted: by kind, year, tag, entity, category and where else it is known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Count, QuerySet

from kb.external import NAMESPACES, OURS
from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.models import Category, Entity, Entry, ExternalId, Tag

SHOWN = 12


@dataclass(frozen=True)
class Value:
    """A value that the results have: in how many of them, and the filter that would keep these too, or, where it is
    chosen already, that would take it away."""

    value: str
    label: str
    count: int
    filter: EntryFilter
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A way to narrow the results: `name` is the parameter, `label` what a reader calls it."""

    name: str
    label: str
    values: list[Value]


def count(entry_ids: Sequence[int], filter: EntryFilter, user: object) -> list[Facet]:
    """The facets of these entries, of those that the reader may see, the commonest values first, years latest first.

    Five queries, however many entries there are.
    """
    entries = Entry.objects.visible_to(user).filter(pk__among=frozenset(entry_ids)).order_by()  # type: ignore[arg-type]
    rows = list(entries.values_list("pk", "kind", "occurred_on"))
    ids = frozenset(pk for pk, _, _ in rows)  # of a list Django looks at each value, time and again
    kinds = Counter(kind for _, kind, _ in rows)
    years = Counter(day.year for _, _, day in rows if day)
    tags = _commonest(Tag.objects.filter(entries__pk__among=ids), "entries", "slug", "name")
    entities = _commonest(Entity.objects.filter(roles__entry__pk__among=ids), "roles__entry", "slug", "name")
    classes = Category.objects.filter(classifications__entry__pk__among=ids)
    categories = _commonest(classes, "classifications__entry", "slug", "taxonomy__name", "name")
    known = ExternalId.objects.filter(entry__pk__among=ids).exclude(namespace__in=OURS)
    spaces = [(space, _called(space), n) for space, n in _commonest(known, "entry", "namespace")]
    found = [
        _facet("kind", "Kind", [(kind, KINDS[kind].plural, n) for kind, n in kinds.most_common()], filter),
        _by_year(years, filter),
        _facet("tag", "Tag", tags, filter),
        _facet("entity", "Who", entities, filter),
        _facet("category", "Category", [(slug, f"{of}: {name}", n) for slug, of, name, n in categories], filter),
        _facet("namespace", "Known in", spaces, filter),
    ]
    return [facet for facet in found if facet.values]


def _commonest(rows: QuerySet, entry: str, *fields: str) -> list[tuple]:
    """The fields and in how many of the entries they are; `rows` are joined with these entries already."""
    counted = rows.order_by().values(*fields).annotate(n=Count(entry, distinct=True))
    return list(counted.order_by("-n", *fields).values_list(*fields, "n")[:SHOWN])


def _facet(name: str, label: str, rows: Iterable[tuple[str, str, int]], filter: EntryFilter) -> Facet:
    chosen = filter.values(name)
    values = [Value(value, text, n, filter.toggled(name, value), value in chosen) for value, text, n in rows]
    return Facet(name, label, values)


def _by_year(years: Counter[int], filter: EntryFilter) -> Facet:
    values = []
    for year, n in sorted(years.items(), reverse=True):
        this = replace(filter, since=date(year, 1, 1), until=date(year, 12, 31))
        anytime = filter.without("since").without("until")
        values.append(Value(str(year), str(year), n, anytime if filter == this else this, filter == this))
    return Facet("year", "Year", values)


def _called(namespace: str) -> str:
    return NAMESPACES.get(namespace, (namespace, ""))[0]
