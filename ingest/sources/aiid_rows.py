"""The tables of an AIID snapshot as plain rows, the same from BSON and from CSV.

A row that cannot be read is a text that says where and why.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ingest.sources.base import SourceError
from ingest.sources.bson_file import read_documents
from ingest.sources.delimited import Row, read_rows

Value = TypeVar("Value")

# our role -> the snapshot's column. The last one came later, and older snapshots lack it.
PARTIES = {
    "deployer": "Alleged deployer of AI system",
    "developer": "Alleged developer of AI system",
    "harmed": "Alleged harmed or nearly harmed parties",
}
SYSTEMS = "implicated_systems"
INCIDENT_COLUMNS = ("incident_id", "date", "reports", *PARTIES.values(), "description", "title")
REPORT_COLUMNS = ("report_number", "title", "url", "text")  # the others are told only when they are there
DUPLICATE_COLUMNS = ("duplicate_incident_number", "true_incident_number")


def incidents(files: dict[str, Path]) -> Iterator[dict[str, Any] | str]:
    """Rows with `incident_id` (int), `reports` (list of int), parties (lists of slugs), and texts."""
    for row in _rows(files, "incidents", INCIDENT_COLUMNS):
        yield row if isinstance(row, str) else _read(row, _incident, f"incident {row.get('incident_id')!r}")


def reports(files: dict[str, Path]) -> Iterator[dict[str, Any] | str]:
    """Rows with `report_number` (int), `authors` (list), and texts. None when the snapshot has no reports."""
    if "reports.bson" in files or "reports.csv" in files:
        # Quotes and backslashes are escaped with a backslash in this table, and in no other.
        for row in _rows(files, "reports", REPORT_COLUMNS, escape="\\"):
            yield row if isinstance(row, str) else _read(row, _report, f"report {row.get('report_number')!r}")


def duplicates(files: dict[str, Path]) -> Iterator[tuple[int, int] | str]:
    """(withdrawn number, the number it is a duplicate of)."""
    if "duplicates.bson" in files or "duplicates.csv" in files:
        for row in _rows(files, "duplicates", DUPLICATE_COLUMNS):
            yield row if isinstance(row, str) else _read(row, _duplicate, "duplicate")


def entity_names(files: dict[str, Path]) -> tuple[dict[str, str], list[str]]:
    """slug -> name of every entity, and what could not be read. The table exists in BSON only, and not always."""
    names: dict[str, str] = {}
    problems = []
    for row in read_documents(files["entities.bson"]) if "entities.bson" in files else ():
        if isinstance(row, str):
            problems.append(row)
        elif row.get("entity_id") and row.get("name"):
            names[str(row["entity_id"]).strip()] = str(row["name"])
    return names, problems


def _rows(
    files: dict[str, Path], table: str, columns: tuple[str, ...], escape: str | None = None
) -> Iterator[dict[str, Any] | str]:
    """Rows of the table's BSON, or of its CSV where there is none. SourceError when its layout is not the known one."""
    if dump := files.get(f"{table}.bson"):
        yield from _checked(dump, columns)
        return
    path = files[f"{table}.csv"]
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = read_rows(file, escape=escape)
        header = next(rows, None)
        names = header.values if header else []
        _check(path.name, columns, names)
        for row in rows:
            yield _as_dict(row, names, path.name)


def _checked(dump: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any] | str]:
    """The documents, once one of the first hundred has every column: a document may lack what it has no value for."""
    waiting: list[dict[str, Any] | str] = []
    seen: dict[str, None] = {}
    checked = False
    for document in read_documents(dump):
        if checked:
            yield document
            continue
        waiting.append(document)
        seen |= dict.fromkeys(document) if isinstance(document, dict) else {}
        if checked := len(waiting) >= 100 or all(name in seen for name in columns):
            _check(dump.name, columns, list(seen))
            yield from waiting
    if not checked:
        if any(isinstance(document, dict) for document in waiting):
            _check(dump.name, columns, list(seen))
        yield from waiting


def _check(table: str, columns: tuple[str, ...], present: list[str]) -> None:
    if missing := [name for name in columns if name not in present]:
        raise SourceError(
            f"{table} lacks {', '.join(missing)}; it has {', '.join(present) or 'no columns'}. "
            "The layout of the snapshot is not the one known here: use an older one, or report this"
        )


def _as_dict(row: Row, names: list[str], table: str) -> dict[str, Any] | str:
    if row.problem:
        return f"{table} line {row.line}: {row.problem}"
    if len(row.values) != len(names):
        return f"{table} line {row.line}: {len(row.values)} values for {len(names)} columns"
    return dict(zip(names, row.values, strict=True))


def _read(row: dict[str, Any], reader: Callable[[dict[str, Any]], Value], what: str) -> Value | str:
    try:
        return reader(row)
    except (ValueError, TypeError) as error:
        return f"{what}: {error}"


def _incident(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row.get(name) for name in ("date", "description", "title")}
    kept["incident_id"] = _number(row.get("incident_id"), "incident_id")
    kept["reports"] = [_number(one, "reports") for one in _json_list(row.get("reports"), "reports")]
    for role, column in (*PARTIES.items(), ("system", SYSTEMS)):
        kept[role] = [slug for one in _json_list(row.get(column), column) if (slug := str(one).strip())]
    return kept


def _report(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row.get(name) for name in ("title", "url", "text", "source_domain", "date_published", "language")}
    kept["report_number"] = _number(row.get("report_number"), "report_number")
    authors = row.get("authors") or []
    kept["authors"] = authors.split(", ") if isinstance(authors, str) else [str(name) for name in authors]
    return kept


def _duplicate(row: dict[str, Any]) -> tuple[int, int]:
    withdrawn, kept = (_number(row.get(name), name) for name in DUPLICATE_COLUMNS)
    return withdrawn, kept


def _number(value: Any, name: str) -> int:
    """A whole number from 112, 112.0 (how Mongo stores what JavaScript wrote) or '112'."""
    try:
        if isinstance(value, bool) or value is None or float(value) != int(float(value)):
            raise ValueError
        return int(float(value))
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} is not a whole number: {str(value)[:60]!r}") from None


def _json_list(value: Any, name: str) -> list[Any]:
    """A list from BSON, or the JSON of one from CSV; nothing at all is an empty list."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"{name} is not a JSON list: {value[:60]!r}") from None
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list but {type(value).__name__}")
    return value
