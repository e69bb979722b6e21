"""Asking the database about what stands in `Entry.facts`."""

import re
from typing import Any

from django.db.models import BooleanField, F, Func, Value
from django.db.models.sql.compiler import SQLCompiler


class SaysOf(Func):
    """Whether a fact, which is a text or a list of texts, has this value, in whatever case."""

    output_field = BooleanField()

    def __init__(self, name: str, value: str) -> None:
        assert name.isidentifier()
        self.name = name
        self.value = value.strip()
        super().__init__(F("facts"), Value(self.value))

    def deconstruct(self) -> Any:
        raise NotImplementedError("this is for queries, not for migrations")

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        if self.value.isascii():
            return self._as(compiler, lambda column: f"json_each({column}, '$.{self.name}') AS part")
        # SQLite's LOWER knows ASCII alone; Django gives it Python's regular expressions.
        column, parameters = compiler.compile(self.get_source_expressions()[0])
        sql = f"EXISTS(SELECT 1 FROM json_each({column}, '$.{self.name}') AS part WHERE part.value REGEXP %s)"  # noqa: S608
        return sql, [*parameters, rf"(?i)\A\s*{re.escape(self.value)}\s*\Z"]

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        return self._as(compiler, lambda column: f"{postgresql_parts(column, self.name)} AS part(value)")

    def _as(self, compiler: SQLCompiler, parts: Any) -> tuple[str, Any]:
        (column, first), (value, second) = (compiler.compile(one) for one in self.get_source_expressions())
        sql = f"EXISTS(SELECT 1 FROM {parts(column)} WHERE LOWER(TRIM(part.value)) = LOWER({value}))"  # noqa: S608
        return sql, [*first, *second]


def postgresql_parts(column: str, name: str) -> str:
    """The texts of a fact as rows, in PostgreSQL; what is neither a text nor a list has none."""
    fact = f"{column} -> '{name}'"
    listed = f"CASE jsonb_typeof({fact}) WHEN 'array' THEN {fact} WHEN 'string' THEN jsonb_build_array({fact}) END"
    return f"jsonb_array_elements_text({listed})"
