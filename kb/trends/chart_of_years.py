"""Entries by year as a chart with its table, for any page that shows some of them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from kb.kinds import KINDS
from kb.numbers import Numbers
from kb.trends.charts import Drawing, Row, columns
from kb.trends.counting import YEAR, kinds_by_period
from kb.trends.page import Chart

WIDTH, HEIGHT = 620, 150
LETTER = 10  # on a phone all of it is half as wide, and the letters as large


def chart_of_years(ids: Numbers, title: str, address: Callable[[str], str], key: str = "years") -> Chart:
    """How many of these entries happened in each year, from the first to the last that has any; no rows where that is
    one, or none has a date. With entries of one kind, `address` of that kind gives the list that a year of it is in.
    """
    of_kind = kinds_by_period(ids, YEAR)
    present = [kind for kind in KINDS if kind in of_kind]
    all_years = sorted({int(year) for counts in of_kind.values() for year in counts})
    if not all_years:
        return Chart(key, title, "None of them has a date.", ("Year",), (), columns([]))
    if len(all_years) == 1:
        return Chart(key, title, f"All in {all_years[0]}.", ("Year",), (), columns([]))
    rows = []
    for year in range(all_years[0], all_years[-1] + 1):
        counts = tuple(of_kind[kind][str(year)] for kind in present)
        total = sum(counts)
        values = (total,) if len(present) == 1 else (total, *counts)
        link = _within(address(present[0]), year) if len(present) == 1 else ""
        rows.append(Row(str(year), values, link if total else ""))
    best = max(rows, key=lambda row: row.value)
    heads = ("Year", KINDS[present[0]].plural) if len(present) == 1 else ("Year", "All", *_plurals(present))
    drawing: Drawing = columns([Row(row.label, row.values[:1]) for row in rows], WIDTH, HEIGHT, letter=LETTER)
    told = f"{rows[0].label} to {rows[-1].label}. Most in {best.label}: {best.value:,}."
    return Chart(key, title, told, heads, tuple(rows), drawing, present[0] if len(present) == 1 else "")


def _plurals(kinds: list[str]) -> list[str]:
    return [KINDS[kind].plural for kind in kinds]


def _within(address: str, year: int) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}since={year}&until={year}"
