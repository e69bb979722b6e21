"""Dates that know how exact they are, as two columns hold them: a day, and how much of it is known."""

from datetime import date
from functools import lru_cache

from django.db import models
from django.utils.dateformat import format as format_date


class Precision(models.TextChoices):
    """How much of a date is known; the rest is filled with the first month or day."""

    YEAR = "year", "Year"
    MONTH = "month", "Month"
    DAY = "day", "Day"


def show_date(value: date | None, precision: str) -> str:
    """`2024`, `2024-02` or `2024-02-14`, no more exact than what is known; empty for None."""
    if value is None:
        return ""
    return value.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]


def tell_date(value: date | None, precision: str, *, short: bool = False) -> str:
    """`2024`, `February 2024` or `14 February 2024`, no more exact than what is known; empty for None."""
    if value is None:
        return ""
    if precision == Precision.YEAR:
        return f"{value.year:04}"
    month = _month(value.year, value.month, short)
    return month if precision == Precision.MONTH else f"{value.day} {month}"


@lru_cache(maxsize=1024)  # a list tells dozens of days, of few months
def _month(year: int, month: int, short: bool) -> str:
    return format_date(date(year, month, 1), "M Y" if short else "F Y")
