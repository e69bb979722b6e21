"""Entries as lines of JSON, which hold everything, and as CSV, which a spreadsheet opens."""

import csv as csv_module
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from kb.exporting.notice import Notice
from kb.exporting.records import ExportRecord, labels
from kb.external import outside
from kb.kinds import KINDS
from kb.roles import Role

HEAD = "precedent"  # the key of the first line, by which our own source knows an export of ours
FACTS = tuple(dict.fromkeys(name for info in KINDS.values() for name in info.facts.model_fields))
COLUMNS = (
    *("kind", "title", "slug", "page", "date", "summary", "body", "language", "status", "visibility", "tags"),
    *Role.values,
    *(f"facts.{name}" for name in FACTS),
    *("identifiers", "url", "references", "categories", "licence", "attribution", "updated"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would reckon out
SEPARATOR = "; "


def jsonl(records: Iterable[ExportRecord], notice: Notice) -> Iterator[str]:
    """A line that says what this is and whose, then one an entry. `manage.py ingest jsonl` reads it back."""
    yield _line({HEAD: notice.said()})
    for record in records:
        yield _line(record.said)


def csv(records: Iterable[ExportRecord], notice: Notice) -> Iterator[str]:
    """A line of names and one an entry; lists are parted by `; `, and no cell begins as a formula does."""
    yield _row(COLUMNS)
    for record in records:
        yield _row(_cells(record))


def guarded(value: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False) + "\n"


def _cells(record: ExportRecord) -> list[str]:
    said, entry = record.said, record.entry
    plain = [said[name] for name in ("kind", "title", "slug")]
    cells = [*plain, record.url, said["date"], said["summary"], said["body"]]
    cells += [said["language"], said["status"], said["visibility"], _list(said["tags"])]
    cells += [_list(row["name"] for row in said["roles"] if row["role"] == role) for role in Role.values]
    cells += [_fact(said["facts"].get(name, "")) for name in FACTS]
    addresses = [one["url"] for one in said["references"] if one["url"]]
    cells += [_list(outside(*pair).label for pair in said["ids"] if entry.external_ids.all())]
    cells += [addresses[0] if addresses else "", _list(addresses[1:])]
    cells += [_list(": ".join((row.category.taxonomy.name, " / ".join(row.category.path))) for row in labels(entry))]
    named = said["attributions"]
    cells += [_list(one["licence"] for one in named), _list(one["attribution"] for one in named), said["updated_at"]]
    return cells


def _fact(value: Any) -> str:
    return _list(value) if isinstance(value, list) else str(value)


def _list(values: Iterable[str]) -> str:
    return SEPARATOR.join(value for value in values if value)


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv_module.writer(written).writerow([guarded(cell) for cell in cells])
    return written.getvalue()
