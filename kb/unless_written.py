"""Answers that are kept as long as the database says that nothing was written since.

What takes tens of milliseconds to read or to count, and is asked for again and again, a process keeps for all its
threads, and of several that ask at once one reads. Whether something was written the database tells: SQLite counts what
others commit (`data_version`, to a connection of its own) and what is written to a table (`kb.writes`), PostgreSQL's
snapshot names the transactions that have ended. In a transaction, whose changes may be taken back, nothing is kept.
"""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kb import writes

KEPT = 64
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
        self._connection = sqlite3.connect(path, timeout=PATIENCE_S, check_same_thread=False)
        self._version: object = None
        self._counts: dict[str, int] = {}

    def state(self, table: str) -> object:
        with self._lock:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                # Counts that are newer than the version are read again with the next version.
                self._counts, self._version = writes.counts(self._connection), version
            return (table, self._counts[table]) if table in self._counts else version


_lock = threading.Lock()
_kept: dict[Hashable, _Kept] = {}
_watchers: dict[Hashable, _Watcher] = {}


def unless_written(question: Hashable, read: Callable[[], Answer], *, table: str = "") -> Answer:
    """What `read` answers to `question`, kept by this process until somebody writes to the database. It is shared, so
    nobody may change it, and it holds no query that is still to be made.

    Where `read` looks at one `table` alone, it may be kept through writes to others."""
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
                answer = read()
                kept.put(question, state, answer)
            finally:
                kept.over(question, state)
    return answer


def _state(connection: BaseDatabaseWrapper, table: str) -> object:
    """Equal as long as nothing was written that this process can see, or nothing to this table where the database
    tells tables apart; None where it cannot tell."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_snapshot()::text")
            return cursor.fetchone()[0]
    path = str(connection.settings_dict["NAME"])
    try:
        # A file that was put in the place of another is another, and a connection must not outlive a fork.
        key = (os.getpid(), path, os.stat(path).st_ino)
    except OSError:
        return None
    with _lock:
        watcher = _watchers.get(key)
        if watcher is None:
            watcher = _watchers[key] = _Watcher(path)
    return key, watcher.state(table)
