"""Counts and changes in words, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from kb.models import Change

COUNTS = ("created", "updated", "unchanged", "failed")  # the line of counts always has these, in this order
# And these where there are any.
ALSO = ("same", "waiting", "left_out", "conflicts", "merged", "renamed", "vanished", "returned")
WIDTH = 100


def count_line(counts: Mapping[str, int]) -> str:
    """`created 3, updated 0, unchanged 912, failed 0`, and what else there was."""
    said = [f"{name} {counts.get(name, 0)}" for name in COUNTS]
    said += [f"{name.replace('_', ' ')} {counts[name]}" for name in ALSO if counts.get(name)]
    return ", ".join(said)


def told_change(change: Change) -> Iterator[str]:
    """The change as lines: what it is about, then each field."""
    yield f"{change.get_action_display()}: {change.title} ({change.key})"
    for name, told in change.fields.items():
        yield from (f"  {line}" for line in _field(name.removeprefix("facts."), told))


def _field(name: str, told: Mapping[str, Any]) -> Iterator[str]:
    if "kept" in told:
        yield f"{name}: {_short(told['kept'])} stays, the import has {_short(told['offered'])}"
    elif "to" in told:
        before = f"{_short(told['from'])} → " if told.get("from") else ""
        yield f"{name}: {before}{_short(told['to'])}"
    else:
        for verb, sign in (("added", "+"), ("removed", "-"), ("changed", "~")):
            for words in told.get(verb, []):
                yield f"{name}: {sign} {_short(words)}"


def _short(value: Any) -> str:
    words = ", ".join(str(part) for part in value) if isinstance(value, list) else " ".join(str(value or "").split())
    return words if len(words) <= WIDTH else words[: WIDTH - 1] + "…"
