"""Answers that are kept as long as the database says that nothing was written since.

What takes tens of milliseconds to read or to count, and is asked for again and again, each connection keeps: SQLite
counts what others commit (`data_version`) and what the connection itself changes, PostgreSQL's snapshot names the
transactions that have ended. In a transaction, whose changes may be taken back, nothing is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

KEPT = 32

Answer = TypeVar("Answer")


class _Kept:
    """What one connection read last, and the state of the database in which it did."""

    def __init__(self) -> None:
        self.state: object = None
        self.answers: OrderedDict[Hashable, Any] = OrderedDict()


_by_connection: "WeakKeyDictionary[BaseDatabaseWrapper, _Kept]" = WeakKeyDictionary()


def unless_written(question: Hashable, read: Callable[[], Answer]) -> Answer:
    """What `read` answers to `question`, kept by this thread's connection until somebody writes to the database."""
    connection = connections[DEFAULT_DB_ALIAS]  # of this thread
    if connection.in_atomic_block:
        return read()
    kept = _by_connection.setdefault(connection, _Kept())
    # The state is asked for before the answer: what is written in between makes it newer than it says, never older.
    state = _state(connection)
    if state is None:
        return read()
    if state != kept.state:
        kept.state, kept.answers = state, OrderedDict()
    if question not in kept.answers:
        kept.answers[question] = read()
    kept.answers.move_to_end(question)
    while len(kept.answers) > KEPT:
        kept.answers.popitem(last=False)
    return kept.answers[question]


def _state(connection: BaseDatabaseWrapper) -> object:
    """Equal as long as nothing that this connection can see was written; None where the database cannot tell."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA data_version")
            # A connection that is opened anew counts from the start again.
            return connection.connection, cursor.fetchone()[0], connection.connection.total_changes
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_current_snapshot()::text")
            return cursor.fetchone()[0]
    return None
