"""Which AIID incident is which incident of the OECD's monitor: the list that AIID publishes, `aiid-oecd-….json`, or the
same as a table."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.sources.aiid.tables import Same, Tables, read, same
from ingest.sources.base import SourceError

MAX_BYTES = 10_000_000
OECD = "https://oecd.ai/en/incidents/{}"
LINK_COLUMNS = ("incident_id", "sameAs")


class LinkTables(Tables):
    """Links and nothing else. Read too are the matches that the OECD sends, of which the list is made."""

    collection = None

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def links(self) -> Iterator[Same | str]:
        for place, row in enumerate(self._rows(), start=1):
            if not isinstance(row, dict):
                yield f"link {place}: not an object but {type(row).__name__}"
            elif "sameAs" not in row and isinstance(row.get("incident"), dict):
                for pair in _pairs(row):
                    yield read(pair, same, f"link {place}")
            else:
                yield read(row, same, f"link {place}")

    def check(self) -> None:
        """Raise SourceError when the file is no list of links."""
        self._rows()

    def _rows(self) -> list[Any]:
        if self.path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{self.path} is larger than {MAX_BYTES:,} bytes; that is no list of links")
        try:
            rows = _parsed(self.path.read_bytes().decode("utf-8-sig"))
        except (OSError, ValueError, RecursionError, csv.Error) as error:
            raise SourceError(f"{self.path} cannot be read: {str(error) or 'nested too deeply'}") from error
        known = (isinstance(row, dict) and ("sameAs" in row or "incident" in row) for row in rows)
        if not isinstance(rows, list) or not any(known):
            raise SourceError(
                f"{self.path} is no list of links; AIID's holds objects with incident_id, sameAs and source_namespace"
            )
        return rows


def _parsed(text: str) -> Any:
    """The list, whether it stands alone, in an object, as one object a line, or as a table."""
    if not text.lstrip().startswith(("[", "{")):
        return list(
            csv.DictReader(text.splitlines(keepends=True), delimiter=max(",;\t", key=text.partition("\n")[0].count))
        )
    try:
        found = json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]
    if isinstance(found, dict) and "sameAs" not in found and "incident" not in found:
        lists = [value for value in found.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else found
    return [found] if isinstance(found, dict) else found


def _pairs(match: dict[str, Any]) -> list[dict[str, Any]]:
    report = match.get("report")
    incidents = report.get("aiid_incident_ids") if isinstance(report, dict) and match.get("is_related") else None
    address = OECD.format(match["incident"].get("id"))
    return [{"incident_id": one, "sameAs": address} for one in incidents or []]
