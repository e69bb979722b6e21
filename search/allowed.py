"""Which entries a search may look at, as the sorted ids that engines filter by.

With 100,000 entries the ids take tens of milliseconds to read, so they are kept until something is written.
"""

from collections.abc import Iterable
from datetime import date
from functools import partial
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

from kb.among import ByIds
from kb.filters import EntryFilter
from kb.models import Entry
from kb.models.entries import EntryQuerySet
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from search.engines.base import Ids


class Seen(NamedTuple):
    """What is counted of an entry that was found."""

    id: int
    kind: str
    occurred_on: date | None


def _rows_seen(ids: Iterable[int], hidden_too: bool) -> QuerySet[Entry, Any]:
    among = Entry.objects.shown(hidden_too=hidden_too).filter(pk__among=ids)
    return among.order_by().values_list("pk", "kind", "occurred_on")


_seen = ByIds(_rows_seen)


def allowed(wanted: EntryFilter, user: Any) -> Ids | None:
    """Sorted ids of the entries that the filter and the reader's rights select; None when that is all of them."""
    return unless_written((wanted, sees_hidden(user)), partial(_read, wanted, user))


def visible(ids: Iterable[int], user: Any) -> list[Seen]:
    """Those of these entries that are still there and that the reader may see, in no order."""
    return list(starmap(Seen, _seen(ids, sees_hidden(user))))


def numbers(entries: EntryQuerySet, *names: str) -> Ids:
    """These columns of whole numbers as an array, a row for each of the entries, in no order.

    As one value, where the database can give it: a hundred thousand rows cost more than what is in them.
    """
    connection = connections[Entry.objects.db]
    rows = entries.values_list(*names)
    if connection.vendor != "sqlite":
        return np.array(list(rows), np.int64).reshape(-1, len(names))
    try:
        inner, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return np.empty((0, len(names)), np.int64)
    columns = [f"c{at}" for at in range(len(names))]
    joined = " || ',' || ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found({', '.join(columns)}) AS ({inner}) SELECT group_concat({joined}) FROM found",  # noqa: S608
            parameters,
        )
        text = cursor.fetchone()[0]
    return np.fromstring(text or "", np.int64, sep=",").reshape(-1, len(names))


def _read(wanted: EntryFilter, user: Any) -> Ids | None:
    if wanted.is_empty and not Entry.objects.hidden_from(user).exists():
        return None
    return np.unique(numbers(wanted.apply(Entry.objects.visible_to(user)).order_by(), "pk"))
