"""Which entries a search may look at, as the sorted ids that engines filter by.

With 100,000 entries the ids take tens of milliseconds to read, so each connection keeps those that it read last, as
long as its database says that nothing was written since: SQLite counts what others commit (`data_version`) and what the
connection itself changes, PostgreSQL's snapshot names the transactions that have ended. In a transaction, whose changes
may be taken back, nothing is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kb.filters import EntryFilter
from kb.models import Entry
from kb.models.entries import EntryQuerySet
from search.engines.base import Ids

KEPT = 16

Answer = TypeVar("Answer")


class _Kept:
    """What one connection read last, and the state of the database in which it did."""

    def __init__(self) -> None:
        self.state: object = None
        self.answers: OrderedDict[Hashable, Any] = OrderedDict()


_by_connection: "WeakKeyDictionary[BaseDatabaseWrapper, _Kept]" = WeakKeyDictionary()


def allowed(wanted: EntryFilter, user: Any) -> Ids | None:
    """Sorted ids of the entries that the filter and the reader's rights select; None when that is all of them."""
    return unless_written((wanted, bool(getattr(user, "is_staff", False))), partial(_read, wanted, user))


def unless_written(question: Hashable, read: Callable[[], Answer]) -> Answer:
    """What `read` answers to `question`, kept by this thread's connection until somebody writes to the database."""
    connection = connections[Entry.objects.db]  # of this thread
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


def visible(ids: Sequence[int], user: Any) -> set[int]:
    """Those of these entries that are still there and that the reader may see."""
    return set(Entry.objects.visible_to(user).filter(pk__among=ids).order_by().values_list("pk", flat=True))


def _read(wanted: EntryFilter, user: Any) -> Ids | None:
    if wanted.is_empty and not Entry.objects.hidden_from(user).exists():
        return None
    return _ids(connections[Entry.objects.db], wanted.apply(Entry.objects.visible_to(user)).order_by())


def _ids(connection: BaseDatabaseWrapper, entries: EntryQuerySet) -> Ids:
    """As one value, where the database can give it: a hundred thousand rows cost more than what is in them."""
    rows = entries.values_list("pk", flat=True)
    if connection.vendor == "sqlite":
        try:
            inner, parameters = rows.query.sql_with_params()
        except EmptyResultSet:
            return np.empty(0, np.int64)
        with connection.cursor() as cursor:
            cursor.execute(f"WITH found(id) AS ({inner}) SELECT group_concat(id) FROM found", parameters)  # noqa: S608
            text = cursor.fetchone()[0]
        return np.unique(np.fromstring(text, np.int64, sep=",")) if text else np.empty(0, np.int64)
    return np.unique(np.fromiter(rows, np.int64))


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
