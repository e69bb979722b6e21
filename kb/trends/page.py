"""The charts of the trends page, for what a filter keeps of what a reader may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from kb import held
from kb.filters import BadFilter, EntryFilter
from kb.kinds import Kind
from kb.labels import as_label, with_acronyms
from kb.listing import short_params
from kb.models import Entry
from kb.models.entries import User
from kb.numbers import Numbers
from kb.trends import counting
from kb.trends.charts import Drawing, Row, columns, ranked
from kb.trends.counting import Counts, Field, Said
from kb.trends.periods import Period, axis, unit

MOST = 12
MOST_ENTITIES = 15
SMALL = 8
SMALL_WIDTH, SMALL_HEIGHT = 180, 84
HARMS = "facts.harms"  # no slug has a dot


@dataclass(frozen=True)
class Asked:
    """Which entries are counted, and by which question incidents are parted: the slug of a field, "" for the first."""

    filter: EntryFilter
    by: str = ""

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Asked":
        return cls(EntryFilter.from_params(params), params.get("by", "").strip().replace("\0", ""))

    def address(self, **changes: Any) -> str:
        """The page with some of it changed."""
        asked = replace(self, **changes)
        params = short_params(asked.filter) | ({"by": asked.by} if asked.by else {})
        return "?" + urlencode(params) if params else "."


@dataclass(frozen=True)
class Chart:
    """`heads` name the columns of the table, the first that of the labels; `told` says in a sentence what is to be
    seen; `kind` gives the colour, and `kinds` the two that stand side by side."""

    key: str
    title: str
    told: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    drawing: Drawing
    kind: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Small:
    """One of several small charts of the same scale."""

    label: str
    count: int
    address: str
    drawing: Drawing
    told: str


@dataclass(frozen=True)
class Multiples:
    """Incidents over time, apart by the categories of a field; `choices` are the other fields: label, address, chosen.
    The table has a row a period and a column a category."""

    label: str
    charts: tuple[Small, ...]
    periods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    choices: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Trends:
    """Over time what happened and what was reported, then by category, then by what is named; charts without anything
    in them are left out. `unknown` names a field that was asked for and that nothing is in."""

    over_time: tuple[Chart, ...]
    multiples: Multiples | None
    by_name: tuple[Chart, ...]
    total: int
    unknown: BadFilter | None = None


def trends(asked: Asked, user: User) -> Trends:
    """Everything on the page, in a fixed number of queries."""
    visible = Entry.objects.visible_to(user)
    ids = anytime = held.ids(asked.filter.apply(visible))
    if asked.filter.since or asked.filter.until:
        # Time is that of the event everywhere, but of reports when they were published.
        anytime = held.ids(asked.filter.without("since").without("until").apply(visible))
    incidents = held.of_kind(ids, Kind.INCIDENT)
    wrong = counting.facts(incidents, "sector", "harms")
    well = counting.facts(held.of_kind(ids, Kind.CASE_STUDY), "industry", "techniques")
    length = unit(asked.filter)
    by_period = counting.by_period(incidents, length)
    multiples, unknown = _multiples(
        asked, incidents, counting.fields(incidents), by_period, length, has_harms=bool(wrong["harms"])
    )
    reports = counting.reports_by_period(anytime, length, asked.filter.since, asked.filter.until)
    reported = _over_time("reports", "Reports published", "reports", reports, length, asked)
    happened = _over_time("incidents", "Incidents over time", "incidents", by_period, length, asked, Kind.INCIDENT)
    total = len(ids)
    return Trends(
        over_time=tuple(chart for chart in (happened, reported) if chart.rows or (total and chart is reported)),
        multiples=multiples,
        by_name=tuple(
            chart
            for chart in (
                _entities(ids),
                _sectors(wrong["sector"], well["industry"], asked.filter),
                _techniques(well["techniques"], asked.filter),
            )
            if chart.rows
        ),
        total=total,
        unknown=unknown,
    )


def _over_time(key: str, title: str, what: str, counts: Counts, length: int, asked: Asked, kind: str = "") -> Chart:
    rows = [
        Row(period.label, (period.of(counts),), _list(asked.filter, kind, period) if kind else "")
        for period in axis([counts], length)
    ]
    told = f"{counts.total():,} {what} with a date. {_most(rows)}" if rows else f"None of the {what} here has a date."
    return Chart(key, title, told, ("When", what.capitalize()), tuple(rows), columns(rows), kind)


def _multiples(
    asked: Asked, incidents: Numbers, fields: list[Field], overall: Counts, length: int, *, has_harms: bool
) -> tuple[Multiples | None, BadFilter | None]:
    """By the field that was asked for, or else by the one in which most is said."""
    labels = [(field.slug, field.label) for field in fields]
    if has_harms:
        labels.append((HARMS, "Harm"))
    if not labels:
        return None, None
    chosen = asked.by if asked.by in dict(labels) else labels[0][0]
    unknown = None
    if asked.by and chosen != asked.by:
        unknown = BadFilter("by", f"Nothing here is parted by “{asked.by[:60]}”: choose one of those below.")
    if chosen == HARMS:
        harms = counting.facts_by_period(incidents, "harms", length)
        listed = {value: _list(replace(asked.filter, harm=value), Kind.INCIDENT) for value in harms}
        series = [(as_label(value), counts.total(), listed[value], counts) for value, counts in harms.items()]
        series = sorted(series, key=lambda one: (-one[1], one[0]))[:SMALL]
    else:
        values = next(field for field in fields if field.slug == chosen).values[:SMALL]
        counted = counting.categories_by_period(incidents, values, length)
        series = [
            (
                value.name,
                value.count,
                _list(replace(asked.filter, category=value.slug), Kind.INCIDENT),
                counted[value.pk],
            )
            for value in values
        ]
    periods = axis([overall], length)
    of = [[Row(period.label, (period.of(counts),)) for period in periods] for *_, counts in series]
    top = max((row.value for rows in of for row in rows), default=1)
    small = tuple(
        Small(label, count, address, columns(rows, SMALL_WIDTH, SMALL_HEIGHT, top), _most(rows))
        for (label, count, address, _), rows in zip(series, of, strict=True)
    )
    table = tuple((period.label, tuple(rows[at].value for rows in of)) for at, period in enumerate(periods))
    choices = tuple((label, asked.address(by=slug), slug == chosen) for slug, label in labels)
    return Multiples(dict(labels)[chosen], small, tuple(one.label for one in periods), table, choices), unknown


def _entities(ids: Numbers) -> Chart:
    named = counting.most_named(ids, MOST_ENTITIES)
    rows = [Row(entity.name, (count,), entity.get_absolute_url()) for entity, count in named]
    told = f"{rows[0].label} is named in {rows[0].value:,}." if rows else ""
    return Chart("entities", "Most often named", told, ("Entity", "Entries"), tuple(rows), ranked(rows))


def _sectors(wrong: Said, well: Said, filter: EntryFilter) -> Chart:
    """Of incidents and of case studies side by side: where it goes wrong, and where it is done well. A row leads to the
    incidents, where there are any."""
    none = ("", 0)
    both = {key: (wrong.get(key, none)[1], well.get(key, none)[1]) for key in wrong.keys() | well.keys()}
    keys = sorted(both, key=lambda key: (-sum(both[key]), key))[:MOST]
    rows = []
    for key in keys:
        spelled, kind = (wrong.get(key) or well[key])[0], Kind.INCIDENT if key in wrong else Kind.CASE_STUDY
        rows.append(Row(as_label(spelled), both[key], _list(replace(filter, sector=spelled), kind)))
    told = "Where it goes wrong, and where teams tell how they did it."
    heads = ("Sector", "Incidents", "Case studies")
    kinds = (Kind.INCIDENT.value, Kind.CASE_STUDY.value)
    return Chart("sectors", "Sectors", told, heads, tuple(rows), ranked(rows), kinds=kinds)


def _techniques(techniques: Said, filter: EntryFilter) -> Chart:
    said = sorted(techniques.values(), key=lambda one: (-one[1], one[0]))
    rows = [
        Row(with_acronyms(spelled), (count,), _list(replace(filter, technique=spelled), Kind.CASE_STUDY))
        for spelled, count in said[:MOST]
    ]
    told = f"The {len(rows)} commonest of {len(said):,}." if len(said) > len(rows) else ""
    heads = ("Technique", "Case studies")
    return Chart("techniques", "Case studies by technique", told, heads, tuple(rows), ranked(rows), Kind.CASE_STUDY)


def _list(filter: EntryFilter, kind: str, period: Period | None = None) -> str:
    """The list of a kind under the filter, and within a period."""
    if period:
        since = max(filter.since, period.since) if filter.since and period.since else period.since or filter.since
        until = min(filter.until, period.until) if filter.until else period.until
        filter = replace(filter, since=since, until=until)
    params = short_params(replace(filter, kind=""))
    return reverse(kind) + (f"?{urlencode(params)}" if params else "")


def _most(rows: Sequence[Row]) -> str:
    if not rows or not any(row.value for row in rows):
        return ""
    best = max(rows, key=lambda row: row.value)
    return f"Most in {best.label}: {best.value:,}." if not best.label.startswith("to ") else ""
