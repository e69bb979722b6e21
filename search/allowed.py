"""Which entries a search may look at, as the sorted ids that engines filter by.

With 100,000 entries the ids take tens of milliseconds to read, so they are kept until something is written.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

from kb import held
from kb.filters import EntryFilter
from kb.models import Entry
from kb.numbers import distinct, numbers
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from search.engines.base import Ids


class Seen(NamedTuple):
    """What is counted of an entry that was found."""

    id: int
    kind: str
    year: str  # YYYY, "" where that is not known


def allowed(wanted: EntryFilter, user: Any) -> Ids | None:
    """Sorted ids of the entries that the filter and the reader's rights select; None when that is all of them."""
    return unless_written((wanted, sees_hidden(user)), partial(_read, wanted, user))


def visible(ids: Iterable[int], user: Any) -> list[Seen]:
    """Those of these entries that are still there and that the reader may see, in no order."""
    hidden_too = sees_hidden(user)
    return [Seen(id, told.kind, told.year) for id, told in held.told(ids) if hidden_too or not told.is_hidden]


def _read(wanted: EntryFilter, user: Any) -> Ids | None:
    if wanted.is_empty and (sees_hidden(user) or not any(told.is_hidden for told in held.entries().names)):
        return None
    return distinct(numbers(wanted.apply(Entry.objects.visible_to(user)).order_by(), "pk"))
