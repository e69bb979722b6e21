"""What was found, counted: by kind, year, tag, entity, category and where else it is known."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Concat

from kb.among import ByIds
from kb.external import NAMESPACES, OURS
from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.models import Category, Classification, Entity, EntityRole, Entry, ExternalId, Tag
from kb.models.entries import SAID
from search.allowed import Seen

SHOWN = 12


@dataclass(frozen=True)
class FacetValue:
    """A value that the results have, and in how many of them. `changes` are the parameters of the filter that would
    keep these alone, or, where it is chosen already, that would take it away."""

    value: str
    label: str
    count: int
    changes: dict[str, str]
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A way to narrow the results: `name` is the parameter, `label` what a reader calls it."""

    name: str
    label: str
    values: list[FacetValue]


def count(entries: Collection[Seen], filter: EntryFilter) -> list[Facet]:
    """The facets of these entries, the commonest values first, years latest first. A category counts what it would
    leave, without what is only suggested for it.

    As many queries, however many entries there are.
    """
    ids = [one.id for one in entries]
    kinds = Counter(one.kind for one in entries)
    years = Counter(one.year for one in entries if one.year)
    spaces = [(space, _called(space), n) for space, n in _namespaces(ids)]
    found = [
        _facet("kind", "Kind", [(kind, KINDS[kind].plural, n) for kind, n in kinds.most_common()], filter),
        _by_year(years, filter),
        _facet("tag", "Tag", _named(_tags(ids), _tag_names), filter),
        _facet("entity", "Who", _named(_entities(ids), _entity_names), filter),
        _facet("category", "Category", _named(_categories(ids), _category_names), filter),
        _facet("namespace", "Known in", spaces, filter),
    ]
    return [facet for facet in found if facet.values]


def _commonest(rows: QuerySet, column: str) -> QuerySet:
    """The values of a column that most entries have, with how many these are. Names are looked up after the counting,
    which has less to carry so."""
    counted = rows.order_by().values(column).annotate(n=Count("entry", distinct=True))
    return counted.order_by("-n", column).values_list(column, "n")[:SHOWN]


_tags = ByIds(lambda ids: _commonest(Entry.tags.through.objects.filter(entry__pk__among=ids), "tag"))
_entities = ByIds(lambda ids: _commonest(EntityRole.objects.filter(entry__pk__among=ids), "entity"))
_categories = ByIds(
    lambda ids: _commonest(Classification.objects.filter(entry__pk__among=ids, origin__in=SAID), "category")
)
_namespaces = ByIds(
    lambda ids: _commonest(ExternalId.objects.filter(entry__pk__among=ids).exclude(namespace__in=OURS), "namespace")
)
_tag_names = ByIds(lambda ids: Tag.objects.filter(pk__among=ids).values_list("pk", "slug", "name"))
_entity_names = ByIds(lambda ids: Entity.objects.filter(pk__among=ids).values_list("pk", "slug", "name"))
_category_names = ByIds(
    lambda ids: Category.objects.filter(pk__among=ids).values_list(
        "pk", "slug", Concat("taxonomy__name", Value(": "), "name")
    )
)


def _named(counted: list[tuple[int, int]], names: ByIds) -> list[tuple[str, str, int]]:
    """Slug, name and count, the commonest first, and of those as common by their slugs."""
    known = {pk: (slug, name) for pk, slug, name in names(pk for pk, _ in counted)}
    return sorted(((*known[pk], n) for pk, n in counted if pk in known), key=lambda row: (-row[2], row[0]))


def _facet(name: str, label: str, rows: Iterable[tuple[str, str, int]], filter: EntryFilter) -> Facet:
    chosen = filter.values(name)
    values = [
        FacetValue(value, text, n, {name: filter.toggled_value(name, value)}, value in chosen)
        for value, text, n in rows
    ]
    return Facet(name, label, values)


def _by_year(years: Counter[int], filter: EntryFilter) -> Facet:
    values = []
    for year, n in sorted(years.items(), reverse=True):
        chosen = (filter.since, filter.until) == (date(year, 1, 1), date(year, 12, 31))
        written = "" if chosen else f"{year:04}"
        values.append(FacetValue(str(year), str(year), n, {"since": written, "until": written}, chosen))
    return Facet("year", "Year", values)


def _called(namespace: str) -> str:
    return NAMESPACES.get(namespace, (namespace, ""))[0]
