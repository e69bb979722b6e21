"""What was found, counted: by kind, year, tag, entity, category and where else it is known."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from kb import held
from kb.external import NAMESPACES, OURS
from kb.filters import EntryFilter
from kb.held import Held
from kb.kinds import KINDS
from kb.names import Name, category_names, entity_names, tag_names
from kb.numbers import Numbers

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


def count(ids: Numbers, filter: EntryFilter) -> list[Facet]:
    """The facets of these entries, the commonest values first, years latest first. A category counts what it would
    leave, without what is only suggested for it.

    As many queries, however many entries there are.
    """
    kinds: Counter[str] = Counter()
    years: Counter[str] = Counter()
    for (kind, year), n in held.entries().counts(ids, attrgetter("kind", "year")).items():
        kinds[kind] += n
        years[year] += n
    found = [
        _facet("kind", "Kind", _kinds(kinds), filter),
        _by_year(years, filter),
        _facet("tag", "Tag", _named(_commonest(held.tags(), ids), tag_names), filter),
        _facet("entity", "Who", _named(_commonest(held.entities(), ids), entity_names), filter),
        _facet("category", "Category", _named(_commonest(held.categories(), ids), category_names), filter),
        _facet("namespace", "Known in", _namespaces(ids), filter),
    ]
    return [facet for facet in found if facet.values]


def _commonest(some: Held, ids: Numbers) -> list[tuple[int, int]]:
    """Of what these entries have that which most have, with how many these are."""
    return list(held.commonest(some.within(ids), SHOWN).items())


def _named(counted: list[tuple[int, int]], names: Callable[[Iterable[int]], list[Name]]) -> list[tuple[str, str, int]]:
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


def _by_year(years: Counter[str], filter: EntryFilter) -> Facet:
    values = []
    for year, n in sorted(((year, n) for year, n in years.items() if year), reverse=True):
        chosen = (filter.since, filter.until) == (date(int(year), 1, 1), date(int(year), 12, 31))
        written = "" if chosen else year
        values.append(FacetValue(year, year, n, {"since": written, "until": written}, chosen))
    return Facet("year", "Year", values)


def _kinds(counted: Counter[str]) -> list[tuple[str, str, int]]:
    most = sorted(KINDS, key=lambda kind: -counted[kind])
    return [(kind, KINDS[kind].plural, counted[kind]) for kind in most if counted[kind]]


def _namespaces(ids: Numbers) -> list[tuple[str, str, int]]:
    names, of = held.namespaces()
    places = held.together(of.among(ids)).things
    counted = [(names[at][0], n) for at, n in held.commonest(places).items() if names[at][0] not in OURS]
    most = sorted(counted, key=lambda row: (-row[1], row[0]))[:SHOWN]
    return [(space, NAMESPACES.get(space, (space, ""))[0], n) for space, n in most]
