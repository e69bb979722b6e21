"""Rows by the batch: looked up, created, and brought to what a source says now, in a few queries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from simple_history.utils import bulk_create_with_history

from ingest.writing.outcome import By, Differences
from kb.provenance import row_key

Row = TypeVar("Row", bound=Model)

LOOKUP = 500  # values in one query; SQLite takes 999 parameters


def found(rows: QuerySet[Row], field: str, values: Iterable[object]) -> Iterator[Row]:
    """The rows whose `field` is one of `values`, however many those are."""
    distinct = list(dict.fromkeys(values))
    for first in range(0, len(distinct), LOOKUP):
        yield from rows.filter(**{f"{field}__in": distinct[first : first + LOOKUP]})


def found_pairs(
    rows: QuerySet[Row], field: str, pairs: Iterable[tuple[str, str]], namespace: str = "namespace"
) -> Iterator[Row]:
    """The rows whose (`namespace`, `field`) is one of `pairs`."""
    values = defaultdict(list)
    for name, value in pairs:
        values[name].append(value)
    for name, of_namespace in values.items():
        yield from found(rows.filter(**{namespace: name}), field, of_namespace)


def create(rows: Sequence[Row], reason: str = "") -> None:
    """Insert rows of one table and, where it keeps history, their first versions. Sends no signals."""
    if not rows:
        return
    model = type(rows[0])
    if hasattr(model._meta, "simple_history_manager_attribute"):
        bulk_create_with_history(rows, model, default_change_reason=reason)
    else:
        model._default_manager.bulk_create(rows)


def bring(
    name: str,
    present: QuerySet[Row],
    wanted: Mapping[int, Sequence[Row]],
    key: Sequence[str],
    by: By,
    differences: Differences,
    *,
    withheld: Mapping[int, frozenset[str]] | None = None,
    fresh: Sequence[str] = (),
    show: Callable[[Row], str] = str,
) -> None:
    """Make the rows that the source has at some entries those that it wants, and note under `name` what that changed.

    `wanted` maps the id of every entry of the batch to unsaved rows, told apart by the fields in `key`. A row that is
    there already stays, whoever made it; its own it follows in the fields `fresh`. What others made is left alone, and
    what a curator took away (`withheld`: row keys by entry) is not brought back.
    """
    of = attrgetter("entry_id", *key)
    there = {of(row): row for row in found(present, "entry_id", wanted)}
    named: dict[Any, Any] = {}
    for row in (row for rows in wanted.values() for row in rows):
        named.setdefault(of(row), row)
    missing = [
        row
        for place, row in named.items()
        if place not in there and row_key(*place[1:]) not in (withheld or {}).get(place[0], ())
    ]
    gone = [row for place, row in there.items() if row.source == by.source and place not in named]  # type: ignore[attr-defined]
    gone = [row for row in gone if row.entry_id not in differences.shared]  # type: ignore[attr-defined]
    create(missing, by.reason)
    followed = [row for place, row in there.items() if place in named and _follow(row, named[place], by, fresh)]
    for verb, rows in (("added", missing), ("removed", gone), ("changed", followed)):
        for row in rows:
            differences.rows(row.entry_id, name, **{verb: [show(row)]})  # type: ignore[union-attr]
    for row in gone:
        row.delete()  # one by one, so that each is announced and remembered


def _follow(row: Any, wanted: Any, by: By, fresh: Sequence[str]) -> bool:
    differing = [name for name in fresh if getattr(row, name) != getattr(wanted, name)]
    if not differing or row.source != by.source:
        return False
    for name in differing:
        setattr(row, name, getattr(wanted, name))
    row.save()
    return True
