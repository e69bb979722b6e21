"""AIID's Excel export: incidents with their classifications, reports and entities, each on a sheet of its own.

It is made for reading. Entities stand there by a name made from their key, and the sheet of entities leads back to it;
which report belongs to which incident it does not say. The names of columns are below one or two lines of titles.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.records import clean_line
from ingest.sources.aiid.labels import Labels
from ingest.sources.aiid.mit import numbered
from ingest.sources.aiid.tables import Incident, Parties, Report, Tables, names, number, numbers, read
from ingest.sources.aiid.values import Vocabulary
from ingest.sources.base import SourceError
from ingest.sources.lists import listed
from ingest.sources.tables.sheet import SAMPLED, Cell, Header, SheetRow, find_header
from ingest.sources.tables.workbook import Workbook, WorkbookSheet

# Our names -> what the columns are called, casefolded. The first of each sheet are those by which it is known.
INCIDENTS: dict[str, tuple[str, ...]] = {
    "number": ("incident id", "incident number"),
    "title": ("title",),
    "date": ("date", "incident date"),
    "description": ("description",),
    "reports": ("reports", "report numbers"),
    "deployer": ("deployer", "deployers", "alleged deployer of ai system"),
    "developer": ("developer", "developers", "alleged developer of ai system"),
    "harmed": ("harmed", "harmed parties", "alleged harmed or nearly harmed parties"),
    "system": ("implicated systems",),
    "notes": ("editor notes",),
}
REPORTS: dict[str, tuple[str, ...]] = {
    "number": ("report number", "report id"),
    "url": ("url",),
    "title": ("title",),
    "publisher": ("source domain",),
    "published": ("date published",),
    "authors": ("authors",),
    "language": ("language",),
    "text": ("text",),
    "incidents": ("incident id", "incident ids", "incidents"),
}
ENTITIES: dict[str, tuple[str, ...]] = {"key": ("entity id",), "name": ("name",)}
SHEETS: dict[str, dict[str, tuple[str, ...]]] = {"incidents": INCIDENTS, "reports": REPORTS, "entities": ENTITIES}
ROLES = ("deployer", "developer", "harmed", "system")
# Made from other columns, or about the work of the editors.
DERIVED = {"year", "data sources", "report_count", "report count", "editors", "date modified"}

# Columns that are called otherwise than the fields of the taxonomies they stand for.
RENAMED = {
    "responsible entity": ("MIT", "Entity"),
    "ai goal": ("GMF", "Known AI Goal"),
    "ai technology": ("GMF", "Known AI Technology"),
    "technical failure": ("GMF", "Known AI Technical Failure"),
    "ai technology (potential)": ("GMF", "Potential AI Technology"),
    "technical failure (potential)": ("GMF", "Potential AI Technical Failure"),
    "country code": ("CSETv1", "Location Country (two letters)"),
    "incident year": ("CSETv1", "Date of Incident Year"),
    "incident month": ("CSETv1", "Date of Incident Month"),
    "incident day": ("CSETv1", "Date of Incident Day"),
    "ai methods": ("CSETv1", "AI tools and methods"),
}
# Those that are called as their field is.
KEPT = {
    "MIT": ("Risk Domain", "Risk Subdomain", "Timing", "Intent"),
    "CSETv1": (
        "Harm Domain",
        "Tangible Harm",
        "AI Harm Level",
        "Rights Violation",
        "Harm Distribution Basis",
        "Special Interest Intangible Harm",
        "Lives Lost",
        "Injuries",
        "Estimated Harm Quantities",
        "Sector of Deployment",
        "Public Sector Deployment",
        "Infrastructure Sectors",
        "Location Region",
        "Location City",
        "Intentional Harm",
        "Autonomy Level",
        "AI Task",
        "AI System Description",
        "Data Inputs",
        "Physical Objects",
        "Deployed",
        "Involving Minor",
        "Protected Characteristic",
        "AI System",
        "Detrimental Content",
        "Impact on Critical Services",
        "Multiple AI Interaction",
        "Embedded",
        "Entities",
        "Estimated Date",
    ),
}
FIELDS = RENAMED | {name.casefold(): (namespace, name) for namespace, names in KEPT.items() for name in names}
# The title above the columns of a taxonomy ends in its name: "POLICY DETAIL - CSETv1".
BAND = re.compile(r".*\s[-–—]\s*([A-Za-z][\w.]{1,39})")


class WorkbookTables(Tables):
    """The sheets of the export, told by their columns."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def incidents(self) -> Iterator[Incident | str]:
        for row in self._rows("incidents"):
            yield read(row, self._incident, f"incident {_said(row)}")

    def reports(self) -> Iterator[Report | str]:
        joined = False
        count = 0
        for row in self._rows("reports"):
            report = read(row, _report, f"report {_said(row)}")
            joined = joined or (not isinstance(report, str) and bool(report.incidents))
            count += 1
            yield report
        if count and not joined and "reports" not in self._columns["incidents"]:
            self.notices.append(
                f"the workbook does not say which of its {count:,} reports belong to which incident; "
                "a snapshot of the database does"
            )

    def entities(self) -> Iterator[tuple[str, str] | str]:
        for row in self._rows("entities"):
            yield read(row, _entity, "entity")

    def classifications(self) -> Iterator[Labels | str]:
        fields = self._fields
        for row in self._rows("incidents"):
            incident = read(row, lambda row: number(row["number"], "Incident ID"), "")
            if isinstance(row, str) or isinstance(incident, str):
                continue  # told where the incidents are read
            by_taxonomy: dict[str, list[tuple[str, Any]]] = {}
            for place, (namespace, name) in fields.items():
                value = _value(row["cells"], place)
                if namespace == "MIT" and isinstance(value, str):
                    value = numbered(value)
                if value is not None:
                    by_taxonomy.setdefault(namespace, []).append((name, value))
            for namespace, values in by_taxonomy.items():
                yield Labels(namespace, [incident], True, values)

    @cached_property
    def _sheets(self) -> dict[str, tuple[WorkbookSheet, Header, list[str]]]:
        """Our name -> sheet, header, and what stands above each column."""
        found: dict[str, tuple[WorkbookSheet, Header, list[str]]] = {}
        others = []
        for sheet in Workbook(self.path).sheets.values():
            rows = list(islice(sheet.rows(), SAMPLED))
            try:
                header = find_header(rows, _is_known, f"the sheet {sheet.title!r}")
            except SourceError:
                others.append(sheet.title)
                continue
            present = {name.casefold() for name in header.names}
            for name, columns in SHEETS.items():
                first, second, *_ = columns.values()
                if name not in found and present.intersection(first) and present.intersection(second):
                    found[name] = sheet, header, _bands(rows[: header.rows - 1], len(header.names))
                    break
            else:
                others.append(sheet.title)
        if "incidents" not in found:
            raise SourceError(
                f"{self.path} has no sheet with the columns Incident ID and title; its sheets are {listed(others)}"
            )
        if unknown := [title for title in others if title.casefold() not in ("data dictionary", "coverage map")]:
            self.notices.append(f"sheets that were left out: {listed(unknown)}")
        return found

    @cached_property
    def _columns(self) -> dict[str, dict[str, int]]:
        """Sheet -> our name -> place of the column."""
        return {
            name: {
                ours: place
                for ours, spellings in SHEETS[name].items()
                for place, column in enumerate(header.names)
                if column.casefold() in spellings
            }
            for name, (_, header, _) in self._sheets.items()
        }

    @cached_property
    def _fields(self) -> dict[int, tuple[str, str]]:
        """Place of a column -> taxonomy and field."""
        _, header, bands = self._sheets["incidents"]
        own = set(self._columns["incidents"].values())
        fields, unknown = {}, []
        for place, name in enumerate(header.names):
            if not name or place in own or name.casefold() in DERIVED:
                continue
            if name.casefold() in FIELDS:
                fields[place] = FIELDS[name.casefold()]
            elif band := BAND.fullmatch(bands[place]):
                fields[place] = band[1], name
            else:
                unknown.append(name)
        if unknown:
            self.notices.append(f"columns that were left out: {listed(unknown)}")
        return fields

    @cached_property
    def _displayed(self) -> dict[str, list[str]]:
        """How entities are shown in the sheet of incidents -> their keys."""
        shown: dict[str, list[str]] = {}
        for row in self.entities():
            if not isinstance(row, str):
                shown.setdefault(row[0].replace("-", " ").strip().title(), []).append(row[0])
        return shown

    @cached_property
    def _shown(self) -> Vocabulary:
        return Vocabulary(self._displayed)

    def _rows(self, name: str) -> Iterator[dict[str, Any] | str]:
        if name not in self._sheets:
            return
        sheet, header, _ = self._sheets[name]
        columns = self._columns[name]
        for row in islice(sheet.rows(), header.rows, None):
            if row.problem:
                yield f"{sheet.title}, {row.place}: {row.problem}"
            else:
                yield {"cells": row.cells} | {
                    ours: row.cells[place] if place < len(row.cells) else None for ours, place in columns.items()
                }
        self.notices += [notice for notice in sheet.notices if notice not in self.notices]

    def _incident(self, row: dict[str, Any]) -> Incident:
        parties: Parties = {}
        unknown: Parties = {}
        for role in ROLES:
            parties[role], unknown[role] = self._entities(row.get(role))
        return Incident(
            number=number(row["number"], "Incident ID"),
            title=row.get("title"),
            date=row.get("date"),
            description=row.get("description"),
            notes=row.get("notes"),
            reports=numbers(row.get("reports") or None, "reports"),
            parties=parties,
            names={role: of_role for role, of_role in unknown.items() if of_role},
        )

    def _entities(self, cell: Cell) -> tuple[list[str], list[str]]:
        """Keys of the entities in a cell, and the names of those that the workbook gives no single key."""
        keys, unknown = [], []
        text = clean_line(cell) if isinstance(cell, str) else ""
        for value in self._shown.split(text):
            found = self._displayed.get(value, [])
            if len(found) == 1:
                keys.append(found[0])
            else:
                unknown.append(value)
        return keys, unknown


