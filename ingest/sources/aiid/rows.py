"""The tables of an AIID snapshot: BSON as mongodump writes it, or CSV where a table has no BSON."""

import io
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingest.sources.aiid.bson_file import read_documents
from ingest.sources.aiid.labels import Labels
from ingest.sources.aiid.tables import (
    Draft,
    Incident,
    Parties,
    Report,
    Same,
    Tables,
    keys,
    names,
    number,
    numbers,
    read,
    same,
)
from ingest.sources.aiid.taxa import Taxonomy, numbered, taxonomy
from ingest.sources.archives import open_plain
from ingest.sources.base import SourceError
from ingest.sources.tables.delimited import Row, read_rows

# Our role -> the column of incidents, and that of submissions.
PARTIES = {
    "deployer": ("Alleged deployer of AI system", "deployers"),
    "developer": ("Alleged developer of AI system", "developers"),
    "harmed": ("Alleged harmed or nearly harmed parties", "harmed_parties"),
    "system": ("implicated_systems", "implicated_systems"),
}
# Table -> the columns it is nothing without, and those whose absence somebody should know of. Others came and went.
COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "incidents": (
        ("incident_id", "title"),
        ("date", "reports", "description", *(name for name, _ in list(PARTIES.values())[:3])),
    ),
    "reports": (("report_number", "url"), ("title", "text")),
    "duplicates": (("duplicate_incident_number", "true_incident_number"), ()),
    "entities": (("entity_id", "name"), ()),
    "entity_duplicates": (("duplicate_entity_id", "true_entity_id"), ()),
    "entity_relationships": (("sub", "obj", "pred"), ()),
    "quickadd": (("url",), ("incident_id",)),
    "submissions": (("url",), ("title",)),
    "incident_links": (("incident_id", "sameAs"), ()),
    "taxa": (("namespace", "field_list"), ()),
    "classifications": (("namespace",), ()),
}
# Other spellings of columns, without case and signs: those of the site's own interfaces.
SPELLINGS = {
    "allegeddeployerofaisystem": "Alleged deployer of AI system",
    "allegeddeveloperofaisystem": "Alleged developer of AI system",
    "allegedharmedornearlyharmedparties": "Alleged harmed or nearly harmed parties",
} | {
    re.sub(r"[\W_]", "", name.casefold()): name
    for needed, expected in COLUMNS.values()
    for name in (*needed, *expected)
}
LICENCES = ("text_licence", "text_license", "licence", "license")
RESPONSE = "response"  # the tag of what a company or agency said to an incident
TRUE = ("true", "1", "1.0", "yes")


