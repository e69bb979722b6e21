"""Lists: where others write one, several or nothing, and where a message names many things."""

from collections.abc import Sequence
from typing import Any

LONGEST = 120  # characters of a name in a message
MOST = 60  # names in a message


def as_list(value: Any) -> list[Any]:
    """`value` as a list: [] for nothing, [value] for a single one."""
    if value in (None, "", {}):
        return []
    return value if isinstance(value, list) else [value]


def listed(names: Sequence[str], most: int = MOST) -> str:
    """`names` for a message, the first of them when they are many."""
    shown = ", ".join(name[:LONGEST] for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
