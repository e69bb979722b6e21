"""How often each of some tables was written to, and of which entries the latest writes were, noted by SQLite itself.

SQLite tells that something was committed, and not what. Triggers note it table by table, in the transaction of
whatever writes, so nothing that is written passes them by: a statement of ours, one of Django's or one typed at a
prompt. A migration that makes a table anew drops its triggers; they are put back after migrations, and as long as one
is missing, nothing is told of any table. On PostgreSQL whoever writes would wait for the others at the count:
`kb.writes_on_postgres` notes it otherwise.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connections, transaction

# What kb.held reads, each with the column of the entries that its rows are of; references stand by themselves.
COUNTED = {
    "kb_classification": "entry_id",
    "kb_entityrole": "entry_id",
    "kb_entry": "id",
    "kb_entry_tags": "entry_id",
    "kb_entryreference": "entry_id",
    "kb_externalid": "entry_id",
    "kb_fact": "entry_id",
    "kb_reference": "id",
}
# Of so many writes to each table it is known what they were of: of more, to read all costs little more.
NOTED = 1024

CREATE = (
    "DROP TABLE IF EXISTS kb_writes",
    "DROP TABLE IF EXISTS kb_written",
    "CREATE TABLE kb_writes (name TEXT NOT NULL PRIMARY KEY, many INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE kb_written (name TEXT NOT NULL, place INTEGER NOT NULL, number INTEGER NOT NULL, "
    "of INTEGER, grew INTEGER NOT NULL, PRIMARY KEY (name, place)) WITHOUT ROWID",
)
# No count is one that there was before: what was written until now was noted nowhere.
ADD = "INSERT INTO kb_writes VALUES (%s, random() & 4611686018427387903)"
TRIGGER = f"""CREATE TRIGGER kb_writes_{{name}}_{{table}} AFTER {{event}} ON {{table}} {{when}} BEGIN
UPDATE kb_writes SET many = many + 1 WHERE name = '{{table}}';
INSERT OR REPLACE INTO kb_written
SELECT name, many % {NOTED}, many, {{of}}, {{grew}} FROM kb_writes WHERE name = '{{table}}';
END"""  # noqa: S608 - our own names
# Name, event, when, of which row, and how much longer the table is.
EVENTS = (
    ("insert", "INSERT", "", "NEW.{key}", 1),
    ("update", "UPDATE", "", "OLD.{key}", 0),
    ("move", "UPDATE", "WHEN NEW.{key} IS NOT OLD.{key}", "NEW.{key}", 0),
    ("delete", "DELETE", "", "OLD.{key}", -1),
)
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'kb\\_writes\\_%' ESCAPE '\\'"
NAMES = {f"kb_writes_{name}_{table}" for table in COUNTED for name, *_ in EVENTS}
SINCE = "SELECT of, grew FROM kb_written WHERE name = ? AND number > ? AND number <= ?"


class Count(NamedTuple):
    """A number that is another one after each write to a table, and how many rows that has then."""

    many: int
    rows: int


def install(using: str, **of_signal: Any) -> None:
    """See to it that writes are noted: called after migrations."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with transaction.atomic(using), connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if not present >= COUNTED.keys() or counts(connection.connection):
            return
        cursor.execute(TRIGGERS)
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
        for statement in CREATE:
            cursor.execute(statement)
        for table, key in COUNTED.items():
            cursor.execute(ADD, [table])
            for name, event, when, of, grew in EVENTS:
                filled = {"when": when.format(key=key), "of": of.format(key=key), "grew": grew}
                cursor.execute(TRIGGER.format(name=name, event=event, table=table, **filled))


def counts(connection: sqlite3.Connection, before: Mapping[str, Count] | None = None) -> dict[str, Count]:
    """By table how often it was written to; nothing where not every write is noted. Rows are counted of tables that
    were written to after `before` alone. In a transaction, so that nothing is committed meanwhile."""
    try:
        if {name for (name,) in connection.execute(TRIGGERS)} != NAMES:
            return {}
        many = dict(connection.execute("SELECT name, many FROM kb_writes").fetchall())
    except sqlite3.OperationalError:  # before migrations there are no such tables
        return {}
    if many.keys() != COUNTED.keys():
        return {}
    found = dict(before or {})
    for table in COUNTED:
        if table not in found or found[table].many != many[table]:
            (rows,) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608 - our own name
            found[table] = Count(many[table], rows)
    return found


def since(connection: sqlite3.Connection, table: str, before: Count, now: Count) -> set[int] | None:
    """Of which entries what was written between two counts is; None where that is not known any more."""
    if not 0 <= now.many - before.many <= NOTED:
        return None
    found = connection.execute(SINCE, (table, before.many, now.many)).fetchall()
    grew = sum(grew for _, grew in found)
    # What REPLACE takes out of a table is deleted without a trigger.
    if len(found) != now.many - before.many or now.rows - before.rows != grew:
        return None
    return {of for of, _ in found}
