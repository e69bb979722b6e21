"""Dates that know how exact they are, as two columns hold them: a day, and how much of it is known."""

from datetime import date

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


LONG: dict[str, str] = {Precision.YEAR: "Y", Precision.MONTH: "F Y", Precision.DAY: "j F Y"}
SHORT: dict[str, str] = {Precision.YEAR: "Y", Precision.MONTH: "M Y", Precision.DAY: "j M Y"}


def tell_date(value: date | None, precision: str, *, short: bool = False) -> str:
    """`2024`, `February 2024` or `14 February 2024`, no more exact than what is known; empty for None."""
    shapes = SHORT if short else LONG
    return format_date(value, shapes.get(precision, shapes[Precision.DAY])) if value else ""
