"""Precedents that were saved: kept, opened again with what is new since, changed by whoever may."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from kb.models import Entry
from kb.models.entries import User
from search import keeping
from search.keeping import title_of
from search.models import SavedPrecedents
from search.precedents import Precedent, Precedents, precedents

MAX_NOTE = 2000
MAX_MARKED = 200


@dataclass(frozen=True)
class Opened:
    """What a saved description brings today. `new` and `changed` are entry ids that were not there, or said something
    else, at `since`; `gone` counts entries that everybody could see then and this reader cannot see now."""

    saved: SavedPrecedents
    today: Precedents
    new: frozenset[int]
    changed: frozenset[int]
    gone: int
    since: datetime

    @property
    def fresh(self) -> int:
        return len(self.new) + len(self.changed)


@dataclass(frozen=True)
class Marks:
    """What a reader sets: a title, entries that are ticked, and a note beside each entry."""

    title: str = ""
    ticks: tuple[int, ...] = ()
    notes: Mapping[int, str] | None = None

    @classmethod
    def of(cls, title: str, ticks: Iterable[int], notes: Mapping[int, str]) -> "Marks":
        """Within what is kept: 200 characters of title, 2,000 of a note, 200 entries."""
        marked = list(notes.items())[:MAX_MARKED]
        kept = {id: said[:MAX_NOTE] for id, note in marked if (said := note.replace("\0", "").strip())}
        return cls(title_of(title), tuple(sorted(set(ticks)))[:MAX_MARKED], kept)


def save(found: Precedents, marks: Marks, user: User) -> tuple[SavedPrecedents, str]:
    """Keep what was found; the row, and the token that lets its holder change it, which can never be read again.

    Raises keeping.NoRoom where too much is kept already.
    """
    token, digest = keeping.new_token()
    now = timezone.now()
    saved = SavedPrecedents(
        edit_digest=digest,
        title=marks.title,
        text=found.text,
        found=_noted(found.all),
        found_at=now,
        opened_at=now,
        ticks=list(marks.ticks),
        notes={str(id): note for id, note in (marks.notes or {}).items()},
    )
    keeping.keep(saved, user)
    return saved, token


def open_again(saved: SavedPrecedents, user: User) -> Opened:
    """What the description brings today, with what was there before: of that, what the reader may see now."""
    before = {int(id): known for id, known in saved.found.items()}
    marked = {int(id) for id in saved.notes} | set(saved.ticks)
    today = precedents(saved.text, user, always=before.keys() | marked)
    visible = set(Entry.objects.visible_to(user).filter(pk__in=before).values_list("pk", flat=True))
    shown = {one.entry.pk: one.entry for one in today.all}
    known = shown.keys() & before.keys()
    return Opened(
        saved,
        today,
        new=frozenset(shown.keys() - before.keys()),
        changed=frozenset(id for id in known if shown[id].content_hash != before[id]["hash"]),
        gone=sum(known["public"] for id, known in before.items() if id not in visible),
        since=saved.found_at,
    )


def mark(saved: SavedPrecedents, marks: Marks, shown: Iterable[int]) -> None:
    """Set title, ticks and notes. Of entries that were not `shown`, such as hidden ones, everything stays."""
    shown = set(shown)
    left = [id for id in saved.ticks if id not in shown]
    notes = {id: note for id, note in saved.notes.items() if int(id) not in shown}
    saved.title = marks.title
    saved.ticks = sorted({*left, *shown.intersection(marks.ticks)})[:MAX_MARKED]
    saved.notes = notes | {str(id): note for id, note in (marks.notes or {}).items() if id in shown}
    saved.save(update_fields=["title", "ticks", "notes"])


def take_in(opened: Opened) -> None:
    """From now on, nothing of what is there today is new. What is hidden from this reader stays as it was noted."""
    saved = opened.saved
    hidden = {id: known for id, known in saved.found.items() if not known["public"]}
    saved.found = hidden | _noted(opened.today.all)
    saved.found_at = timezone.now()
    saved.save(update_fields=["found", "found_at"])


def _noted(found: Iterable[Precedent]) -> dict[str, Any]:
    return {
        str(one.entry.pk): {
            "strength": None if one.strength is None else round(one.strength, 4),
            **keeping.noted(one.entry),
        }
        for one in found
    }
