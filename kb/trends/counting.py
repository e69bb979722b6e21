"""What trends count: entries and their reports over time, and by what they name.

Entries are given by their ids, which `kb.held.ids` reads of a query.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kb import held
from kb.models import Category, Entity
from kb.models.taxonomies import NO_NAME
from kb.numbers import Numbers, distinct
from kb.roles import Role

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


def by_period(ids: Numbers, period: int) -> Counts:
    """How many of the entries happened when; those without a date are left out."""
    return held.entries().counts(ids, lambda told: told.month[:period])


def kinds_by_period(ids: Numbers, period: int) -> dict[str, Counts]:
    """The same by the kind of the entries."""
    found: dict[str, Counts] = {}
    for (kind, when), count in held.entries().counts(ids, lambda told: (told.kind, told.month[:period])).items():
        if when:
            found.setdefault(kind, Counter())[when] = count
    return found


def reports_by_period(ids: Numbers, period: int, since: date | None = None, until: date | None = None) -> Counts:
    """How many reports that the entries cite were published when, each once; within these days, both inclusive."""
    first, last = str(since or ""), str(until or "9999-12-31")
    found: Counts = Counter()
    for day, count in held.published().counts(distinct(held.references().within(ids))).items():
        if first <= day <= last:
            found[day[:period]] += count
    return found


def fields(ids: Numbers) -> list[Field]:
    """The questions that categories answer about these entries, those answered most often first. Answers that say
    nothing by themselves (yes, unknown) and suggestions are left out."""
    counts = held.commonest(held.categories().within(ids))
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


def categories_by_period(ids: Numbers, values: Sequence[Value], period: int) -> dict[int, Counts]:
    """For each of these categories, how many of the entries in it happened when."""
    found: dict[int, Counts] = {value.pk: Counter() for value in values}
    wanted = held.categories().only(np.array(list(found), np.int64))
    for pk, when, count in _when(wanted, ids, period):
        found[pk][when] = count
    return found


def most_named(ids: Numbers, most: int, roles: Sequence[Role] = ()) -> list[tuple[Entity, int]]:
    """The entities in most of the entries, with how many, whatever part they had, or in one of these roles."""
    counts = held.commonest(held.entities(*roles).within(ids), 2 * most)
    some = list(counts)
    named = Entity.objects.current().in_bulk(some)
    return [(named[pk], counts[pk]) for pk in some if pk in named][:most]


Said = dict[str, tuple[str, int]]
"""Values of a fact by what they are in small letters: as it is spelled, and in how many of the entries it is."""


def facts(ids: Numbers, *names: str) -> dict[str, Said]:
    """The values of these facts by the name of the fact."""
    found: dict[str, Said] = {name: {} for name in names}
    values, told = held.facts()
    counts = np.bincount(told.within(ids), minlength=len(values))
    for at in np.flatnonzero(counts).tolist():
        name, value, spelling = values[at]
        if name in found:
            known, before = found[name].get(value, (spelling, 0))
            found[name][value] = min(known, spelling), before + int(counts[at])
    return found


def facts_by_period(ids: Numbers, name: str, period: int) -> dict[str, Counts]:
    """The same by when the entries happened, under the spelling."""
    spellings: dict[str, str] = {}
    found: dict[str, Counts] = {}
    values, told = held.facts()
    wanted = told.only(np.array([at for at, value in enumerate(values) if value[0] == name], np.int64))
    for at, when, count in _when(wanted, ids, period):
        _, value, spelling = values[at]
        spellings[value] = min(spelling, spellings.get(value, spelling))
        found.setdefault(value, Counter())[when] += count
    return {spellings[value]: counts for value, counts in found.items()}


def _when(wanted: held.Held, ids: Numbers, period: int) -> Iterator[tuple[int, str, int]]:
    """Each of these things, a period, and how many of the entries with the thing happened in it."""
    names, told = held.entries()
    periods = sorted({told.month[:period] for told in names if told.month})
    number = {when: at for at, when in enumerate(periods)}
    rows, places = told.among(ids).beside(wanted.entries)
    when = np.array([number.get(told.month[:period], -1) for told in names], np.int64)[places]
    things, numbered = np.unique(wanted.things[rows[when >= 0]], return_inverse=True)
    counts = np.bincount(numbered * len(periods) + when[when >= 0], minlength=len(things) * len(periods))
    for at in np.flatnonzero(counts).tolist():
        thing, place = divmod(at, len(periods))
        yield int(things[thing]), periods[place], int(counts[at])
