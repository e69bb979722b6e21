"""What several tables share: dates that know how exact they are, and slugs that are free."""

from datetime import date

from django.db import models
from django.utils.text import slugify


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


def free_slug(model: type[models.Model], text: str, *, fallback: str, taken_by: int | None = None) -> str:
    """A slug for `text` that no other row of `model` has: `name`, `name-2`, `name-3`…

    Letters of any script are kept. `taken_by` is the id of the row that the slug is for.
    """
    stem = slugify(text, allow_unicode=True)[:180].strip("-") or fallback
    others = model._default_manager.exclude(pk=taken_by).filter(slug__startswith=stem)
    used = set(others.values_list("slug", flat=True))
    if stem not in used:
        return stem
    number = 2
    while f"{stem}-{number}" in used:
        number += 1
    return f"{stem}-{number}"
