"""A list of entries as a reader asks for it: filter and order from the address, chips and facets back to addresses."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Count, F
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import ExtractYear, Lower
from django.http import QueryDict

from kb.external import NAMESPACES
from kb.filters import BadFilter, EntryFilter
from kb.models import Category, Entity, Tag
from kb.models.entries import EntryQuerySet

Ordering = tuple[Combinable | OrderBy, ...]

ORDERS: dict[str, tuple[str, Ordering]] = {
    "newest": ("Newest first", (F("occurred_on").desc(nulls_last=True), F("id").desc())),
    "oldest": ("Oldest first", (F("occurred_on").asc(nulls_last=True), F("id").asc())),
    "title": ("By title", (Lower("title"), F("id"))),
}
MOST_TAGS = 60

Address = Callable[[EntryFilter], str]
Asked = TypeVar("Asked")


@dataclass(frozen=True)
class Problem:
    """A parameter that made no sense, and why, for the person who typed it."""

    name: str
    message: str


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the address of the list without it."""

    label: str
    remove: str


@dataclass(frozen=True)
class Choice:
    """A value that a filter could take: how many entries it would leave, and the address that sets or removes it."""

    key: str
    label: str
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True)
class Listing:
    """Which entries of a kind, in which order. What made no sense is left out and told in `problems`."""

    filter: EntryFilter
    sort: str = "newest"
    problems: tuple[Problem, ...] = ()

    @classmethod
    def from_params(cls, params: QueryDict, kind: str) -> "Listing":
        filter, problems = sensible(EntryFilter.from_params, {**params.dict(), "kind": kind})
        sort = params.get("sort") or "newest"
        if sort not in ORDERS:
            problems.append(Problem("sort", f"There is no order “{sort}”: choose {', '.join(ORDERS)}."))
            sort = "newest"
        return cls(filter, sort, tuple(problems))

    def apply(self, entries: EntryQuerySet) -> EntryQuerySet:
        return self.filter.apply(entries).order_by(*ORDERS[self.sort][1])

    def address(self, filter: EntryFilter) -> str:
        """This list with another filter, from its first page."""
        params = short_params(filter.without("kind"))
        if self.sort != "newest":
            params["sort"] = self.sort
        return "?" + urlencode(params) if params else "."

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """(what it is called, address) of this list, whole, as a file."""
        here = self.address(self.filter)
        more = f"{here}&" if here.startswith("?") else "?"
        return [("CSV", f"{more}format=csv"), ("JSON lines", f"{more}format=jsonl")]


def sensible(read: Callable[[dict[str, Any]], Asked], params: dict[str, Any]) -> tuple[Asked, list[Problem]]:
    """What `read` makes of `params`, with what makes no sense (it raises BadFilter) left out and told instead."""
    problems: list[Problem] = []
    while True:
        try:
            return read(params), problems
        except BadFilter as error:
            problems.append(Problem(error.name, str(error)))
            params = {**params, error.name: ""}


def short_params(filter: EntryFilter) -> dict[str, str]:
    """The filter's parameters with dates as short as they can be: 2024 and not 2024-01-01."""
    params = filter.params()
    if filter.since:
        params["since"] = _short(filter.since, month_edge=1, year_edge=(1, 1))
    if filter.until:
        last = calendar.monthrange(filter.until.year, filter.until.month)[1]
        params["until"] = _short(filter.until, month_edge=last, year_edge=(12, 31))
    return params


def _short(day: date, *, month_edge: int, year_edge: tuple[int, int]) -> str:
    if (day.month, day.day) == year_edge:
        return f"{day.year:04}"
    return day.isoformat()[:7] if day.day == month_edge else day.isoformat()


def chips(filter: EntryFilter, address: Address) -> list[Chip]:
    """One chip for each filter that is set, but for the kind; a whole year is one chip."""
    found = []
    for name, model in (("tag", Tag), ("entity", Entity), ("category", Category)):
        slug = getattr(filter, name)
        if slug:
            row = model._default_manager.filter(slug=slug).first()
            found.append(Chip(f"{name.capitalize()}: {row or slug}", address(filter.without(name))))
    if filter.namespace:
        label = NAMESPACES.get(filter.namespace, (filter.namespace, ""))[0]
        found.append(Chip(f"In {label}", address(filter.without("namespace"))))
    params = short_params(filter)
    since, until = params.get("since"), params.get("until")
    if since and since == until:
        found.append(Chip(since, address(filter.without("since").without("until"))))
    else:
        found += [Chip(f"Since {since}", address(filter.without("since")))] if since else []
        found += [Chip(f"Until {until}", address(filter.without("until")))] if until else []
    return found


def tag_choices(entries: EntryQuerySet, filter: EntryFilter, address: Address) -> list[Choice]:
    """The tags of what the other filters leave, the commonest first."""
    others = filter.without("tag").apply(entries)
    rows = (
        Tag.objects.filter(entries__in=others.order_by().values("pk"))
        .annotate(count=Count("entries"))
        .order_by("-count", "name")
        .values_list("slug", "name", "count")[:MOST_TAGS]
    )
    found = []
    for slug, name, count in rows:
        chosen = slug == filter.tag
        wanted = filter.without("tag") if chosen else replace(filter, tag=slug)
        found.append(Choice(slug, name, count, address(wanted), chosen))
    return found


def year_choices(entries: EntryQuerySet, filter: EntryFilter, address: Address) -> list[Choice]:
    """The years of what the other filters leave, the latest first."""
    anytime = filter.without("since").without("until")
    dated = anytime.apply(entries).filter(occurred_on__isnull=False)
    rows = (
        dated.order_by()
        .annotate(year=ExtractYear("occurred_on"))
        .values("year")
        .annotate(count=Count("id", distinct=True))
        .order_by("-year")
        .values_list("year", "count")
    )
    found = []
    for year, count in rows:
        this = replace(filter, since=date(year, 1, 1), until=date(year, 12, 31))
        chosen = filter == this
        found.append(Choice(str(year), str(year), count, address(anytime if chosen else this), chosen))
    return found
