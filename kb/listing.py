"""A list of entries as a reader asks for it: filter and order from the address, chips and facets back to addresses."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Coalesce, Lower
from django.http import QueryDict
from django.utils.translation import get_language_info

from kb import held
from kb.external import NAMESPACES
from kb.filters import BadFilter, EntryFilter, role_and_slug
from kb.kinds import FACTS
from kb.labels import as_fact
from kb.models import Category, Entity, EntryReference, Tag
from kb.models.entries import EntryQuerySet
from kb.names import tag_names
from kb.numbers import Numbers
from kb.roles import Role

Ordering = tuple[Combinable | OrderBy, ...]

REPORTS = Coalesce(
    Subquery(
        EntryReference.objects.filter(entry=OuterRef("pk"))
        .order_by()
        .values("entry")
        .annotate(count=Count("pk"))
        .values("count")
    ),
    0,
)

ORDERS: dict[str, tuple[str, Ordering]] = {
    "newest": ("Newest first", (F("occurred_on").desc(nulls_last=True), F("id").desc())),
    "oldest": ("Oldest first", (F("occurred_on").asc(nulls_last=True), F("id").asc())),
    "added": ("Last added first", (F("created_at").desc(), F("id").desc())),
    "reports": ("Most reports first", (REPORTS.desc(), F("id").desc())),
    "title": ("By title", (Lower("title"), F("id"))),
}
BY_DAY = ("newest", "oldest")
# How a list looks -> what it is called, and how many entries are on a page.
VIEWS = {"list": ("List", 25), "compact": ("Compact", 50), "table": ("Table", 50)}
# Who can read an entry, for those who see the others too.
STATUS_LABELS = {"published": "Everybody", "internal": "Curators, internal", "draft": "Curators, draft"}
MOST_TAGS = 60
MOST_PAGES = 8

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
    """Which entries of a kind, in which order, and how they look. What made no sense is left out and told in
    `problems`."""

    filter: EntryFilter
    sort: str = "newest"
    problems: tuple[Problem, ...] = ()
    view: str = "list"

    @classmethod
    def from_params(cls, params: QueryDict, kind: str) -> "Listing":
        filter, problems = sensible(EntryFilter.from_params, {**params.dict(), "kind": kind})
        sort = params.get("sort") or "newest"
        if sort not in ORDERS:
            problems.append(Problem("sort", f"There is no order “{sort}”: choose {', '.join(ORDERS)}."))
            sort = "newest"
        view = params.get("view") or "list"
        if view not in VIEWS:
            problems.append(Problem("view", f"There is no view “{view}”: choose {', '.join(VIEWS)}."))
            view = "list"
        return cls(filter, sort, tuple(problems), view)

    def apply(self, entries: EntryQuerySet) -> EntryQuerySet:
        return self.filter.apply(entries).order_by(*ORDERS[self.sort][1])

    def left(self, entries: EntryQuerySet) -> Numbers:
        """The ids of all, in order where that is by when they happened: a database puts the first of a list in order
        fast, and takes longer for what is in few indexes or stands far down."""
        return held.by_day(held.ids(self.filter.apply(entries)), latest_first=self.sort != "oldest")

    def ids(self, entries: EntryQuerySet, left: Numbers, start: int, stop: int) -> list[int]:
        """From `start` up to `stop`; `left` is what `left` gave of these entries."""
        if self.sort in BY_DAY:
            return left[start:stop].tolist()
        return list(self.apply(entries).values_list("pk", flat=True)[start:stop])

    def address(self, filter: EntryFilter) -> str:
        """This list with another filter, from its first page."""
        params = short_params(filter)
        params.pop("kind", None)
        if self.sort != "newest":
            params["sort"] = self.sort
        if self.view != "list":
            params["view"] = self.view
        return "?" + urlencode(params, safe=",:") if params else "."

    @property
    def views(self) -> list[Choice]:
        """The ways in which this list can look."""
        return [
            Choice(name, label, 0, replace(self, view=name).address(self.filter), name == self.view)
            for name, (label, _) in VIEWS.items()
        ]

    def sorted(self, sort: str) -> str:
        """The address of this list in another order."""
        return replace(self, sort=sort).address(self.filter)

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """(what it is called, address) of this list, whole, as a file."""
        here = replace(self, view="list").address(self.filter)
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
    """One chip for each value that is set, but for the kind; a whole year is one chip."""
    found = []
    for name, model in (("tag", Tag), ("entity", Entity), ("category", Category)):
        written = {value: role_and_slug(value) if name == "entity" else ("", value) for value in filter.values(name)}
        slugs = [slug for _, slug in written.values()]
        rows = {row.slug: row for row in model._default_manager.filter(slug__in=slugs)} if slugs else {}
        for value, (role, slug) in written.items():
            label = Role(role).label if role else name.capitalize()
            found.append(Chip(f"{label}: {rows.get(slug, slug)}", address(filter.toggled(name, value))))
    for namespace in filter.values("namespace"):
        found.append(Chip(f"In {namespace_label(namespace)}", address(filter.toggled("namespace", namespace))))
    for name in FACTS:
        for value in filter.values(name):
            found.append(Chip(f"{name.capitalize()}: {as_fact(value, name)}", address(filter.without(name))))
    if filter.language:
        found.append(Chip(f"In {language_label(filter.language)}", address(filter.without("language"))))
    if filter.status:
        found.append(Chip(f"For {STATUS_LABELS[filter.status].lower()}", address(filter.without("status"))))
    params = short_params(filter)
    since, until = params.get("since"), params.get("until")
    if since and since == until:
        found.append(Chip(since, address(filter.without("since").without("until"))))
    else:
        found += [Chip(f"Since {since}", address(filter.without("since")))] if since else []
        found += [Chip(f"Until {until}", address(filter.without("until")))] if until else []
    return found


def namespace_label(namespace: str) -> str:
    return NAMESPACES.get(namespace, (namespace, ""))[0]


def language_label(code: str) -> str:
    """`French` for `fr`; a code that is not known stays as it is."""
    try:
        return get_language_info(code)["name"]
    except KeyError:
        return code


def tag_choices(left: Numbers, filter: EntryFilter, address: Address, most: int = MOST_TAGS) -> list[Choice]:
    """The tags of these entries, which are what the filter leaves, the commonest first: choosing another leaves those
    that have both."""
    counted = held.commonest(held.tags().within(left), MOST_TAGS)
    tags = sorted(tag_names(counted), key=lambda tag: (-counted[tag[0]], tag[2]))[:most]
    chosen = filter.values("tag")
    return [
        Choice(slug, name, counted[pk], address(filter.toggled("tag", slug)), slug in chosen) for pk, slug, name in tags
    ]


def year_choices(left: Numbers, filter: EntryFilter, address: Address) -> list[Choice]:
    """The years of these entries, which are what the other filters leave, the latest first."""
    anytime = filter.without("since").without("until")
    found = []
    for year, count in sorted(held.entries().counts(left, attrgetter("year")).items(), reverse=True):
        this = replace(filter, since=date(int(year), 1, 1), until=date(int(year), 12, 31))
        chosen = filter == this
        found.append(Choice(year, year, count, address(anytime if chosen else this), chosen))
    return found