class SnapshotTables(Tables):
    """The tables in the files of a snapshot, by name (`incidents.csv`), each of which may end in `.gz`.

    Of BSON and CSV, BSON is read. Empty files count as missing.
    """

    def __init__(self, files: dict[str, Path]) -> None:
        super().__init__()
        self.held = files  # copies in a temporary folder go with what they came in
        packed_first = sorted(files.items(), reverse=True)
        self.files = {name.removesuffix(".gz"): file for name, file in packed_first if file.stat().st_size}

    def incidents(self) -> Iterator[Incident | str]:
        for row in self._rows("incidents"):
            yield read(row, _incident, f"incident {_said(row, 'incident_id')}")

    def reports(self) -> Iterator[Report | str]:
        for row in self._rows("reports"):
            yield read(row, _report, f"report {_said(row, 'report_number')}")

    def duplicates(self) -> Iterator[tuple[int, int] | str]:
        for row in self._rows("duplicates"):
            yield read(row, _duplicate, "duplicate")

    def entities(self) -> Iterator[tuple[str, str] | str]:
        for row in self._rows("entities"):
            # The table holds one without anything, which every incident without a party once named.
            if isinstance(row, str) or row.get("entity_id") or row.get("name"):
                yield read(row, lambda row: _pair(row, "entity_id", "name"), "entity")

    def same_entities(self) -> Iterator[tuple[str, str] | str]:
        for row in self._rows("entity_duplicates"):
            yield read(row, lambda row: _pair(row, "duplicate_entity_id", "true_entity_id"), "duplicate entity")

    def relations(self) -> Iterator[tuple[str, str, str] | str]:
        for row in self._rows("entity_relationships"):
            found = read(row, _relations, "relation of entities")
            yield from [found] if isinstance(found, str) else found

    def drafts(self) -> Iterator[Draft | str]:
        for table in ("submissions", "quickadd"):
            for row in self._rows(table):
                yield read(row, _draft, f"{table} {_said(row, 'url')}")

    def taxonomies(self) -> Iterator[Taxonomy | str]:
        for row in self._rows("taxa"):
            yield read(row, taxonomy, "taxa")

    def classifications(self) -> Iterator[Labels | str]:
        if "classifications.bson" in self.files:
            for row in self._rows("classifications"):
                yield read(row, _labels, "classification")
            return
        for name, path in sorted(self.files.items()):
            if name.startswith("classifications_"):
                yield from self._labels_in(path, name.removeprefix("classifications_").removesuffix(".csv"))

    def links(self) -> Iterator[Same | str]:
        for row in self._rows("incident_links"):
            yield read(row, same, f"link of incident {_said(row, 'incident_id')}")

    def _rows(self, table: str) -> Iterator[dict[str, Any] | str]:
        """Rows by our spelling of their columns; none when the snapshot lacks the table."""
        if dump := self.files.get(f"{table}.bson"):
            yield from self._documents(dump, table)
        elif path := self.files.get(f"{table}.csv"):
            header, rows = self._opened(path)
            columns = [_spelling(name) for name in header]
            self._check(path.name, table, columns)
            for row in rows:
                yield f"{path.name} line {row.line}: {row.problem}" if row.problem else _as_dict(row, columns, path)

    def _documents(self, dump: Path, table: str) -> Iterator[dict[str, Any] | str]:
        """The documents, once one of the first hundred has every column: one may lack what it has no value for."""
        waiting: list[dict[str, Any] | str] = []
        seen: dict[str, None] = {}
        checked = False
        for document in read_documents(dump):
            row = document if isinstance(document, str) else _respelt(document)
            if checked:
                yield row
                continue
            waiting.append(row)
            seen |= dict.fromkeys(row) if isinstance(row, dict) else {}
            if checked := len(waiting) >= 100 or all(name in seen for name in sum(COLUMNS[table], ())):
                self._check(dump.name, table, list(seen))
                yield from waiting
        if not checked:
            if any(isinstance(row, dict) for row in waiting):
                self._check(dump.name, table, list(seen))
            yield from waiting

    def _check(self, file: str, table: str, present: list[str]) -> None:
        needed, expected = COLUMNS[table]
        if missing := [name for name in needed if name not in present]:
            raise SourceError(
                f"{file} lacks {', '.join(missing)}; it has {', '.join(present)[:1000] or 'no columns'}. "
                "The layout of the snapshot is not the one known here: use an older one, or report this"
            )
        if missing := [name for name in expected if name not in present]:
            notice = f"{file} has no {', '.join(missing)}; that is left open"
            self.notices += [notice] if notice not in self.notices else []

    def _opened(self, path: Path) -> tuple[list[str], Iterator[Row]]:
        """The names of the columns and the rows below them."""
        # Only in this table a backslash stands before quotes and backslashes.
        rows = _read_csv(path, _delimiter(path), escape="\\" if path.name.startswith("reports.") else None)
        header = next(rows, None)
        if header and header.problem:
            raise SourceError(f"{path.name} line {header.line}: {header.problem}")
        return [name.strip() for name in header.values] if header else [], self._mind_letters(rows, path)

    def _mind_letters(self, rows: Iterator[Row], path: Path) -> Iterator[Row]:
        """The rows, and in the end a notice of those with letters that could not be read."""
        count = 0
        for row in rows:
            count += any("\ufffd" in value for value in row.values)
            yield row
        if count:
            self.notices.append(
                f"{count:,} rows of {path.name} hold letters that are no UTF-8; these stand there as \ufffd"
            )

    def _labels_in(self, path: Path, namespace: str) -> Iterator[Labels | str]:
        header, rows = self._opened(path)
        places = {_place(name): place for place, name in reversed(list(enumerate(header)))}
        if "incident id" not in places or "published" not in places:
            missing = "Incident ID" if "incident id" not in places else "Published"
            self.notices.append(f"{path.name} was left out: it has no column {missing}")
            return
        columns = numbered(header)
        # Until 2023 one table held what the database does: every value as JSON.
        as_json = "publish" in (name.casefold() for name in header)
        for row in rows:
            if row.problem or len(row.values) != len(columns):
                problem = row.problem or f"{len(row.values)} values for {len(columns)} columns"
                yield f"{path.name} line {row.line}: {problem}"
                continue
            said = row.values[places["incident id"]]
            try:
                incidents = numbers(said.strip(), "Incident ID")
            except ValueError as error:
                yield f"{path.name} line {row.line}: {error}"
                continue
            published = row.values[places["published"]].strip().casefold() in TRUE
            own = row.values[places["namespace"]].strip() if "namespace" in places else ""
            values = [_decoded(value) for value in row.values] if as_json else row.values
            yield Labels(own or namespace, incidents, published, list(zip(columns, values, strict=True)))


