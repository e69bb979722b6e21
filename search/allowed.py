"""Which entries a search may look at, as the sorted ids that engines filter by.

With 100,000 entries the ids take tens of milliseconds to read, so they are kept until something is written.
"""

from functools import partial
from typing import Any

from kb import held
from kb.filters import EntryFilter
from kb.models import Entry
from kb.numbers import distinct, numbers
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from search.engines.base import Ids


def allowed(wanted: EntryFilter, user: Any) -> Ids | None:
    """Sorted ids of the entries that the filter and the reader's rights select; None when that is all of them."""
    return unless_written((wanted, sees_hidden(user)), partial(_read, wanted, user))


def visible(ids: Ids, user: Any) -> Ids:
    """Those of these entries that are still there and that the reader may see, in no order."""
    return held.shown(ids, hidden_too=sees_hidden(user))


def _read(wanted: EntryFilter, user: Any) -> Ids | None:
    if wanted.is_empty and (sees_hidden(user) or not any(told.is_hidden for told in held.entries().names)):
        return None
    return distinct(numbers(wanted.apply(Entry.objects.visible_to(user)).order_by(), "pk"))
