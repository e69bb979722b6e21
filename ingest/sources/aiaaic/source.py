"""The AIAAIC repository of incidents, from its public sheet: a CSV export, the workbook, or a folder of such files.

The sheet is shared under CC BY-SA 4.0. It holds a headline and fields, and leads to a page with more.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.records import (
    BadRecord,
    ClassificationRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    clean_line,
    entry_or_bad,
    keep_valid,
)
from ingest.sources.aiaaic.columns import EXTERNAL, INTERNAL, Columns, is_known, read_columns
from ingest.sources.base import Options, SourceError
from ingest.sources.files import OLE, ZIP, fingerprint, local_path
from ingest.sources.lists import listed
from ingest.sources.tables.csv_table import CsvSheet
from ingest.sources.tables.sheet import Cell, Linked, Sheet, SheetRow, find_header, is_blank
from ingest.sources.tables.sheet_table import sample
from ingest.sources.tables.workbook import Workbook
from kb.dates import PartialDate, parse_date

NAMESPACE = "aiaaic"
PUBLISHER = "AIAAIC"
LICENCE = "CC-BY-SA-4.0"
HOST = re.compile(r"https?://(?:[\w-]+\.)*aiaaic\.org(?:[/?#]|$)", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# Years with more after them than a month, which may be two digits: 2019-, 2018-2020, 2020-21, 2020; 2021.
SPAN = re.compile(r"(\d{4})\s*(?:[-–—/;,&]|to|and)\s*(?:\d{4}.*|1[3-9]|[2-9]\d)?", re.IGNORECASE)
NOTHING = {"", "-", "–", "—", "?", "n/a", "na", "none", "unknown", "not known", "unclear", "tbc", "tbd", "tba"}
# What older sheets call a row that is no single event: a lasting concern, or a system or data set that caused some.
# Newer ones list them all as incidents, so they are taken as that, with the type as a tag.
TYPES = {
    "issue": re.compile(r"issues?|controvers(?:y|ies)", re.IGNORECASE),
    "system": re.compile(r"(?:ai )?systems?", re.IGNORECASE),
    "data set": re.compile(r"data|data ?sets?|databases?", re.IGNORECASE),
}
ROLES = ("developer", "deployer", "system")
TAXONOMIES = {
    "issue": "AIAAIC issues",
    "trigger": "AIAAIC triggers",
    "transparency": "AIAAIC transparency",
    "consequence": "AIAAIC consequences",
    "response": "AIAAIC responses",
}
HARMS = "AIAAIC harms"
# Columns that hold lists of names; a purpose is said in words of its own.
PARTED = frozenset({"country", "sector", "technology", *ROLES, *TAXONOMIES, *EXTERNAL, *INTERNAL})


@dataclass(frozen=True)
class Table:
    """A sheet with what its columns mean; the first `skipped` rows are no records."""

    sheet: Sheet
    names: Sequence[str]
    columns: Columns
    skipped: int

    def rows(self) -> Iterator[SheetRow]:
        return islice(self.sheet.rows(), self.skipped, None)


class AiaaicSheet:
    """The incidents in the order of the sheet. A number that comes again is refused, unless it is another incident's.

    Rows with nothing but a number, and titles between the rows, are left out, which a notice says.
    """

    name = "aiaaic"
    takes = frozenset({"sheet"})
    fetches = False
    collection = "incidents"

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_path(location, "the AIAAIC sheet (.csv or .xlsx), or a folder of its parts")
        self.files = _files(self.path)
        self.notices: list[str] = []
        self.tables = [table for file in self.files for table in self._tables(file, options.sheet)]
        if not self.tables:
            raise SourceError(
                f"{self.path} is no AIAAIC sheet: no line names its columns, such as AIAAIC ID# and Headline; "
                "other tables are read by the sources csv and xlsx"
            )
        for table in self.tables:
            if unread := table.columns.unread:
                self.notices.append(f"columns of {table.sheet.title} that are not understood: {listed(unread)}")
        self._said = list(self.notices)

    def mapping(self) -> dict[str, str]:
        """What we call a column, or the group of harms in it -> the name it has."""
        columns = self.tables[0].columns
        return {**columns.fields, **columns.external, **columns.internal}

    def unmapped(self) -> list[str]:
        """The columns that are not understood."""
        return list(self.tables[0].columns.unread)

    def count(self) -> int:
        return sum(1 for _ in self.records())

    def fingerprint(self) -> str:
        return fingerprint(self.files)

    def records(self) -> Iterator[Record]:
        reader = _Reader(self._names)
        for table in self.tables:
            where = f"{table.sheet.title} " if len(self.tables) > 1 else ""
            for row in table.rows():
                if record := reader.record(table, row, where + row.place):
                    yield record
        self.notices[:] = self._said + reader.notices()

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        """Our word for a column -> the values without a comma that its cells have, in small letters."""
        found: dict[str, set[str]] = {}
        for table in self.tables:
            columns = {**table.columns.fields, **table.columns.external, **table.columns.internal}
            for row in table.rows():
                cells = dict(zip(table.names, row.cells, strict=False))
                for ours in PARTED & columns.keys():
                    parts = (part for part in _parts(_said(cells.get(columns[ours]))) if "," not in part)
                    found.setdefault(ours, set()).update(part.lower() for part in parts)
        return found

    def _tables(self, file: Path, wanted: str) -> Iterator[Table]:
        sheets: list[Any]
        if _is_workbook(file):
            sheets = list(Workbook(file).sheets.values())
            if wanted:
                sheets = [sheet for sheet in sheets if sheet.title.strip().casefold() == wanted.casefold()]
        else:
            sheets = [CsvSheet(file, is_known)]
        passed = []
        for sheet in sheets:
            try:
                header = find_header(sample(sheet), is_known, sheet.title)
            except SourceError:
                passed.append(sheet.title)
                continue
            columns = read_columns(header.names)
            if columns.are_those_of_aiaaic:
                self.notices += sheet.notices
                yield Table(sheet, header.names, columns, header.rows)
            else:
                passed.append(sheet.title)
        if passed:
            self.notices.append(f"no table of incidents, and not read: {listed(passed)}")


class _Reader:
    """Rows as records, with what the rows before had."""

    def __init__(self, names: Mapping[str, set[str]]) -> None:
        self.names = names
        self.numbers: dict[str, tuple[str, str]] = {}
        self.pages: set[str] = set()
        self.left_out: Counter[str] = Counter()
        self.types: Counter[str] = Counter()

    def record(self, table: Table, row: SheetRow, place: str) -> Record | None:
        """The row as a record; None for one that is none, which `notices` tells."""
        if row.problem:
            return BadRecord(key=place, reason=row.problem)
        cells = dict(zip(table.names, row.cells, strict=False))
        if any(not is_blank(cell) for cell in row.cells[len(table.names) :]):
            return BadRecord(key=place, reason=f"{len(row.cells)} values for {len(table.names)} columns")
        columns = table.columns
        got = {ours: _said(cells.get(column)) for ours, column in columns.fields.items()}
        number = _number(got.get("id", ""))
        others = [cell for name, cell in cells.items() if name != columns.fields.get("id") and not is_blank(cell)]
        if number and not others:
            self.left_out["numbers without a record"] += 1
            return None
        if (not number and len(others) < 2) or got.get("headline") in table.names:
            self.left_out["titles and repeated lines of names"] += 1
            return None
        kind = clean_line(got.get("type") or ("" if "type" in columns.fields else table.sheet.title))
        type_ = next((name for name, words in TYPES.items() if words.fullmatch(kind)), "")
        self.types[type_] += 1
        return self._entry(columns, cells, got, number, [type_] if type_ else [], place)

    def _entry(
        self,
        columns: Columns,
        cells: Mapping[str, Cell],
        got: Mapping[str, str],
        number: str,
        tags: list[str],
        place: str,
    ) -> Record:
        warnings: list[str] = []
        title = clean_line(got.get("headline", ""))
        page, references, text = self._links(cells, columns, title)
        if number in self.numbers:
            first, headline = self.numbers[number]
            if headline == title or page is None:
                return BadRecord(key=f"{number} ({place})", reason=f"{number} stands there twice; {first} was read")
            warnings.append(f"{number} is the number of another record too, {first}; taken without it")
            number = ""
        elif number:
            self.numbers[number] = place, title
        if not number and page is None:
            warnings.append("neither a number nor a page: when it changes in the sheet it becomes another entry")
        parties = [(role, name) for role in ROLES for name in self._several(role, got.get(role))]
        for role, name in parties:
            if name.count(",") > 1:
                warnings.append(f"{role} {name[:80]!r} may be several names; it was kept as one")
        return entry_or_bad(
            f"{number} ({place})" if number else place,
            kind="incident",
            title=title,
            summary=text,
            occurred=_occurred(got, warnings),
            language="en",
            licence=LICENCE,
            attribution=PUBLISHER,
            tags=tags,
            external_ids=[(NAMESPACE, number)] if number else [],
            roles=keep_valid(RoleRecord, ({"role": role, "name": name} for role, name in parties), "entity", warnings),
            page=page,
            references=keep_valid(ReferenceRecord, references, "link", warnings),
            classifications=keep_valid(
                ClassificationRecord, self._classifications(columns, cells, got), "classification", warnings
            ),
            facts=self._facts(columns, cells, got),
            warnings=warnings,
        )

    def _links(
        self, cells: Mapping[str, Cell], columns: Columns, title: str
    ) -> tuple[ReferenceRecord | None, list[dict[str, str]], str]:
        """The record's page at AIAAIC, its other addresses, and what is said beside them."""
        addresses: dict[str, None] = {}
        texts = []
        for ours in ("links", "summary", "headline"):
            cell = cells.get(columns.fields.get(ours, ""))
            said = _said(cell)
            if isinstance(cell, Linked):
                addresses[cell.url] = None
                said = "" if ours == "links" else said
            if ours != "headline":
                addresses |= dict.fromkeys(url.rstrip(".,;)") for url in ADDRESS.findall(said))
                texts.append(clean_line(ADDRESS.sub("", said)).strip(" ;,|-"))
        page = None
        others = []
        for url in addresses:
            own = bool(HOST.match(url))
            reference = {"url": url, **({"title": title, "publisher": PUBLISHER, "language": "en"} if own else {})}
            made = keep_valid(ReferenceRecord, [reference], "", []) if own else []
            if made and page is None and made[0].address not in self.pages:
                page = made[0]
                self.pages.add(page.address)
            else:
                others.append(reference)
        return page, others, "\n\n".join(text for text in texts if re.search(r"\w\W+\w", text))

    def _several(self, ours: str, cell: Cell) -> list[str]:
        """The parts of a list. A comma parts them too where most of what it parts stands alone in other rows."""
        several = []
        for part in _parts(_said(cell)):
            between = [name.strip() for name in part.split(",") if name.strip()]
            known = sum(name.lower() in self.names.get(ours, ()) for name in between)
            several += between if len(between) > 1 and 2 * known >= max(4, len(between)) else [part]
        return list(dict.fromkeys(several))

    def _facts(self, columns: Columns, cells: Mapping[str, Cell], got: Mapping[str, str]) -> dict[str, Any]:
        facts: dict[str, Any] = {
            name: self._several(name, got.get(name)) for name in ("country", "sector", "technology")
        }
        harms = (self._several(group, cells.get(column)) for group, column in columns.external.items())
        facts |= {"purpose": "; ".join(_parts(got.get("purpose", "")))}
        facts |= {"harms": list(dict.fromkeys(harm for group in harms for harm in group))}
        facts |= {"response": "; ".join(_parts(got.get("response", "")))}
        return {name: value for name, value in facts.items() if value}

    def _classifications(
        self, columns: Columns, cells: Mapping[str, Cell], got: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        for name, taxonomy in TAXONOMIES.items():
            values = self._several(name, got.get(name))
            for path in dict.fromkeys(path for value in values for path in _paths(value)):
                yield {"taxonomy": taxonomy, "category": path}
        for group, column in {**columns.external, **columns.internal}.items():
            for value in self._several(group, cells.get(column)):
                yield {"taxonomy": HARMS, "category": (group, value)}

    def notices(self) -> list[str]:
        """What was left out, and what was taken for an incident, with their numbers."""
        said = [f"left out: {count:,} {what}" for what, count in sorted(self.left_out.items())]
        types = [f"{count:,} of the type {name!r}" for name, count in sorted(self.types.items()) if name]
        return [*said, f"taken as incidents, and tagged: {', '.join(types)}"] if types else said


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in (".csv", ".tsv", ".xlsx", ".xlsm"))
    if not found:
        raise SourceError(f"{path} holds no .csv or .xlsx file")
    return found


