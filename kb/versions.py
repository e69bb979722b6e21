"""What an entry said before: its versions, as far as a reader may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet

from kb import provenance
from kb.change_words import Told, told_fields
from kb.models import Entry
from kb.models.entries import Status, User, Visibility
from kb.rights import sees_hidden


@dataclass(frozen=True)
class Step:
    """One version and what it made otherwise than the one before; of the first, nothing."""

    version: Any
    fields: list[Told]
    is_first: bool


def versions(entry: Entry, user: User) -> QuerySet[Any]:
    """The versions of an entry that this reader may see, the newest first; what was hidden then stays so."""
    found = _all(entry).select_related("history_user")
    if sees_hidden(user):
        return found
    return found.filter(status=Status.PUBLISHED, visibility=Visibility.PUBLIC)


def version_of(entry: Entry, day: date, user: User) -> Any | None:
    """The version that stood when `day` was over, by UTC. None where there was none yet, or none for this reader: a
    version that was hidden is not passed over for an older one, which was no longer the entry's then."""
    if day >= date.max:
        return None
    after = datetime.combine(day + timedelta(days=1), time(), UTC)
    last = _all(entry).filter(history_date__lt=after).exclude(history_type="-").first()
    return last if last is not None and (sees_hidden(user) or not _hidden(last)) else None


def steps(found: Sequence[Any], *, has_older: bool) -> list[Step]:
    """Versions, the newest first, each compared with the next. With `has_older` the last one is only compared with."""
    said = [provenance.values(version) for version in found]
    told = []
    for place, version in enumerate(found):
        is_last = place == len(found) - 1
        if is_last and has_older:
            break
        told.append(Step(version, [] if is_last else _differences(said[place + 1], said[place]), is_last))
    return [step for step in told if step.fields or step.is_first]


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[Told]:
    names = provenance.differing(old, new)
    return told_fields({name: {"from": old.get(name), "to": new.get(name)} for name in names})


def _hidden(version: Any) -> bool:
    return version.status != Status.PUBLISHED or version.visibility != Visibility.PUBLIC


def _all(entry: Entry) -> QuerySet[Any]:
    return Entry.history.filter(id=entry.pk).order_by("-history_date", "-history_id")
