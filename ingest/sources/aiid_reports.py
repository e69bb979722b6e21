"""Reports on disk, found by number: an article belongs to many incidents, and all of them do not fit in memory."""

import datetime as dt
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class ReportStore:
    """Rows of `aiid_rows.reports`, written to a temporary file once and read back one at a time."""

    def __init__(self, rows: Iterable[dict[str, Any] | str], scratch: Path | None = None) -> None:
        self.problems: list[str] = []
        self._offsets: dict[int, int] = {}
        # An unnamed file: it is gone with the process, however that ends.
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - it lives as long as the store
        for row in rows:
            if isinstance(row, str):
                self.problems.append(row)
            else:
                self._offsets[row["report_number"]] = self._file.tell()
                self._file.write(json.dumps(row, default=_as_text).encode() + b"\n")

    def __len__(self) -> int:
        return len(self._offsets)

    def get(self, number: int) -> dict[str, Any] | None:
        """The report of that number, or None."""
        if number not in self._offsets:
            return None
        self._file.seek(self._offsets[number])
        row: dict[str, Any] = json.loads(self._file.readline())
        return row


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
