"""Answers that are kept as long as the database says that nothing was written since.

What takes tens of milliseconds to read or to count, and is asked for again and again, a process keeps for all its
threads, and of several that ask at once one reads. Whether something was written the database tells: SQLite counts
what others commit (`data_version`, to a connection of its own), PostgreSQL's snapshot names the transactions that have
ended. Both note what is written to some tables (`kb.writes`), so that where it was little an answer is mended. In a
transaction, whose changes may be taken back, nothing is kept.
"""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kb import writes, writes_on_postgres
from kb.writes import Count

KEPT = 128
PATIENCE_S = 30.0

Answer = TypeVar("Answer")


class _Kept:
    """What was read from one database, and the state in which each of it was."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answers: OrderedDict[Hashable, tuple[object, Any]] = OrderedDict()
        self.reading: dict[Hashable, threading.Lock] = {}

    def turn(self, question: Hashable, state: object) -> threading.Lock:
        """Of several who have no answer in this state, the first reads, and the others wait for it."""
        with self.lock:
            return self.reading.setdefault((question, state), threading.Lock())

    def over(self, question: Hashable, state: object) -> None:
        with self.lock:
            self.reading.pop((question, state), None)

    def get(self, question: Hashable, state: object) -> tuple[bool, Any]:
        with self.lock:
            before, answer = self.answers.get(question, (None, None))
            if before is None or before != state:
                return False, None
            self.answers.move_to_end(question)
            return True, answer

    def before(self, question: Hashable) -> tuple[object, Any] | None:
        """The last state in which there was an answer, and that."""
        with self.lock:
            return self.answers.get(question)

    def put(self, question: Hashable, state: object, answer: Any) -> None:
        with self.lock:
            self.answers[question] = state, answer
            self.answers.move_to_end(question)
            while len(self.answers) > KEPT:
                self.answers.popitem(last=False)


class _Watcher:
    """A connection to an SQLite file that only asks whether others have written to it, and to which tables."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        # Whoever opens a transaction says so.
        self._connection = sqlite3.connect(path, timeout=PATIENCE_S, check_same_thread=False, isolation_level=None)
        self._version: object = None
        self._counts: dict[str, Count] = {}

    def look(self) -> None:
        """See whether something was written."""
        with self._lock:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                # Counts that are newer than the version are read again with the next version.
                self._counts, self._version = self._counted(), version

    def state(self, table: str) -> object:
        """As it was seen last."""
        with self._lock:
            if table in self._counts:
                return _Noted(self, table, self._counts[table])
            return self, self._version

    def since(self, table: str, before: Count, now: Count) -> set[int] | None:
        with self._lock:
            return writes.since(self._connection, table, before, now)

    def _counted(self) -> dict[str, Count]:
        self._connection.execute("BEGIN")
        try:
            return writes.counts(self._connection, self._counts)
        finally:
            self._connection.execute("COMMIT")


class _Seen(NamedTuple):
    """What PostgreSQL shows, of one table."""

    snapshot: str
    table: str

    def written_since(self, before: object) -> set[int] | None:
        """Of which entries what was written since that state is; None where that is not known."""
        if self.table and isinstance(before, _Seen) and before.table == self.table:
            return writes_on_postgres.since(self.table, before.snapshot)
        return None


class _Noted(NamedTuple):
    """The state of a table of which every write is noted."""

    watcher: _Watcher
    table: str
    written: Count

    def written_since(self, before: object) -> set[int] | None:
        """Of which entries what was written since that state is; None where that is not known."""
        if isinstance(before, _Noted) and before[:2] == self[:2]:
            return self.watcher.since(self.table, before.written, self.written)
        return None


class _Looked(threading.local):
    """What this thread has seen already of each database, while it is in `one_look`."""

    seen: dict[str, Any] | None = None


_looked = _Looked()
_lock = threading.Lock()
_kept: dict[Hashable, _Kept] = {}
_watchers: dict[Hashable, _Watcher] = {}


def unless_written(
    question: Hashable,
    read: Callable[[], Answer],
    *,
    table: str = "",
    mend: Callable[[Answer, set[int]], Answer] | None = None,
) -> Answer:
    """What `read` answers to `question`, kept by this process until somebody writes to the database. It is shared, so
    nobody may change it, and it holds no query that is still to be made.

    Where `read` looks at one `table` alone, it may be kept through writes to others. `mend` makes of an answer that was
    read before the one of now, given the entries (`writes.COUNTED`) whose rows were written to since."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        return read()
    # The state is asked for before the answer: what is written in between makes it newer than it says, never older.
    state = _state(connection, table)
    if state is None:
        return read()
    with _lock:
        kept = _kept.setdefault(str(connection.settings_dict["NAME"]), _Kept())
    found, answer = kept.get(question, state)
    if found:
        return answer
    with kept.turn(question, state):
        found, answer = kept.get(question, state)
        if not found:
            try:
                answer = _mended(kept.before(question), state, mend) if mend else None
                answer = read() if answer is None else answer
                kept.put(question, state, answer)
            finally:
                kept.over(question, state)
    return answer


@contextmanager
def one_look() -> Iterator[None]:
    """In this block the database is asked once whether something was written, and not for every answer. What is
    written meanwhile is seen after it at the latest; so it is for blocks that write nothing themselves."""
    before = _looked.seen
    _looked.seen = {} if before is None else before
    try:
        yield
    finally:
        _looked.seen = before


def _mended(
    before: tuple[object, Answer] | None, state: object, mend: Callable[[Answer, set[int]], Answer]
) -> Answer | None:
    """None where there is nothing to mend, or it is not known what was written."""
    if before is None or not isinstance(state, _Noted | _Seen):
        return None
    written = state.written_since(before[0])
    return None if written is None else mend(before[1], written)


def _state(connection: BaseDatabaseWrapper, table: str) -> object:
    """Equal as long as nothing was written that this process can see, or nothing to this table where the database
    tells tables apart; None where it cannot tell."""
    name, seen = str(connection.settings_dict["NAME"]), _looked.seen
    if seen is not None and name in seen:
        looked = seen[name]
    else:
        looked = _snapshot(connection) if connection.vendor == "postgresql" else _watched(name)
        if seen is not None:
            seen[name] = looked
    if looked is None:
        return None
    return looked.state(table) if isinstance(looked, _Watcher) else _Seen(looked, table)


def _snapshot(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return cursor.fetchone()[0]


def _watched(path: str) -> _Watcher | None:
    """Who watches this file, and has just looked; None where it cannot be told."""
    try:
        # A file that was put in the place of another is another, and a connection must not outlive a fork.
        key = (os.getpid(), path, os.stat(path).st_ino)
    except OSError:
        return None
    with _lock:
        watcher = _watchers.get(key)
        if watcher is None:
            watcher = _watchers[key] = _Watcher(path)
    watcher.look()
    return watcher
