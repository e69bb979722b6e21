"""Rows on disk, found by number: a database of articles does not fit in memory."""

import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class RowStore:
    """Rows written to a temporary file once and read back one at a time. Several may have one number."""

    def __init__(self, scratch: Path | None = None) -> None:
        self._last: dict[int, int] = {}
        self._size = 0
        # An unnamed file: it is gone with the process, however that ends.
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - it lives as long as the store

    def __len__(self) -> int:
        """How many numbers there are."""
        return len(self._last)

    def __iter__(self) -> Iterator[int]:
        """The numbers, from the lowest: the order of rows changes from week to week, and an import resumes by it."""
        return iter(sorted(self._last))

    def __contains__(self, number: int) -> bool:
        return number in self._last

    def add(self, number: int, row: Any) -> None:
        """Keep a row that JSON can hold; dates become text."""
        line = json.dumps([self._last.get(number, -1), row], default=_as_text).encode() + b"\n"
        self._file.seek(self._size)
        self._file.write(line)
        self._last[number] = self._size
        self._size += len(line)

    def get(self, number: int) -> Any:
        """The row of that number, the last where it has several, or None."""
        return self._at(self._last[number])[1] if number in self._last else None

    def all(self, number: int) -> list[Any]:
        """Every row of that number, in the order they came."""
        rows = []
        place = self._last.get(number, -1)
        while place >= 0:
            place, row = self._at(place)
            rows.append(row)
        return rows[::-1]

    def _at(self, place: int) -> tuple[int, Any]:
        self._file.seek(place)
        before, row = json.loads(self._file.readline())
        return before, row


def _as_text(value: object) -> str | dict[str, int]:
    if isinstance(value, bytes):
        return {"bytes": len(value)}  # no text, whatever it stands for
    return value.isoformat() if isinstance(value, dt.date) else str(value)
