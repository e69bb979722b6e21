"""A Change's fields as a page tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kb.differences import IN, NOTHING, Difference, Part, Work, difference
from kb.models import Entry
from kb.provenance import FACT

NAMES = {
    "body": "Text",
    "occurred": "Date",
    "slug": "Address",
    "external_ids": "Known as",
    "identifiers": "Known as",
    "roles": "Who had a part",
}
LONGEST = 2000
ROWS = ("removed", "added", "changed")  # what becomes of rows, such as references


def link_words(relation: str, target: Entry) -> str:
    """A link as a change tells it. What it leads to is not named where that is hidden: the change need not be."""
    return f"{relation}: {'an entry that is not public' if target.is_hidden else target.title}"


@dataclass(frozen=True)
class Told:
    """What became of one field: the `difference` of a text, or what was `added`, `removed` and `changed` within, but
    for `left_out` more.

    `disagrees` where a curator's value stays and an import would have it otherwise: `out` is what stays then, `in`
    what is offered.
    """

    name: str
    label: str
    difference: Difference = NOTHING
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left_out: int = 0
    disagrees: bool = False

    @property
    def not_shown(self) -> str:
        """What is left out, in words."""
        if self.left_out:
            return f"{self.left_out:,} more {'is' if self.left_out == 1 else 'are'} not shown"
        count, shortened = self.difference.left_out, self.difference.shortened
        more = f"{count:,} more {'change is' if count == 1 else 'changes are'} not shown" if count else ""
        told = " and ".join(filter(None, (more, "a long passage is shortened" if shortened else "")))
        return told[:1].upper() + told[1:]


def told_fields(fields: Mapping[str, Any], work: Work) -> list[Told]:
    """The fields of a Change, in its order; what no reader can tell apart is left out. `work` is that of a page."""
    return [told for name, change in fields.items() if (told := _told(name, change, work))]


def field_label(name: str) -> str:
    """`facts.harms` → Harms."""
    name = name.removeprefix(FACT)
    return NAMES.get(name) or name.replace("_", " ").strip().capitalize()


def as_text(value: Any) -> str:
    """Any value of a JSON column, for people."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {as_text(part)}" for name, part in value.items() if part not in (None, "", [], {}))
    return ", ".join(map(as_text, value)) if isinstance(value, list | tuple) else str(value)


def _told(name: str, change: Any, work: Work) -> Told | None:
    label = field_label(name)
    if not isinstance(change, Mapping):
        return Told(name, label, difference=_whole(change, work)) if change not in (None, "", [], {}) else None
    if any(verb in change for verb in ROWS):
        (removed, added, changed), left_out = work.rows(_lines(change.get(verb)) for verb in ROWS)
        return Told(name, label, added=added, removed=removed, changed=changed, left_out=left_out)
    disagrees = "kept" in change or "offered" in change
    old, new = (change.get("kept"), change.get("offered")) if disagrees else (change.get("from"), change.get("to"))
    if isinstance(old or [], list) and isinstance(new or [], list):
        before, after = _lines(old), _lines(new)
        had, has = frozenset(before), frozenset(after)
        gone, come = [one for one in before if one not in has], [one for one in after if one not in had]
        (removed, added), left_out = work.rows((gone, come))
        return Told(name, label, added=added, removed=removed, left_out=left_out, disagrees=disagrees)
    return Told(name, label, difference=difference(as_text(old), as_text(new), work), disagrees=disagrees)


def _whole(value: Any, work: Work) -> Difference:
    """Something new, as far as there is room for it."""
    text = as_text(value)
    shown = _cut(text, min(2 * LONGEST, work.room()))
    work.chars -= len(shown)
    return Difference((Part(IN, shown),), shortened=shown != text)


def _lines(values: Any) -> tuple[str, ...]:
    return tuple(_cut(as_text(value)) for value in (values if isinstance(values, list) else [values]) if value)


def _cut(text: str, most: int = 2 * LONGEST) -> str:
    return text if len(text) <= most else text[: max(0, most)] + " …"
