"""Whole numbers out of the database as arrays: of a hundred thousand rows, to fetch them costs more than what is in
them, so the database writes each column as one text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

# How the values of a column become one text, those of the rows of one group in the same order in every column.
JOINED = {"sqlite": "group_concat({})", "postgresql": "string_agg({}::text, ',')"}


# A table of everything up to the highest id is small as long as so many times as many numbers are given.
SPARSE = 16

Column = str | Combinable


def numbers(rows: QuerySet, *names: Column) -> Numbers:
    """These columns of whole numbers, none of which may be null, as an array with a row for each of `rows`, in no
    order."""
    found = _read(rows, (), names)
    return np.column_stack([_parsed(text) for text in found[0]]) if found else np.empty((0, len(names)), np.int64)


def distinct(some: Numbers) -> Numbers:
    """Each of these once, in rising order: numpy's `unique`, which hashes them, takes thirty times as long."""
    rising = np.sort(some, axis=None)
    return rising[np.concatenate([[True], rising[1:] != rising[:-1]])] if rising.size else rising


def among(some: Numbers, ids: Numbers) -> NDArray[np.bool_]:
    """Which of these are among the ids: numpy's `isin`, which counts with numbers of every size, takes six times as
    long."""
    last = max(some.max(initial=0), ids.max(initial=0))
    if min(some.min(initial=0), ids.min(initial=0)) < 0 or last > SPARSE * (len(some) + len(ids)):
        return np.isin(some, ids)
    table = np.zeros(last + 1, bool)
    table[ids] = True
    return table[some]


class Grouped(NamedTuple):
    """The different `values` of some columns; for each row its place among these, and the whole number it has."""

    values: list[tuple[Any, ...]]
    of: Numbers
    numbers: Numbers


def grouped(rows: QuerySet, *names: Column) -> Grouped:
    """By all of these columns but the last, which has whole numbers, in no order."""
    *by, number = names
    found = _read(rows, by, (number,))
    texts = [row[-1] for row in found]
    sizes = [text.count(",") + 1 for text in texts]
    return Grouped([row[:-1] for row in found], np.repeat(np.arange(len(found)), sizes), _parsed(",".join(texts)))


def _read(rows: QuerySet, by: Sequence[Column], names: Sequence[Column]) -> list[tuple[Any, ...]]:
    """A row for each group, none where there are no rows: what it is grouped by, and each column as a text."""
    connection = connections[rows.db]
    try:
        inner, parameters = rows.values_list(*by, *names).query.sql_with_params()
    except EmptyResultSet:
        return []
    keys = [f"k{at}" for at in range(len(by))]
    columns = [f"c{at}" for at in range(len(names))]
    wanted = ", ".join([*keys, *(JOINED[connection.vendor].format(column) for column in columns)])
    grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found({', '.join((*keys, *columns))}) AS ({inner}) SELECT {wanted} FROM found{grouping}",  # noqa: S608
            parameters,
        )
        return [row for row in cursor.fetchall() if row[-1] is not None]


def _parsed(text: str) -> Numbers:
    return np.fromstring(text, np.int64, sep=",")
