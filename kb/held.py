"""What entries have, as arrays of ids: all of it read once, and what was written to since anew. To count it within some
entries then takes a millisecond.

To count in SQL what ten thousand entries have takes tens of milliseconds for everything that is counted, whereas the
ids stand in an index one after the other. The arrays are of all entries, hidden ones too: what is shown of them goes
through `Held.within` entries that the reader may see.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple, TypeVar

import numpy as np
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast, Substr

from kb.models import Classification, EntityRole, Entry, EntryReference, ExternalId, Fact, Reference
from kb.models.entries import SAID, EntryQuerySet
from kb.numbers import Numbers, grouped, numbers
from kb.roles import Role
from kb.unless_written import unless_written
from kb.writes import COUNTED

Read = TypeVar("Read")


class Held(NamedTuple):
    """Row by row an entry, and the number of something that it has; both together are in one row alone."""

    entries: Numbers
    things: Numbers

    def within(self, ids: Numbers) -> Numbers:
        """What these entries have, everything as often as there are entries that have it."""
        return self.things[np.isin(self.entries, ids)]

    def among(self, ids: Numbers) -> "Held":
        """The rows of these entries alone."""
        rows = np.isin(self.entries, ids)
        return Held(self.entries[rows], self.things[rows])

    def beside(self, entries: Numbers) -> tuple[Numbers, Numbers]:
        """Of entries that have one thing each: which of those given have it, by their places, and what it is."""
        order = np.argsort(self.entries)
        at = np.searchsorted(self.entries, entries, sorter=order)
        rows = np.flatnonzero(at < len(order))
        at = order[at[rows]]
        found = self.entries[at] == entries[rows]
        return rows[found], self.things[at[found]]

    def without(self, ids: Numbers) -> "Held":
        """The rows of all other entries."""
        rows = np.isin(self.entries, ids, invert=True)
        return Held(self.entries[rows], self.things[rows])

    def beneath(self, more: "Held") -> "Held":
        """With the rows of other entries after its own."""
        return Held(*(np.concatenate(columns) for columns in zip(self, more, strict=True)))

    def only(self, things: Numbers) -> "Held":
        """The rows of these things alone."""
        rows = np.isin(self.things, things)
        return Held(self.entries[rows], self.things[rows])


class Named(NamedTuple):
    """The same where the things are no rows of a table: the numbers are those of places in `names`."""

    names: list[tuple[Any, ...]]
    held: Held

    def counts(self, ids: Numbers) -> dict[Any, int]:
        """Of what has one name, by this in how many of these entries it is."""
        return {self.names[at][0]: count for at, count in commonest(self.held.within(ids)).items()}

    def mended(self, written: Numbers, now: "Named") -> "Named":
        """With what these entries have `now` instead of what they had; names of nothing any more are left out."""
        places = {name: at for at, name in enumerate(self.names)}
        at = np.array([places.setdefault(name, len(places)) for name in now.names], np.int64)
        held = self.held.without(written).beneath(Held(now.held.entries, at[now.held.things]))
        names, used = list(places), np.bincount(held.things, minlength=len(places)) > 0
        if used.all():
            return Named(names, held)
        return Named([names[at] for at in np.flatnonzero(used)], Held(held.entries, (np.cumsum(used) - 1)[held.things]))


def ids(entries: EntryQuerySet) -> Numbers:
    """Of these entries, none of which may be there twice."""
    return numbers(entries.order_by(), "pk")[:, 0]


def together(some: Iterable[Held]) -> Held:
    """The rows of all of these, each once."""
    entries, things = (np.concatenate([np.empty(0, np.int64), *column]) for column in zip(*some, strict=True))
    follows = (entries[1:] > entries[:-1]) | ((entries[1:] == entries[:-1]) & (things[1:] >= things[:-1]))
    if not follows.all():  # one table, as SQLite reads it, is in order already
        order = np.lexsort((things, entries))
        entries, things = entries[order], things[order]
    is_new = np.ones(len(entries), bool)
    is_new[1:] = (entries[1:] != entries[:-1]) | (things[1:] != things[:-1])
    return Held(entries[is_new], things[is_new])


def commonest(things: Numbers) -> dict[int, int]:
    """How often each is there, what is there most often first, and of equals the first number."""
    values, counts = np.unique(things, return_counts=True)
    order = np.lexsort((values, -counts))
    return dict(zip(values[order].tolist(), counts[order].tolist(), strict=True))


def tags() -> Held:
    """Ids of tags."""
    return _pairs("tags", Entry.tags.through.objects.all(), "entry_id", "tag_id")


def categories() -> Held:
    """Ids of the categories that somebody put entries in."""
    return _pairs("categories", Classification.objects.filter(origin__in=SAID), "entry_id", "category_id")


def entities() -> Held:
    """Ids of entities, in whatever part."""
    return _pairs("entities", EntityRole.objects.all(), "entry_id", "entity_id")


def part(role: Role) -> Held:
    """The same in one part alone."""
    return _pairs(f"part of {role}", EntityRole.objects.filter(role=role), "entry_id", "entity_id")


def references() -> Held:
    """Ids of the references that are cited."""
    return _pairs("references", EntryReference.objects.all(), "entry_id", "reference_id")


def published() -> Named:
    """Days, written YYYY-MM-DD, on which references were published: these stand in the place of entries."""
    dated = Reference.objects.exclude(published_on=None)
    return _named("published", dated, "published_on", "pk", name_of=lambda row: (str(row[0]),))


def namespaces() -> Named:
    """Namespaces of identifiers; an entry has one as often as it has identifiers of it."""
    return _named("namespaces", ExternalId.objects.all(), "namespace", "entry_id")


def facts() -> Named:
    """Name, value and spelling of facts."""
    return _named("facts", Fact.objects.all(), "name", "value", "spelling", "entry_id")


def years() -> Named:
    """Years in which entries happened, as text."""
    year = Substr(Cast("occurred_on", CharField()), 1, 4)
    return _named("years", Entry.objects.exclude(occurred_on=None).annotate(year=year), "year", "pk")


def languages() -> Named:
    """Codes of the languages that entries are in."""
    return _named("languages", Entry.objects.exclude(language=""), "language", "pk")


def texts() -> Named:
    """Source, licence, attribution and day of entries."""
    columns = ("source", "licence", "attribution", "occurred_on", "pk")
    return _named("texts", Entry.objects.all(), *columns, name_of=lambda row: (*row[:-1], _day(row[-1])))


def _pairs(name: str, rows: QuerySet, *columns: str) -> Held:
    def read(rows: QuerySet) -> Held:
        return together([Held(*numbers(rows, *columns).T.copy())])

    return _kept(name, rows, read, lambda before, written, now: before.without(written).beneath(now))


def _named(
    name: str, rows: QuerySet, *columns: str, name_of: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple
) -> Named:
    """`name_of` makes a name of what the database gives."""

    def read(rows: QuerySet) -> Named:
        found = grouped(rows, *columns)
        return Named([name_of(row) for row in found.values], Held(found.numbers, found.of))

    return _kept(name, rows, read, Named.mended)


def _kept(
    name: str,
    rows: QuerySet,
    read: Callable[[QuerySet], Read],
    mended: Callable[[Read, Numbers, Read], Read],
) -> Read:
    """What is read of these rows, whose columns are all of one table. Where little of that was written to since,
    `mended` makes it of what was read before, the entries that were written to, and what is read of these."""
    table = rows.model._meta.db_table
    of = "pk" if COUNTED[table] == "id" else "entry__pk"

    def mend(before: Read, written: set[int]) -> Read:
        now = read(rows.order_by().filter(**{f"{of}__among": written}))
        return mended(before, np.fromiter(written, np.int64), now)

    return unless_written(("held", name), lambda: read(rows.order_by()), table=table, mend=mend)


def _day(written: Any) -> date | None:
    return date.fromisoformat(str(written)) if written else None
