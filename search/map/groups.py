"""What the points are coloured by: kind, year or category."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from kb import held
from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.models import Entry
from kb.models.entries import User
from kb.rights import sees_hidden
from kb.trends import counting
from kb.unless_written import unless_written
from search.engines.base import Ids
from search.map.seen import Seen

COLOURS = {"kind": "Kind", "year": "Year", "category": "Category"}
YEARS = 6
CATEGORIES = 7
REST = 7  # the number of the last group, in the colour of what is left


@dataclass(frozen=True)
class Group:
    """Points of one colour, by its number; `filter` is what would keep these alone, None where no filter can."""

    number: int
    label: str
    count: int
    filter: EntryFilter | None = None
    kind: str = ""


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups that have points, and of each of `Seen.rows` the number of its group. `field` says which categories
    these are."""

    groups: list[Group]
    of: Ids
    field: str = ""


def grouping(name: str, seen: Seen, filter: EntryFilter, user: User) -> Grouping:
    """By one of COLOURS."""
    if name == "year":
        return _by_year(seen, filter)
    if name == "category":
        return _by_category(seen, filter, user)
    counts = np.bincount(seen.kinds, minlength=len(KINDS))
    groups = [
        Group(number, info.plural, int(counts[number]), replace(filter, kind=info.kind), info.kind)
        for number, info in enumerate(KINDS.values())
    ]
    return Grouping([group for group in groups if group.count], seen.kinds.astype(np.int64))


def _by_year(seen: Seen, filter: EntryFilter) -> Grouping:
    """The latest years one by one, those before together, and what has no date."""
    years = seen.years.astype(np.int64)
    last = int(years.max(initial=0))
    first = last - YEARS + 1
    of = np.where(years == 0, REST, np.clip(last - years, 0, YEARS))
    counts = np.bincount(of, minlength=REST + 1)
    groups = [
        Group(number, str(last - number), int(counts[number]), _in_year(filter, last - number))
        for number in range(YEARS)
    ]
    before = replace(filter, since=None, until=date(first - 1, 12, 31)) if first > 1 else None
    groups += [Group(YEARS, f"Before {first}", int(counts[YEARS]), before), Group(REST, "No date", int(counts[REST]))]
    return Grouping([group for group in groups if group.count], of)


def _in_year(filter: EntryFilter, year: int) -> EntryFilter | None:
    return replace(filter, since=date(year, 1, 1), until=date(year, 12, 31)) if year >= 1 else None


def _by_category(seen: Seen, filter: EntryFilter, user: User) -> Grouping:
    """The commonest categories of the question that categories answer most often."""
    is_staff = sees_hidden(user)
    names, members, field = unless_written(("categories", is_staff), lambda: _categories(user))
    of = np.full(len(seen.rows), REST, np.int64)
    ids = seen.points["entry"]
    # The rarest first, so that what is in several keeps the commonest.
    for number in reversed(range(len(names))):
        of[np.isin(ids, members[number])] = number
    counts = np.bincount(of, minlength=REST + 1)
    groups = [
        Group(number, label, int(counts[number]), replace(filter, category=slug))
        for number, (slug, label) in enumerate(names)
    ]
    groups.append(Group(REST, "Another or none", int(counts[REST])))
    return Grouping([group for group in groups if group.count], of, field)


def _categories(user: User) -> tuple[list[tuple[str, str]], list[Ids], str]:
    """Slug and name of the commonest categories, the ids of the entries in each, and what field they are of."""
    ids = held.ids(Entry.objects.visible_to(user))
    fields = counting.fields(ids)
    if not fields:
        return [], [], ""
    common = fields[0].values[:CATEGORIES]
    said = held.categories().among(ids)
    found = [said.entries[said.things == value.pk] for value in common]
    return [(value.slug, value.name) for value in common], found, fields[0].label
