"""Dates as sources write them: a year, a month or a day, with no more precision than was said."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

Precision = Literal["year", "month", "day"]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_WORD = (
    r"(?P<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
YEAR = r"(?P<year>\d{4})"
# A clock time after the date says nothing about the day as the source wrote it, so it is recognised and left.
CLOCK = r"(?:[T\s,]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"

FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        YEAR,
        rf"{YEAR}[-/.](?P<month>\d{{1,2}})",
        rf"{YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}}){CLOCK}",
        rf"{YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})(?:T\d{{4,6}}Z?)?",
        rf"{MONTH_WORD},?\s+{YEAR}",
        rf"{YEAR}[\s-]{MONTH_WORD}",
        rf"{YEAR}[\s-]{MONTH_WORD}[\s-]{DAY}",
        rf"{WEEKDAY}{DAY}[\s-](?:of\s+)?{MONTH_WORD},?[\s-]{YEAR}{CLOCK}",
        rf"{WEEKDAY}{MONTH_WORD}\s+{DAY},?\s+{YEAR}{CLOCK}",
    )
)
SLASHED = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}){CLOCK}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, order=True)
class PartialDate:
    """A date and how much of it is known; what is not known is the first month or day.

    >>> str(PartialDate(dt.date(2024, 2, 1), "month"))
    '2024-02'
    """

    date: dt.date
    precision: Precision

    def __str__(self) -> str:
        """The ISO form, as short as the precision: `2024`, `2024-02` or `2024-02-14`."""
        return self.date.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]

    def last_day(self) -> dt.date:
        """The last day that the date may mean.

        >>> PartialDate(dt.date(2024, 2, 1), "month").last_day()
        datetime.date(2024, 2, 29)
        """
        if self.precision == "day":
            return self.date
        month = 12 if self.precision == "year" else self.date.month
        return self.date.replace(month=month, day=calendar.monthrange(self.date.year, month)[1])


def parse_date(value: object) -> PartialDate:
    """The date that `value` names, with the precision it was written in.

    Takes ISO dates and datetimes (`2024`, `2024-02`, `2024-02-14T09:30:00Z`), English ones (`Feb 2024`,
    `14 February 2024`, `Wednesday, February 14th, 2024`), whole years, and Python dates. A clock time is dropped
    and time zones are not converted: the day is the one written. Raises ValueError, quoting the text, for anything
    else, and for `03/04/2024`, which is two different days on two sides of an ocean.
    """
    if isinstance(value, PartialDate):
        return value
    if isinstance(value, dt.datetime):
        return PartialDate(value.date(), "day")
    if isinstance(value, dt.date):
        return PartialDate(value, "day")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"not a date: {_quoted(value)}")
    # 60 characters hold every form we read; a longer text is prose, and is not worth matching.
    text = " ".join(str(value).split()) if isinstance(value, int) or len(value) <= 60 else ""
    for form in FORMS:
        if match := form.fullmatch(text):
            return _from_parts(match.groupdict(), value)
    if match := SLASHED.fullmatch(text):
        return _from_slashed(int(match[1]), int(match[3]), int(match[4]), value)
    raise ValueError(f"not a date: {_quoted(value)}")


def _from_parts(parts: dict[str, str | None], value: object) -> PartialDate:
    word, month, day = parts.get("word"), parts.get("month"), parts.get("day")
    number = MONTHS.index(word[:3].lower()) + 1 if word else int(month or 1)
    precision: Precision = "day" if day else "month" if word or month else "year"
    return PartialDate(_day(int(parts["year"] or 0), number, int(day or 1), value), precision)


def _from_slashed(first: int, second: int, year: int, value: object) -> PartialDate:
    if first <= 12 and second <= 12 and first != second:
        raise ValueError(f"ambiguous date (day or month first?): {_quoted(value)}; write it as 2024-02-14")
    month, day = (second, first) if first > 12 else (first, second)
    return PartialDate(_day(year, month, day, value), "day")


def _day(year: int, month: int, day: int, value: object) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"no such date: {_quoted(value)}") from None


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
