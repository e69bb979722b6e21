"""Answers that are kept as long as the database says that nothing was written since.

What takes tens of milliseconds to read or to count, and is asked for again and again, a process keeps for all its
threads, and of several that ask at once one reads. Whether something was written the database tells: SQLite counts what
others commit (`data_version`, to a connection of its own), PostgreSQL's snapshot names the transactions that have
ended. In a transaction, whose changes may be taken back, nothing is kept.
"""

import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

KEPT = 64
PATIENCE_S = 30.0

Answer = TypeVar("Answer")


class _Kept:
    """What was read last from one database, and the state in which that was."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state: object = None
        self.answers: OrderedDict[Hashable, Any] = OrderedDict()
        self.reading: dict[Hashable, threading.Lock] = {}

    def turn(self, question: Hashable, state: object) -> threading.Lock:
        """Of several who have no answer in this state, the first reads, and the others wait for it."""
        with self.lock:
            return self.reading.setdefault((question, state), threading.Lock())

    def get(self, question: Hashable, state: object) -> tuple[bool, Any]:
        with self.lock:
            if state != self.state or question not in self.answers:
                return False, None
            self.answers.move_to_end(question)
            return True, self.answers[question]

    def put(self, question: Hashable, state: object, answer: Any) -> None:
        with self.lock:
            if state != self.state:
                self.state, self.answers, self.reading = state, OrderedDict(), {}
            self.answers[question] = answer
            self.reading.pop((question, state), None)
            while len(self.answers) > KEPT:
                self.answers.popitem(last=False)


class _Watcher:
    """A connection to an SQLite file that only asks whether others have written to it."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=PATIENCE_S, check_same_thread=False)

    def state(self) -> object:
        with self._lock:
            return self._connection.execute("PRAGMA data_version").fetchone()[0]


_lock = threading.Lock()
_kept: dict[Hashable, _Kept] = {}
_watchers: dict[Hashable, _Watcher] = {}


def unless_written(question: Hashable, read: Callable[[], Answer]) -> Answer:
    """What `read` answers to `question`, kept by this process until somebody writes to the database. It is shared, so
    nobody may change it, and it holds no query that is still to be made."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        return read()
    # The state is asked for before the answer: what is written in between makes it newer than it says, never older.
    state = _state(connection)
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
            answer = read()
            kept.put(question, state, answer)
    return answer


def _state(connection: BaseDatabaseWrapper) -> object:
    """Equal as long as nothing was written that this process can see; None where the database cannot tell."""
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
    return key, watcher.state()
