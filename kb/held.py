"""What entries have, as arrays of ids: all of it read once, and what was written to since anew. To count it within some
entries then takes a millisecond.

To count in SQL what ten thousand entries have takes tens of milliseconds for everything that is counted, whereas the
ids stand in an index one after the other. The arrays are of all entries, hidden ones too: what is shown of them goes
through `Held.within` entries that the reader may see.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Case, CharField, F, IntegerField, Model, Value, When
from django.db.models.functions import Cast, Coalesce, Replace, Substr

from kb.among import STAND_IN
from kb.models import Classification, EntityRole, Entry, EntryReference, ExternalId, Fact, Reference
from kb.models.entries import SAID, SHOWN, EntryQuerySet
from kb.numbers import Column, Numbers, Reading, among, counted, in_columns, in_groups, numbers
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
        return self.things[among(self.entries, ids)]

    def among(self, ids: Numbers) -> "Held":
        """The rows of these entries alone."""
        rows = among(self.entries, ids)
        return Held(self.entries[rows], self.things[rows])

    def beside(self, entries: Numbers) -> tuple[Numbers, Numbers]:
        """Of entries that have one thing each: which of those given have it, by their places, and what it is."""
        had = self.among(entries)
        order = np.argsort(had.entries)
        at = np.searchsorted(had.entries, entries, sorter=order)
        rows = np.flatnonzero(at < len(order))
        at = order[at[rows]]
        found = had.entries[at] == entries[rows]
        return rows[found], had.things[at[found]]

    def without(self, ids: Numbers) -> "Held":
        """The rows of all other entries."""
        rows = ~among(self.entries, ids)
        return Held(self.entries[rows], self.things[rows])

    def beneath(self, more: "Held") -> "Held":
        """With the rows of other entries after its own."""
        return Held(*(np.concatenate(columns) for columns in zip(self, more, strict=True)))

    def only(self, things: Numbers) -> "Held":
        """The rows of these things alone."""
        rows = among(self.things, things)
        return Held(self.entries[rows], self.things[rows])


class Named(NamedTuple):
    """The same where the things are no rows of a table: the numbers are those of places in `names`."""

    names: list[Any]
    held: Held

    def counts(self, ids: Numbers, key: Callable[[Any], Any] = itemgetter(0)) -> Counter[Any]:
        """By `key`, which is made of a name, in how many of these entries it is; "" is none."""
        found: Counter[Any] = Counter()
        many = np.bincount(self.held.within(ids), minlength=len(self.names))
        places = np.flatnonzero(many)
        for at, number in zip(places.tolist(), many[places].tolist(), strict=True):
            if told := key(self.names[at]):
                found[told] += number
        return found

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


def of_kind(ids: Numbers, kind: str) -> Numbers:
    """Those of these entries that are of this kind."""
    names, of = entries()
    return of.only(np.array([at for at, name in enumerate(names) if name.kind == kind], np.int64)).among(ids).entries


def by_day(ids: Numbers, *, latest_first: bool) -> Numbers:
    """These entries by when they happened, those of one day by id, and those without a day last."""
    ids = np.sort(ids)
    day = np.zeros(len(ids), np.int64)
    rows, found = days().beside(ids)
    day[rows] = found
    rising = ids[np.argsort(day, kind="stable")]
    return rising[::-1] if latest_first else np.roll(rising, -np.count_nonzero(day == 0))


def together(some: Held) -> Held:
    """Its rows, each once."""
    entries, things = some
    follows = (entries[1:] > entries[:-1]) | ((entries[1:] == entries[:-1]) & (things[1:] >= things[:-1]))
    if not follows.all():  # one table, as SQLite reads it, is in order already
        order = np.lexsort((things, entries))
        entries, things = entries[order], things[order]
    is_new = np.ones(len(entries), bool)
    is_new[1:] = (entries[1:] != entries[:-1]) | (things[1:] != things[:-1])
    return Held(entries[is_new], things[is_new])


def commonest(things: Numbers, most: int | None = None) -> dict[int, int]:
    """How often each is there, what is there most often first, of equals the first number; `most` of them, or all."""
    values, counts = counted(things)
    order = np.argsort(-counts, kind="stable")[:most]
    return dict(zip(values[order].tolist(), counts[order].tolist(), strict=True))


def tags() -> Held:
    """Ids of tags."""
    return _pairs("tags", Entry.tags.through, "entry_id", "tag_id")


def categories() -> Held:
    """Ids of the categories that somebody put entries in."""
    return _pairs("categories", Classification, "entry_id", "category_id", origin__in=SAID)


def entities(*roles: Role) -> Held:
    """Ids of entities, in whatever part or in one of these."""
    only = {"role__in": roles} if roles else {}
    return _pairs(" ".join(("entities", *roles)), EntityRole, "entry_id", "entity_id", **only)


def parts(ids: Numbers) -> dict[Role, Numbers]:
    """By part the ids of the entities that have it in these entries, each as often as it does."""
    had = _pairs("parts", EntityRole, "entry_id", PARTS).within(ids)
    of = had & (2**BITS - 1)
    return {role: had[of == number] >> BITS for number, role in enumerate(Role)}


# An entity and its part as one number, of which the lowest bits are the part.
BITS = (len(Role) - 1).bit_length()
PARTS = F("entity_id") * 2**BITS + Case(*(When(role=role, then=number) for number, role in enumerate(Role)))


def references() -> Held:
    """Ids of the references that are cited."""
    return _pairs("references", EntryReference, "entry_id", "reference_id")


def published() -> Named:
    """Days, written YYYY-MM-DD, on which references were published: these stand in the place of entries."""
    return _named("published", Reference, "published_on", "pk", name_of=_published, published_on__isnull=False)


def namespaces() -> Named:
    """Namespaces of identifiers; an entry has one as often as it has identifiers of it."""
    return _named("namespaces", ExternalId, "namespace", "entry_id")


def facts() -> Named:
    """Name, value and spelling of facts."""
    return _named("facts", Fact, "name", "value", "spelling", "entry_id")


class Told(NamedTuple):
    """What an entry is and when it happened, as far as lists and charts part entries by it, and who may see it."""

    kind: str
    month: str  # YYYY-MM, "" where the day is not known
    language: str
    is_hidden: int  # 1 where it is for staff alone, else 0

    @property
    def year(self) -> str:
        return self.month[:4]


def entries() -> Named:
    """`Told` of entries."""
    return _named("entries", Entry, "kind", MONTH, "language", HIDDEN, "pk", name_of=Told._make)


# The beginning of a date: the databases cut a text faster than they take a date apart.
MONTH = Coalesce(Substr(Cast("occurred_on", CharField()), 1, 7), Value(""))
HIDDEN = Case(When(SHOWN, then=0), default=1)


def shown(ids: Numbers, *, hidden_too: bool) -> Numbers:
    """Those of these entries that are there, each once, in no order, without those for staff alone unless these are
    wanted too."""
    names, of = entries()
    rows = of.among(ids)
    if hidden_too:
        return rows.entries
    is_hidden = np.fromiter((name.is_hidden for name in names), np.bool_, len(names))
    return rows.entries[~is_hidden[rows.things]]


def days() -> Held:
    """When entries happened: YYYYMMDD as a number, 0 where that is not known."""
    return _pairs("days", Entry, "pk", DAY)


DAY = Coalesce(Cast(Replace(Cast("occurred_on", CharField()), Value("-"), Value("")), IntegerField()), Value(0))


def texts() -> Named:
    """Source, licence, attribution and day of entries."""
    return _named("texts", Entry, "source", "licence", "attribution", "occurred_on", "pk", name_of=_text)


def _pairs(name: str, model: type[Model], entry: str, thing: Column, **only: Any) -> Held:
    def read(found: list[tuple[Any, ...]]) -> Held:
        return together(Held(*in_columns(found, 2).T.copy()))

    reading = partial(_reading, name, model, (), (entry, thing), only)
    return _kept(name, model, reading, read, lambda before, written, now: before.without(written).beneath(now))


def _named(
    name: str,
    model: type[Model],
    *columns: Column,
    name_of: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple,
    **only: Any,
) -> Named:
    """`name_of` makes a name of what the database gives."""

    def read(rows: list[tuple[Any, ...]]) -> Named:
        found = in_groups(rows)
        return Named([name_of(row) for row in found.values], Held(found.numbers, found.of))

    reading = partial(_reading, name, model, columns[:-1], columns[-1:], only)
    return _kept(name, model, reading, read, Named.mended)


def _kept(
    name: str,
    model: type[Model],
    reading: Callable[..., Reading],
    read: Callable[[list[tuple[Any, ...]]], Read],
    mended: Callable[[Read, Numbers, Read], Read],
) -> Read:
    """What is read of rows of one table, and of no other. Where little of it was written to since, `mended` makes that
    of what was read before, the entries that were written to, and what is read of these."""

    def mend(before: Read, written: set[int]) -> Read:
        if not written:
            return before
        now = read(reading(some=True).among(written).found())
        return mended(before, np.fromiter(written, np.int64), now)

    table = model._meta.db_table
    return unless_written(("held", name), lambda: read(reading().found()), table=table, mend=mend)


# By database and name: what reads all of it, and what reads of it what some entries have.
_readings: dict[tuple[str, str, bool], Reading] = {}


def _reading(
    name: str,
    model: type[Model],
    by: tuple[Column, ...],
    columns: tuple[Column, ...],
    only: dict[str, Any],
    some: bool = False,
) -> Reading:
    key = connections[DEFAULT_DB_ALIAS].vendor, name, some
    if key not in _readings:
        of = "pk" if COUNTED[model._meta.db_table] == "id" else "entry__pk"
        among = {f"{of}__among": (STAND_IN,)} if some else {}
        rows = model._default_manager.filter(**only, **among).order_by()
        _readings[key] = Reading.of(rows, by, columns)
    return _readings[key]


def _published(row: tuple[Any, ...]) -> tuple[str]:
    return (str(row[0]),)


def _text(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:-1], _day(row[-1]))


def _day(written: Any) -> date | None:
    return date.fromisoformat(str(written)) if written else None