def _is_workbook(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(8)
    return head.startswith((ZIP, OLE))


def _said(cell: Cell) -> str:
    """A cell as text; '' for the words that say that nothing is known."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else str(cell).replace("\r", "\n").strip()
    return "" if text.lower() in NOTHING else text


def _number(text: str) -> str:
    """An AIAAIC number as it is written; where a program kept its digits alone, with their name before them."""
    text = clean_line(text)
    return f"AIAAIC{text.zfill(3)}" if text.isdecimal() else text


def _parts(text: str) -> list[str]:
    """The parts of a list, each once; what only says that nothing is known is none."""
    parts = (part.strip().strip(",").strip() for part in re.split(r"[;\n|]", text))
    return list(dict.fromkeys(part for part in parts if part.lower() not in NOTHING))


def _occurred(got: Mapping[str, str], warnings: list[str]) -> PartialDate | None:
    """When it happened. Of several years, or a time from one to another, the first."""
    said = clean_line(got.get("occurred", ""))
    if not said and (released := clean_line(got.get("released", ""))):
        warnings.append(f"not said when it occurred; {released!r} is when it was released")
        said = released
    if not said:
        return None
    if not SPAN.fullmatch(said):
        try:
            return parse_date(said)
        except ValueError:
            pass
    year = YEAR.search(said)
    if not year:
        warnings.append(f"date left out: {said[:80]!r}")
        return None
    warnings.append(f"of the date {said[:80]!r} the year {year[0]} was kept")
    return parse_date(year[0])


def _paths(value: str) -> list[tuple[str, ...]]:
    """`Fairness - age, gender` as what is unfair in two respects; without a dash, the value itself."""
    group, dash, parts = value.partition(" - ")
    names = [part.strip() for part in parts.split(",") if part.strip()]
    return [(group.strip(), name) for name in names] if dash and group.strip() and names else [(value,)]
