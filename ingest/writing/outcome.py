"""What became of a record."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Refused:
    """The record was not taken in, and nothing of it was left behind."""

    reason: str


class NotTogether(Exception):
    """Two records of one batch are about the same entry: they have to be written one after the other."""


class Refusal(Exception):
    """The record cannot be taken in; the message says why, to whoever imports."""
