"""What an entry said before: its versions, as far as a reader may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import QuerySet

from kb import provenance
from kb.change_words import Told, told_fields
from kb.differences import Work
from kb.models import Entry
from kb.models.entries import Status, User, Visibility
from kb.rights import sees_hidden

AS_OF = "as-of"


@dataclass(frozen=True)
class Step:
    """One version, where it stays, and what it made otherwise than the one at `before`; of the first, nothing."""

    version: Any
    address: str
    before: str
    fields: list[Told]

    @property
    def is_first(self) -> bool:
        return not self.before


def versions(entry: Entry, user: User) -> QuerySet[Any]:
    """The versions of an entry that this reader may see, the newest first; what was hidden then stays so."""
    found = _all(entry).select_related("history_user")
    if sees_hidden(user):
        return found
    return found.filter(status=Status.PUBLISHED, visibility=Visibility.PUBLIC)


def end_of(day: date) -> datetime:
    """The last moment of it, by UTC."""
    return datetime.combine(day, time.max, UTC)


def version_of(entry: Entry, moment: datetime, user: User) -> Any | None:
    """The version that stood at that moment. None where there was none yet, or none for this reader: a version that was
    hidden is not passed over for an older one, which was no longer the entry's then."""
    last = _all(entry).filter(history_date__lte=moment).exclude(history_type="-").first()
    return last if last is not None and (sees_hidden(user) or not _hidden(last)) else None


def address_of(entry: Entry, version: Any) -> str:
    """Where the entry is shown as it stood with this version."""
    return f"{entry.get_absolute_url()}?{AS_OF}={stamp_of(version.history_date)}"


def stamp_of(moment: datetime) -> str:
    """It as an address has it, exact to what the database keeps.

    >>> stamp_of(datetime(2024, 2, 14, 9, 30, tzinfo=UTC))
    '2024-02-14T09:30:00.000000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def steps(entry: Entry, found: Sequence[Any], *, has_older: bool) -> list[Step]:
    """Its versions, the newest first, each compared with the next. With `has_older` the last is only compared with."""
    said = [provenance.values(version) for version in found]
    told, work = [], Work()
    for place, version in enumerate(found):
        is_last = place == len(found) - 1
        if is_last and has_older:
            break
        differences = [] if is_last else _differences(said[place + 1], said[place], work)
        before = "" if is_last else address_of(entry, found[place + 1])
        told.append(Step(version, address_of(entry, version), before, differences))
    return [step for step in told if step.fields or step.is_first]


def _differences(old: dict[str, Any], new: dict[str, Any], work: Work) -> list[Told]:
    names = provenance.differing(old, new)
    return told_fields({name: {"from": old.get(name), "to": new.get(name)} for name in names}, work)


def _hidden(version: Any) -> bool:
    return version.status != Status.PUBLISHED or version.visibility != Visibility.PUBLIC


def _all(entry: Entry) -> QuerySet[Any]:
    return Entry.history.filter(id=entry.pk).order_by("-history_date", "-history_id")
