"""The right to write to an index that several machines share: held in the database they share too.

PostgreSQL keeps it for as long as a connection of our own lives, so that it is free when its holder dies. SQLite is
used on one machine alone, where a file lock is enough.
"""

import time
import zlib
from typing import Any

from django.db import connection

from search.errors import IndexBusy

LOOK_EVERY_S = 0.1


class DatabaseLock:
    """Held until it is released. Raises IndexBusy when another machine has it for `wait` seconds."""

    def __init__(self, name: str, wait: float = 0.0) -> None:
        self._connection: Any = None
        if connection.vendor != "postgresql":
            return
        self._connection = connection.copy()
        number, until = zlib.crc32(name.encode()), time.monotonic() + wait
        try:
            while not self._try(number):
                if time.monotonic() >= until:
                    raise IndexBusy(f"{name} is being written by another machine; try again later")
                time.sleep(LOOK_EVERY_S)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, number: int) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            return bool(cursor.fetchone()[0])
