"""What a reader may see of the map: the points of entries that the database shows to them, and what these share."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from django.db.models import Case, CharField, IntegerField, Value, When
from django.db.models.functions import Cast, Coalesce, Replace
from numpy.typing import NDArray

from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.models import Entry
from kb.models.entries import User
from kb.numbers import numbers
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from search.engines.base import Ids
from search.map.layout import Layout, current
from search.map.names import names
from search.map.ranking import Ranker, Telling
from search.map.region import Region

SHARED_WORDS = 12
FEWEST_IN_PLACE = 3
KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, eq=False)
class Entries:
    """Entries by sorted id: the number of each one's kind, and its day (20240214), 0 for none. Small, since many are
    kept."""

    ids: Ids
    kinds: NDArray[np.int8]
    days: NDArray[np.int32]


@dataclass(frozen=True)
class Place:
    """A part of the map with a name: what its entries say more often than the others, for whoever reads. `x` and `y`
    from 0 to 1 are its middle."""

    words: tuple[str, ...]
    x: float
    y: float
    region: Region
    rows: Ids = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return ", ".join(self.words)


@dataclass(frozen=True, eq=False)
class Seen:
    """The map for a reader: `rows` of the layout that the filter keeps, with what `Entries` has of them, and `rows_all`
    without a filter. `total` counts what the filter keeps, whether it is on the map or not."""

    layout: Layout
    rows: Ids
    kinds: NDArray[np.int8]
    days: NDArray[np.int32]
    rows_all: Ids
    total: int
    key: Hashable

    @cached_property
    def points(self) -> np.ndarray:
        return self.layout.points[self.rows]

    @property
    def years(self) -> NDArray[np.int32]:
        return self.days // 10_000

    @property
    def missing(self) -> int:
        """How many entries that the filter keeps are not on the map yet."""
        return self.total - len(self.rows)

    def inside(self, region: Region) -> Ids:
        """Which of `rows`, by position, are in a region."""
        return region.rows(self.points)

    def newest(self, inside: Ids) -> list[int]:
        """The ids of these of `rows`, the newest first, those without a date last."""
        ids = self.points["entry"][inside]
        return ids[np.lexsort((-ids, -self.days[inside]))].tolist()

    def shared(self, inside: Ids, most: int = SHARED_WORDS) -> list[Telling]:
        """What these of `rows` say more often than all the others on the map."""
        terms, _ = self.layout.terms_of(self.rows[inside])
        counts = np.bincount(terms, minlength=len(self.layout.words))
        return self._ranker().telling(counts, len(inside), most)

    def places(self) -> list[tuple[Place, Ids]]:
        """The parts of the map in which any of `rows` are, and which, the largest first. They and their names are made
        of everything that this reader may see."""
        found = unless_written(("places", self.key), self._places)
        present = [(place, inside) for place in found if len(inside := self.inside(place.region))]
        return sorted(present, key=lambda one: -len(one[1]))

    def _ranker(self) -> Ranker:
        return unless_written(("words", self.key), self._make_ranker)

    def _make_ranker(self) -> Ranker:
        terms, _ = self.layout.terms_of(self.rows_all)
        everywhere = np.bincount(terms, minlength=len(self.layout.words))
        return Ranker(self.layout.words, everywhere, len(self.rows_all))

    def _places(self) -> list[Place]:
        points = self.layout.points[self.rows_all]
        terms, owner = self.layout.terms_of(self.rows_all)
        numbers = points["place"].astype(np.int64)
        found = []
        for number, said in enumerate(names(self.layout.words, terms, owner, numbers)):
            rows = np.flatnonzero(numbers == number)
            if said and len(rows) >= FEWEST_IN_PLACE:
                x, y = (float(np.median(points[axis][rows])) for axis in ("x", "y"))
                found.append(Place(said, x, y, Region.around(points[rows]), rows))
        return sorted(found, key=lambda place: (-len(place.rows), place.name))


def seen(filter: EntryFilter, user: User) -> Seen | None:
    """The map for this reader; None where none was computed yet."""
    layout = current(user)
    if layout is None:
        return None
    chosen = _entries(filter, user)
    everything = chosen if filter.is_empty else _entries(EntryFilter(), user)
    rows = layout.rows_of(chosen.ids)
    rows_all = rows if filter.is_empty else layout.rows_of(everything.ids)
    beside = np.searchsorted(chosen.ids, layout.points["entry"][rows])
    is_staff = sees_hidden(user)
    return Seen(
        layout=layout,
        rows=rows,
        kinds=chosen.kinds[beside],
        days=chosen.days[beside],
        rows_all=rows_all,
        total=len(chosen.ids),
        key=(is_staff, layout.made_at, len(layout.points), layout.placed, rows_all.tobytes()),
    )


def _entries(filter: EntryFilter, user: User) -> Entries:
    is_staff = sees_hidden(user)
    return unless_written(("map", filter, is_staff), lambda: _read(filter, user))


def _read(filter: EntryFilter, user: User) -> Entries:
    kind = Case(*(When(kind=kind, then=number) for kind, number in KIND_NUMBERS.items()), default=0)
    day = Replace(Cast("occurred_on", CharField()), Value("-"), Value(""))
    entries = filter.apply(Entry.objects.visible_to(user)).order_by()
    found = numbers(entries.annotate(number=kind, day=Coalesce(Cast(day, IntegerField()), 0)), "pk", "number", "day")
    ids, kinds, days = found[np.argsort(found[:, 0])].T.copy()
    return Entries(ids, kinds.astype(np.int8), days.astype(np.int32))
