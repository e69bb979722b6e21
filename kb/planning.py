"""The statistics that a database plans its queries by, on SQLite, which does not gather them by itself.

Without them it takes an index over a state that nearly all entries are in for one that leaves few, and reads all of
them to find twenty.
"""

import logging

from django.db import DatabaseError, connection

from kb.models import Entry

log = logging.getLogger(__name__)

# Of fewer entries everything is read at once, however it is planned.
FEWEST = 500
# They are gathered anew where there are so many times as many entries as they know of, or as few.
GROWTH = 2


def keep_up(**_: object) -> bool:
    """Gather the statistics where there are none, or where they are of another size; whether it was done. Cheap where
    it was not. Who is connected already plans by them when it connects again."""
    if connection.vendor != "sqlite":
        return False
    entries, known = Entry.objects.count(), _known()
    if entries < FEWEST or known / GROWTH < entries < known * GROWTH:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    except DatabaseError as error:  # somebody writes for long: the next round does it
        log.warning("the statistics that the database plans by could not be gathered: %s", error)
        return False
    log.info("the database knows the sizes of its tables anew: %d entries", entries)
    return True


def _known() -> int:
    """How many entries there were when the statistics were gathered; 0 where that never was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if not cursor.fetchone():
            return 0
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = %s", [Entry._meta.db_table])
        return max((int(stat.split()[0]) for (stat,) in cursor.fetchall()), default=0)