def _delimiter(path: Path) -> str:
    """A comma, unless the table was saved anew by a spreadsheet in a country where that is in use for decimals."""
    with io.TextIOWrapper(open_plain(path), encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.readline(10_000)
    return max(",;\t", key=lambda sign: (head.count(sign), sign == ","))


def _read_csv(path: Path, delimiter: str, escape: str | None) -> Iterator[Row]:
    with io.TextIOWrapper(open_plain(path), encoding="utf-8-sig", errors="replace", newline="") as file:
        yield from read_rows(file, delimiter, escape=escape)


def _respelt(document: dict[str, Any]) -> dict[str, Any]:
    return {_spelling(name): value for name, value in document.items()}


@lru_cache(maxsize=2000)
def _spelling(name: str) -> str:
    return SPELLINGS.get(re.sub(r"[\W_]", "", name.casefold()), name)


def _as_dict(row: Row, columns: list[str], path: Path) -> dict[str, Any] | str:
    if len(row.values) != len(columns):
        return f"{path.name} line {row.line}: {len(row.values)} values for {len(columns)} columns"
    return dict(zip(columns, row.values, strict=True))


def _said(row: dict[str, Any] | str, name: str) -> str:
    return repr(row.get(name))[:100] if isinstance(row, dict) else ""


def _parties(row: dict[str, Any], place: int) -> Parties:
    return {role: keys(row.get(columns[place]), columns[place]) for role, columns in PARTIES.items()}


def _incident(row: dict[str, Any]) -> Incident:
    return Incident(
        number=number(row.get("incident_id"), "incident_id"),
        title=row.get("title"),
        date=row.get("date"),
        description=row.get("description"),
        notes=row.get("editor_notes"),
        reports=numbers(row.get("reports"), "reports"),
        similar=numbers(row.get("editor_similar_incidents"), "editor_similar_incidents"),
        parties=_parties(row, 0),
    )


def _report(row: dict[str, Any]) -> Report:
    return _article(row, number(row.get("report_number"), "report_number"))


def _article(row: dict[str, Any], of_report: int) -> Report:
    return Report(
        number=of_report,
        url=row.get("url"),
        title=row.get("title"),
        publisher=row.get("source_domain"),
        authors=names(row.get("authors")),
        published=row.get("date_published"),
        language=row.get("language"),
        text=row.get("text") or row.get("plain_text"),
        licence=next((row[name] for name in LICENCES if row.get(name)), ""),
        is_response=RESPONSE in names(row.get("tags")),
    )


def _duplicate(row: dict[str, Any]) -> tuple[int, int]:
    withdrawn, kept = (number(row.get(name), name) for name in COLUMNS["duplicates"][0])
    return withdrawn, kept


def _pair(row: dict[str, Any], first: str, second: str) -> tuple[str, str]:
    one, other = (str(row.get(name) or "").strip() for name in (first, second))
    if not one or not other:
        raise ValueError(f"{first} {one[:60]!r} and {second} {other[:60]!r} must both be there")
    return one, other


def _relations(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    subjects, objects = (value if isinstance(value, list) else [value] for value in (row.get("sub"), row.get("obj")))
    said = str(row.get("pred") or "").strip()
    found = [(str(one or "").strip(), said, str(other or "").strip()) for one in subjects for other in objects]
    if not said or not all(one and other for one, _, other in found):
        told = [row.get(name) for name in ("sub", "pred", "obj")]
        raise ValueError(f"must have sub, pred and obj: {str(told)[:200]}")
    return found


def _draft(row: dict[str, Any]) -> Draft:
    address = str(row.get("url") or "").strip()
    said = row.get("incident_ids") or row.get("incident_id")
    return Draft(
        address=address,
        article=_article(row, 0),
        incidents=[one for one in numbers(said, "incident_id") if one > 0],
        title=row.get("incident_title"),
        description=row.get("description"),
        date=row.get("incident_date"),
        parties=_parties(row, 1),
        rejected=bool(row.get("rejected_at")) or "reject" in str(row.get("status") or "").casefold(),
    )


def _labels(row: dict[str, Any]) -> Labels:
    attributes = row.get("attributes")
    older = row.get("classifications")
    if isinstance(attributes, list):
        told = [one for one in attributes if isinstance(one, dict)]
        values = [(str(one.get("short_name") or ""), _decoded(one.get("value_json"))) for one in told]
    elif isinstance(older, dict):
        values = [(str(name), value) for name, value in older.items()]
    else:
        values = []
    columns = numbered(name for name, _ in values)
    published = row.get("publish", older.get("Publish") if isinstance(older, dict) else False)
    return Labels(
        namespace=str(row.get("namespace") or "").strip(),
        incidents=numbers(row.get("incidents") or row.get("incident_id"), "incidents"),
        published=str(published).casefold() in TRUE,
        values=[(column, value) for column, (name, value) in zip(columns, values, strict=True) if name],
    )


def _place(name: str) -> str:
    """What a column of a table of classifications is called, in whichever year it was written."""
    plain = re.sub(r"[\W_]+", " ", name.casefold()).strip()
    return {"incident": "incident id", "incidents": "incident id", "incident number": "incident id"}.get(
        plain, "published" if plain == "publish" else plain
    )


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
