"""Queries for what belongs to many ids, of which a search asks several.

The lookup `among` selects what `in` does, `Entry.objects.filter(pk__among=ids)`, with the ids written out in the
statement: Django takes several times as long to prepare hundreds of parameters as the database takes to look them up,
and SQLite takes no more than 32,766 of them. `ByIds` is such a query whose statement is written once, which takes as
long again.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import IntegerField, Lookup, Model, QuerySet

# Stands in a statement where the ids will: nothing has it, and nothing else in a statement is written like it.
STAND_IN = -7_355_608_127_004


@IntegerField.register_lookup
class Among(Lookup):
    lookup_name = "among"
    prepare_rhs = False
    rhs: Iterable[int]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        ids = _written(self.rhs)
        if not ids:
            raise EmptyResultSet
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} IN ({ids})", tuple(parameters)


class ByIds:
    """A query for what belongs to some ids: called with them it gives what the query set would, objects or rows."""

    def __init__(self, query: Callable[..., QuerySet[Any, Any]]) -> None:
        """`query(ids, …)` makes a query set of objects or `values_list` that selects by `among` the ids.

        Whatever else it is given decides alone what else is in the statement, which is kept for each.
        """
        self._query = query
        self._statements: dict[Hashable, _Statement] = {}

    def __call__(self, ids: Iterable[int], *more: Hashable) -> list[Any]:
        """Read now. No ids, nothing found."""
        written = _written(ids)
        if not written:
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statements.get((connection.vendor, *more))
        if statement is None:
            statement = _Statement.of(self._query(frozenset((STAND_IN,)), *more), connection)
            self._statements[(connection.vendor, *more)] = statement
        return statement.read(written, connection)


@dataclass(frozen=True)
class _Statement:
    sql: str
    parameters: tuple[Any, ...]
    # Of the columns that do not come from the database as they are in Python.
    converters: dict[int, tuple[list[Callable], Any]]
    model: type[Model] | None
    fields: list[str]

    @classmethod
    def of(cls, rows: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> "_Statement":
        compiler: Any = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        selected = [column for column, _, _ in compiler.select]
        objects = rows.query.default_cols  # and not the columns that `values_list` names
        fields = [column.target.attname for column in selected] if objects else []
        model = rows.model if objects else None
        return cls(sql, tuple(parameters), compiler.get_converters(selected), model, fields)

    def read(self, ids: str, connection: BaseDatabaseWrapper) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql.replace(str(STAND_IN), ids), self.parameters)
            rows = cursor.fetchall()
        if self.converters:
            rows = [self._converted(list(row), connection) for row in rows]
        if self.model is None:
            return rows
        return [self.model.from_db(connection.alias, self.fields, row) for row in rows]

    def _converted(self, row: list[Any], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        for at, (converters, expression) in self.converters.items():
            for converter in converters:
                row[at] = converter(row[at], expression, connection)
        return tuple(row)


def _written(ids: Iterable[int]) -> str:
    return ",".join(str(int(id)) for id in ids)  # whole numbers, whatever was given
