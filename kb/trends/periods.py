"""Years or months without a gap, for an axis."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kb.filters import EntryFilter
from kb.trends.counting import MONTH, YEAR, Counts

MOST = {YEAR: 16, MONTH: 24}
LONGEST_IN_MONTHS_DAYS = 731


@dataclass(frozen=True)
class Period:
    """A year, a month, or, as the first of an axis, all that was before (`since` is None)."""

    label: str
    keys: frozenset[str]
    since: date | None
    until: date

    def of(self, counts: Counts) -> int:
        return sum(counts[key] for key in self.keys)


def unit(filter: EntryFilter) -> int:
    """Months where the filter keeps no more than two years, else years."""
    if filter.since and filter.until and 0 <= (filter.until - filter.since).days <= LONGEST_IN_MONTHS_DAYS:
        return MONTH
    return YEAR


def axis(counts: Iterable[Counts], length: int) -> list[Period]:
    """From the first period in which anything was counted to the last; of many, the first ones together."""
    keys = sorted({key for some in counts for key, count in some.items() if count})
    if not keys:
        return []
    periods = list(_between(keys[0], keys[-1], length))
    early, late = periods[: -MOST[length]], periods[-MOST[length] :]
    if not early:
        return late
    early, late = [*early, late[0]], late[1:]
    before = Period(f"to {early[-1].label}", frozenset().union(*(one.keys for one in early)), None, early[-1].until)
    return [before, *late]


def _between(first: str, last: str, length: int) -> Iterable[Period]:
    year, month = int(first[:4]), int(first[5:7] or 1)
    while True:
        key = f"{year:04}" if length == YEAR else f"{year:04}-{month:02}"
        if length == YEAR:
            yield Period(key, frozenset({key}), date(year, 1, 1), date(year, 12, 31))
        else:
            end = date(year, month, calendar.monthrange(year, month)[1])
            yield Period(f"{calendar.month_abbr[month]} {year}", frozenset({key}), date(year, month, 1), end)
        if key >= last:
            return
        year, month = (year + 1, month) if length == YEAR else (year + month // 12, month % 12 + 1)