def _report(row: dict[str, Any]) -> Report:
    return Report(
        number=number(row["number"], "Report Number"),
        url=row.get("url"),
        title=row.get("title"),
        publisher=row.get("publisher"),
        authors=names(row.get("authors") or ""),
        published=row.get("published"),
        language=row.get("language"),
        text=row.get("text"),
        incidents=numbers(row.get("incidents") or None, "incidents"),
    )


def _entity(row: dict[str, Any]) -> tuple[str, str]:
    key, name = (str(row.get(column) or "").strip() for column in ("key", "name"))
    if not key or not name:
        raise ValueError("needs an Entity ID and a Name")
    return key, name


def _said(row: dict[str, Any] | str) -> str:
    return repr(row.get("number")) if isinstance(row, dict) else ""


def _is_known(name: str) -> bool:
    folded = name.casefold()
    return any(folded in spellings for columns in SHEETS.values() for spellings in columns.values())


def _bands(above: list[SheetRow], width: int) -> list[str]:
    """The titles of groups of columns in the last line above their names, each over the columns up to the next."""
    cells = [clean_line(str(cell or "")) for cell in above[-1].cells] if above else []
    band, bands = "", []
    for place in range(width):
        band = (cells[place] if place < len(cells) else "") or band
        bands.append(band)
    return bands if len(set(filter(None, bands))) > 1 else [""] * width


def _value(cells: Any, place: int) -> Any:
    """A cell, with the list that it may be written as."""
    cell = cells[place] if place < len(cells) else None
    if isinstance(cell, str) and cell.startswith("["):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell
