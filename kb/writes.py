"""How often each of some tables was written to, counted by SQLite itself.

SQLite tells that something was committed, and not what. Triggers count it table by table, in the transaction of
whatever writes, so nothing that is written passes them by: a statement of ours, one of Django's or one typed at a
prompt. A migration that makes a table anew drops its triggers; they are put back after migrations, and as long as one
is missing, nothing is told of any table. On PostgreSQL whoever writes would wait for the others at the count.
"""

import sqlite3
from typing import Any

from django.db import connections, transaction

# What kb.held reads.
COUNTED = (
    "kb_classification",
    "kb_entityrole",
    "kb_entry",
    "kb_entry_tags",
    "kb_entryreference",
    "kb_externalid",
    "kb_fact",
    "kb_reference",
)
EVENTS = ("INSERT", "UPDATE", "DELETE")

CREATE = "CREATE TABLE IF NOT EXISTS kb_writes (name TEXT NOT NULL PRIMARY KEY, many INTEGER NOT NULL) WITHOUT ROWID"
ADD = "INSERT OR IGNORE INTO kb_writes VALUES (%s, 0)"
TRIGGER = """CREATE TRIGGER IF NOT EXISTS kb_writes_{event}_{table} AFTER {event} ON {table}
             BEGIN UPDATE kb_writes SET many = many + 1 WHERE name = '{table}'; END"""
# Not every write may have been counted until now: no count is one that there was before.
BEGIN = "UPDATE kb_writes SET many = random() & 4611686018427387903"
TRIGGERS = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'kb\\_writes\\_%' ESCAPE '\\'"


def install(using: str, **of_signal: Any) -> None:
    """See to it that writes are counted: called after migrations."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with transaction.atomic(using), connection.cursor() as cursor:
        if counts(connection.connection):
            return
        present = set(connection.introspection.table_names(cursor))
        cursor.execute(CREATE)
        for table in COUNTED:
            if table in present:
                cursor.execute(ADD, [table])
                for event in EVENTS:
                    cursor.execute(TRIGGER.format(event=event, table=table))
        cursor.execute(BEGIN)


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """By table a number that is another one after each write to it; nothing where not every write is counted."""
    try:
        (triggers,) = connection.execute(TRIGGERS).fetchone()
        found = dict(connection.execute("SELECT name, many FROM kb_writes").fetchall())
    except sqlite3.OperationalError:  # before migrations there is no such table
        return {}
    return found if triggers == len(EVENTS) * len(COUNTED) and found.keys() == set(COUNTED) else {}
