"""Which changes tell of what was hidden then, read from histories: for changes of a time when nothing noted it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q

ENTRIES = 100  # whose changes and versions are in memory at once
ROWS = 500
SHOWN = {"status": "published", "visibility": "public"}
UNITING = ("merged", "renamed")  # tell of an entry that is gone with them, too
END = "-"


@dataclass
class _History:
    """When each version of an entry came, the oldest first; which of them were hidden, and which are its end."""

    moments: list[datetime] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    ends: list[bool] = field(default_factory=list)


def mark(change: type[Model], version: type[Model], redirect: type[Model]) -> None:
    """Set `was_hidden` of the changes that tell of an entry that was hidden before or after them.

    Which of the two a change tells of where one entry was merged into another, nothing says: it counts as hidden where
    either was, or where the one that is gone was so at its end. So does a change of which no history knows the moment.
    The models may be those of a migration.
    """
    absorbed = _absorbed(version, redirect)
    entries = sorted(_in_question(change, version, absorbed))
    for first in range(0, len(entries), ENTRIES):
        some = entries[first : first + ENTRIES]
        histories = _histories(version, [id for entry in some for id in (entry, *absorbed.get(entry, ()))])
        rows: list[Any] = list(change._default_manager.filter(entry_id__in=some).order_by("pk"))
        uniting = {(row.entry_id, row.job_id) for row in rows if row.action in UNITING and row.job_id}
        marked = []
        for row in rows:
            told = [histories[id] for id in (row.entry_id, *absorbed.get(row.entry_id, ()))]
            unites = row.action in UNITING or (row.entry_id, row.job_id) in uniting
            if _tells_of_hidden(row.fields) or _was_hidden(told, row.created_at, unites=unites):
                marked.append(row.pk)
        for start in range(0, len(marked), ROWS):
            change._default_manager.filter(pk__in=marked[start : start + ROWS]).update(was_hidden=True)


def _in_question(change: type[Model], version: type[Model], absorbed: Mapping[int, set[int]]) -> set[int]:
    """The entries that were hidden once, or of which not everything is known."""
    hidden = set(version._default_manager.exclude(**SHOWN).values_list("id", flat=True).distinct())
    known = version._default_manager.filter(id=OuterRef("entry_id"), history_date__lte=OuterRef("created_at"))
    says_so = Q(fields__has_key="status") | Q(fields__has_key="visibility")
    asked = change._default_manager.filter(says_so | ~Exists(known), entry__isnull=False)
    by_heirs = {entry for entry, ids in absorbed.items() if not hidden.isdisjoint(ids)}
    return hidden | by_heirs | set(asked.order_by().values_list("entry_id", flat=True).distinct())


def _absorbed(version: type[Model], redirect: type[Model]) -> Mapping[int, set[int]]:
    """By entry those that were merged into it: its former addresses were theirs."""
    ended = defaultdict(set)
    for slug, id in version._default_manager.filter(history_type=END).values_list("slug", "id"):
        ended[slug].add(id)
    absorbed: dict[int, set[int]] = {}
    for slug, entry in redirect._default_manager.values_list("slug", "entry_id") if ended else ():
        if slug in ended:
            absorbed.setdefault(entry, set()).update(ended[slug] - {entry})
    return absorbed


def _histories(version: type[Model], ids: Sequence[int]) -> Mapping[int, _History]:
    histories: dict[int, _History] = defaultdict(_History)
    columns = ("id", "history_date", "history_type", *SHOWN)
    for start in range(0, len(ids), ROWS):
        found = version._default_manager.filter(id__in=ids[start : start + ROWS]).order_by("history_date", "history_id")
        for id, moment, kind, *said in found.values_list(*columns):
            history = histories[id]
            history.moments.append(moment)
            history.hidden.append(said != [*SHOWN.values()])
            history.ends.append(kind == END)
    return histories


def _was_hidden(histories: Sequence[_History], moment: datetime, *, unites: bool) -> bool:
    """Whether one of an entry (the first) and of those merged into it was hidden at that moment, or none is known."""
    known = False
    for place, history in enumerate(histories):
        last = bisect_right(history.moments, moment) - 1
        if last < 0:
            continue
        if not history.ends[last]:
            known = True
            if history.hidden[last] or (place and history.hidden[-1]):
                return True
        elif unites and history.hidden[last]:
            return True
    return not known


def _tells_of_hidden(fields: Any) -> bool:
    # What a backup brings may be anything.
    said = {name: fields.get(name) for name in SHOWN} if isinstance(fields, dict) else {}
    return any(
        told.get(side) not in ("", None, SHOWN[name])
        for name, told in said.items()
        if isinstance(told, dict)
        for side in ("from", "to")
    )
