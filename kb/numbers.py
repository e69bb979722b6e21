"""Whole numbers out of the database as arrays: of a hundred thousand rows, to fetch them costs more than what is in
them, so the database writes each column as one text."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from numpy.typing import NDArray

from kb.among import STAND_IN

Numbers = NDArray[np.int64]

# How the values of a column become one text, those of the rows of one group in the same order in every column.
JOINED = {"sqlite": "group_concat({})", "postgresql": "string_agg({}::text, ',')"}


# A table of everything up to the highest id is small up to so many of them, and as long as so many times as many
# numbers are given.
SMALL = 1 << 16
SPARSE = 16

Column = str | Combinable


def numbers(rows: QuerySet, *names: Column) -> Numbers:
    """These columns of whole numbers, none of which may be null, as an array with a row for each of `rows`, in no
    order."""
    return in_columns(Reading.of(rows, (), names).found(), len(names))


def in_columns(found: list[tuple[Any, ...]], many: int) -> Numbers:
    """What `Reading.found` of so many columns that are not grouped."""
    return np.column_stack([_parsed(text) for text in found[0]]) if found else np.empty((0, many), np.int64)


def distinct(some: Numbers) -> Numbers:
    """Each of these once, in rising order: numpy's `unique`, which hashes them, takes thirty times as long."""
    rising = np.sort(some, axis=None)
    return rising[np.concatenate([[True], rising[1:] != rising[:-1]])] if rising.size else rising


def counted(some: Numbers) -> tuple[Numbers, Numbers]:
    """Each of these once, in rising order, and how often it is there."""
    rising = np.sort(some, axis=None)
    first = np.flatnonzero(np.append(True, rising[1:] != rising[:-1])[: rising.size])
    return rising[first], np.diff(first, append=rising.size)


def among(some: Numbers, ids: Numbers) -> NDArray[np.bool_]:
    """Which of these are among the ids: numpy's `isin`, which counts with numbers of every size, takes six times as
    long."""
    last = max(some.max(initial=0), ids.max(initial=0))
    if min(some.min(initial=0), ids.min(initial=0)) < 0 or last > max(SMALL, SPARSE * (len(some) + len(ids))):
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
    return in_groups(Reading.of(rows, names[:-1], names[-1:]).found())


def in_groups(found: list[tuple[Any, ...]]) -> Grouped:
    """What `Reading.found` of a column by others."""
    texts = [row[-1] for row in found]
    sizes = [text.count(",") + 1 for text in texts]
    return Grouped([row[:-1] for row in found], np.repeat(np.arange(len(found)), sizes), _parsed(",".join(texts)))


class Reading(NamedTuple):
    """A statement that reads columns of some rows, grouped by others. It may be kept: Django takes longer to write it
    than a database to read a few rows."""

    alias: str
    sql: str  # "" where it is plain that there are none
    parameters: tuple[Any, ...] = ()

    @classmethod
    def of(cls, rows: QuerySet, by: Sequence[Column], names: Sequence[Column]) -> "Reading":
        vendor = connections[rows.db].vendor
        try:
            inner, parameters = rows.values_list(*by, *names).query.sql_with_params()
        except EmptyResultSet:
            return cls(rows.db, "")
        keys = [f"k{at}" for at in range(len(by))]
        columns = [f"c{at}" for at in range(len(names))]
        wanted = ", ".join([*keys, *(JOINED[vendor].format(column) for column in columns)])
        grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
        sql = f"WITH found({', '.join((*keys, *columns))}) AS ({inner}) SELECT {wanted} FROM found{grouping}"  # noqa: S608
        return cls(rows.db, sql, parameters)

    def among(self, ids: Iterable[int]) -> "Reading":
        """The same with these ids in the place of the one that stands in for them (`kb.among`)."""
        return self._replace(sql=self.sql.replace(str(STAND_IN), ",".join(map(str, map(int, ids)))))

    def found(self) -> list[tuple[Any, ...]]:
        """A row for each group, none where there are no rows: what it is grouped by, and each column as a text."""
        if not self.sql:
            return []
        with connections[self.alias].cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            return [row for row in cursor.fetchall() if row[-1] is not None]


def _parsed(text: str) -> Numbers:
    return np.fromstring(text, np.int64, sep=",")
