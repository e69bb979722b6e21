"""What became of a record, and by whose import."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kb import provenance
from kb.models import Entry, Job, SourceRecord


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left_out"
    WAITING = "waiting"


@dataclass(frozen=True)
class By:
    """The import that writes: of which source and collection, in which job; `reason` is what history will say.

    What was deleted here is left out, unless the import `restores` it. What is only `rehearsed` is taken back. `began`
    is when it began to read what it reads.
    """

    source: str
    collection: str = ""
    job: Job | None = None
    reason: str = ""
    restores: bool = False
    rehearsed: bool = False
    began: datetime | None = None

    def has_met(self, row: SourceRecord) -> bool:
        """Whether this import, in this reading, came upon what the row is about."""
        if self.job is None or self.began is None:
            return False
        return row.job_id == self.job.pk and row.seen_at >= self.began


@dataclass(frozen=True)
class Written:
    """What became of a record. `fields` and `conflicts` tell it by field, as kb.models.Change does.

    `entry` is the one that the record is about, None for records that are not about one. `also` are other actions than
    the outcome's, such as a merge: (action, fields). `said` is what the job's log says about it, '' for nothing.
    `was_hidden` when an entry that was hidden has been merged into it.
    """

    outcome: Outcome
    entry: Entry | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, Any] = field(default_factory=dict)
    also: tuple[tuple[str, dict[str, Any]], ...] = ()
    said: str = ""
    was_hidden: bool = False


@dataclass(frozen=True)
class Refused:
    """The record was not taken in, and nothing of it was left behind."""

    reason: str


class Differences:
    """What a batch changed, by entry and field, gathered while it is written.

    `shared` are the entries that several records of the source tell of, as after a merge: what one does not name the
    other may, so nothing is taken back there. Of these, `seconded` are told of by a record that is not the first.
    """

    def __init__(self, shared: Collection[int] = (), seconded: Collection[int] = ()) -> None:
        self.shared = shared
        self.seconded = seconded
        self.fields: dict[int, dict[str, Any]] = {}
        self.conflicts: dict[int, dict[str, Any]] = {}
        self.merged: dict[int, list[str]] = {}

    def owns(self, source: str, entry: Entry) -> bool:
        """Whether the record of `source` says what the entry's own fields are."""
        return entry.source == source and not self.is_seconded(entry)

    def is_seconded(self, entry: Entry) -> bool:
        """Whether another record of the source was the first to tell of the entry."""
        return entry.pk in self.seconded

    @property
    def ids(self) -> set[int]:
        """The entries that something was changed about."""
        return set(self.fields)

    def value(self, entry: int, name: str, old: Any, new: Any) -> None:
        self.fields.setdefault(entry, {})[name] = provenance.told(old, new)

    def rows(self, entry: int, name: str, **what: Iterable[str]) -> None:
        """Rows that were `added`, `removed` or `changed`, in words."""
        told = self.fields.setdefault(entry, {}).setdefault(name, {})
        for verb, words in what.items():
            told[verb] = [*told.get(verb, []), *words]

    def conflict(self, entry: int, name: str, kept: Any, offered: Any) -> None:
        said = {"kept": provenance.cut(kept), "offered": provenance.cut(offered)}
        self.conflicts.setdefault(entry, {})[name] = said


class NotTogether(Exception):
    """Two records of one batch are about the same entry: they have to be written one after the other."""


class Refusal(Exception):
    """The record cannot be taken in; the message says why, to whoever imports."""
