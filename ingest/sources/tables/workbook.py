"""Workbooks of spreadsheet programs (.xlsx, .xlsm): their sheets as rows, read as a stream and within bounds.

openpyxl says which number formats are dates. The parts are read here, because its streaming reader leaves out links
and merged cells, takes row numbers on trust, and refuses a workbook for a colour that it does not understand.
"""

import datetime as dt
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601

from ingest.sources import zip_directory
from ingest.sources.archives import DAMAGE
from ingest.sources.base import SourceError
from ingest.sources.files import OLE, ZIP
from ingest.sources.tables.sheet import Cell, Linked, SheetRow, is_blank

# What a part may inflate to, in bytes, and how much of a workbook is read at all.
MAX_SHEET = 400_000_000
MAX_STRINGS = 128_000_000
MAX_PART = 16_000_000
MAX_RATIO = 200  # of what is larger than MAX_PART: sheets of real tables shrink to a tenth, bombs to a thousandth
MAX_MEMBERS = 5000
MAX_TEXTS = 4_000_000
MAX_SHEETS = 500
MAX_ROW = 1_048_576  # what spreadsheet programs have, as is the next
MAX_COLUMN = 16_384
MAX_CELLS = 10_000_000
MAX_TEXT = 1_000_000  # characters of a cell; programs keep 32,767
MAX_LINKS = 500_000
MAX_DEPTH = 100  # elements in one another; expat remembers every one that is open
MAX_TAG = 4_000_000  # bytes; expat reads an unfinished tag again with every chunk
CHUNK = 65_536
DIGITS = "0123456789"

CELL_NAME = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
HYPERLINK = re.compile(r'\s*HYPERLINK\(\s*"((?:[^"]|"")*)"', re.IGNORECASE)
Attributes = dict[str, str]


class Workbook:
    """The sheets of a workbook by name. SourceError says what keeps it from being read, and what to do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _refuse_other_formats(path)
        try:
            zip_directory.check(path, MAX_MEMBERS)
            self.archive = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise SourceError(f"{path} is no workbook, or a damaged one ({error}); save it again as .xlsx") from None
        # Some programs write the names of parts with backslashes, or refer to them in other letters.
        parts = self.archive.infolist()
        self.members = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in parts}
        if "mimetype" in self.members and "content.xml" in self.members:
            raise SourceError(f"{path} is an OpenDocument spreadsheet; save it as .xlsx")
        self.sheets: dict[str, WorkbookSheet] = {}
        self.epoch = WINDOWS_EPOCH
        self._read_list()
        if not self.sheets:
            raise SourceError(f"{path} is a .zip without a sheet; name a workbook (.xlsx)")

    def read(self, part: str, limit: int) -> Iterator[bytes]:
        """The inflated bytes of a part in chunks; SourceError when it is missing, damaged, or more than `limit`."""
        info = self.members.get(part.lower())
        if info is None:
            raise SourceError(f"{self.path} lacks {part}; it is damaged")
        if info.flag_bits & 1:
            raise SourceError(f"{self.path} is protected by a password; save it without one")
        # zipfile inflates no more than the size that is declared, so a lie is damage and no bomb.
        if info.file_size > limit:
            raise SourceError(f"{part} in {self.path} is larger than {limit:,} bytes")
        if info.file_size > max(MAX_PART, MAX_RATIO * info.compress_size):
            raise SourceError(f"{part} in {self.path} inflates to more than {MAX_RATIO} times its size")
        try:
            with self.archive.open(info) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except DAMAGE as error:
            raise SourceError(f"{part} in {self.path} is damaged: {error}") from None

    def parse(self, part: str, limit: int, handler: "_Handler") -> Iterator[None]:
        """Feed a part to `handler`, pausing after each chunk. SourceError for XML that is broken or declares things."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        depth = 0

        def start(name: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise SourceError(f"{part} in {self.path} nests deeper than {MAX_DEPTH} elements")
            handler.start(name, attributes)

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1
            if handler.ends:
                handler.end(name)

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        if handler.ends:
            parser.CharacterDataHandler = handler.text
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        fed = 0
        try:
            for chunk in self.read(part, limit):
                parser.Parse(chunk)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > MAX_TAG:
                    raise SourceError(f"{part} in {self.path} has a tag of more than {MAX_TAG:,} bytes")
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            raise SourceError(f"{part} in {self.path} is broken: {error}") from None
        yield

    @cached_property
    def strings(self) -> list[str]:
        """The texts that cells share, by their number."""
        found = _Strings()
        part = self._part("sharedstrings", "xl/sharedStrings.xml")
        if part.lower() in self.members:
            _exhaust(self.parse(part, MAX_STRINGS, found))
        return found.all

    @cached_property
    def date_styles(self) -> dict[int, bool]:
        """The styles whose numbers are dates; True for those that are lengths of time."""
        part = self._part("styles", "xl/styles.xml")
        styles = _Styles()
        if part.lower() in self.members:
            _exhaust(self.parse(part, MAX_PART, styles))
        return styles.dates()

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """id -> (type, target) of what `part` refers to; a target within the workbook is a member's name."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        if listing.lower() not in self.members:
            return {}
        found: dict[str, tuple[str, str]] = {}

        def add(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and len(found) < MAX_LINKS:
                target = attributes.get("Target", "")
                if attributes.get("TargetMode") != "External":
                    target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attributes.get("Id", "")] = attributes.get("Type", "").rpartition("/")[2].lower(), target

        _exhaust(self.parse(listing, MAX_SHEET // 10, _Handler(add)))
        return found

    def _part(self, kind: str, usual: str) -> str:
        return next((target for name, target in self._relations.values() if name == kind), usual)

    @cached_property
    def _main(self) -> str:
        return next((target for kind, target in self.relations("").values() if kind == "officedocument"), "")

    @cached_property
    def _relations(self) -> dict[str, tuple[str, str]]:
        return self.relations(self._main)

    def _read_list(self) -> None:
        main = self._main
        if main.endswith(".bin") or "xl/workbook.bin" in self.members:
            raise SourceError(f"{self.path} is a binary workbook (.xlsb); save it as .xlsx")
        if main.lower() not in self.members:
            raise SourceError(f"{self.path} is a .zip without a workbook; name an .xlsx file")

        def add(element: str, attributes: Attributes) -> None:
            if element == "workbookPr" and attributes.get("date1904", "0") in ("1", "true"):
                self.epoch = MAC_EPOCH
            if element != "sheet" or len(self.sheets) >= MAX_SHEETS:
                return
            id_ = _relation(attributes)
            kind, target = self._relations.get(id_, ("", ""))
            if kind == "worksheet":
                title = attributes.get("name", "")
                hidden = attributes.get("state", "visible") != "visible"
                self.sheets[title] = WorkbookSheet(self, title, target, hidden)

        _exhaust(self.parse(main, MAX_PART, _Handler(add)))

    def _refuse_doctype(self, *_: Any) -> None:
        raise SourceError(f"{self.path} declares entities of its own (DOCTYPE); no spreadsheet program writes that")


@dataclass
class WorkbookSheet:
    """A sheet: numbers without a fraction whole, dates as dates, links as `Linked`, merged columns filled downwards."""

    workbook: Workbook
    title: str
    part: str
    hidden: bool = False
    notices: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[SheetRow]:
        """The rows that hold something. What breaks halfway ends the sheet with a row that has a problem."""
        around = self._around
        self.notices[:] = around.notices
        merged: dict[int, tuple[int, Cell]] = {}
        place = "the first row"
        filled = 0
        try:
            reader = _Rows(self.workbook, around.links)
            for _ in self.workbook.parse(self.part, MAX_SHEET, reader):
                for number, cells in reader.take():
                    place = f"row {number}"
                    filled += len(merged)
                    if filled <= MAX_CELLS:
                        _fill_merged(number, cells, around.merged.get(number, {}), merged)
                    while cells and is_blank(cells[-1]):
                        cells.pop()
                    if cells:
                        yield SheetRow(place, cells)
        except SourceError as error:
            yield SheetRow(f"after {place}", [], str(error))
            return
        if reader.without_results:
            self.notices.append(
                f"{reader.without_results:,} formulas in {self.title!r} have no stored result and count as empty; "
                "open the workbook in a spreadsheet program and save it"
            )

    @cached_property
    def _around(self) -> "_Around":
        """What stands after the cells and is needed before them: links and merged cells."""
        found = _Around()
        try:
            _exhaust(self.workbook.parse(self.part, MAX_SHEET, found))
            relations = self.workbook.relations(self.part) if found.relations else {}
        except SourceError:
            return found  # the rows say it where it breaks
        for cell, id_ in found.relations.items():
            target = relations.get(id_, ("", ""))[1]
            if re.match("https?://", target, re.IGNORECASE):
                found.links[cell] = target
        return found


class _Handler:
    """Takes what expat finds, only starts unless it `ends`; elements are called by their name without a prefix."""

    ends = False

    def __init__(self, on_start: Callable[[str, Attributes], None] | None = None) -> None:
        self.on_start = on_start

    def start(self, name: str, attributes: Attributes) -> None:
        if self.on_start:
            self.on_start(_local(name), attributes)

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


class _Strings(_Handler):
    """Shared texts; the reading aid of Japanese texts (rPh) is no part of them."""

    ends = True

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []
        self.parts: list[str] = []
        self.open = False
        self.aside = False

    def start(self, name: str, attributes: Attributes) -> None:
        name = _local(name)
        if name == "si":
            self.parts = []
        elif name == "rPh":
            self.aside = True
        elif name == "t":
            self.open = not self.aside

    def end(self, name: str) -> None:
        name = _local(name)
        if name == "si":
            if len(self.all) >= MAX_TEXTS:
                raise SourceError(f"more than {MAX_TEXTS:,} texts")
            self.all.append(_unescaped("".join(self.parts)))
        elif name == "rPh":
            self.aside = False
        elif name == "t":
            self.open = False

    def text(self, text: str) -> None:
        if self.open:
            self.parts.append(text)


class _Styles(_Handler):
    ends = True

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[int, str] = dict(BUILTIN_FORMATS)
        self.used: list[int] = []
        self.in_cells = False

    def start(self, name: str, attributes: Attributes) -> None:
        name = _local(name)
        if name == "numFmt":
            self.formats[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.in_cells = True
        elif name == "xf" and self.in_cells:
            self.used.append(_whole(attributes.get("numFmtId")))

    def end(self, name: str) -> None:
        if name.endswith("cellXfs"):
            self.in_cells = False

    def dates(self) -> dict[int, bool]:
        codes = {number: self.formats.get(number, "") for number in set(self.used)}
        kinds = {number: is_timedelta_format(code) for number, code in codes.items() if is_date_format(code)}
        return {style: kinds[number] for style, number in enumerate(self.used) if number in kinds}


class _Around(_Handler):
    """Links by (row, column), and merged cells as first row -> column -> last row."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[tuple[int, int], str] = {}
        self.relations: dict[tuple[int, int], str] = {}
        self.merged: dict[int, dict[int, int]] = {}
        self.notices: list[str] = []
        self.count = 0

    def start(self, name: str, attributes: Attributes) -> None:
        name = _local(name)
        if name not in ("hyperlink", "mergeCell"):
            return
        self.count += 1
        if self.count > MAX_LINKS:
            if not self.notices:
                self.notices.append(f"more than {MAX_LINKS:,} links and merged cells; the rest was left out")
            return
        first, _, last = attributes.get("ref", "").partition(":")
        begin, end = _position(first), _position(last or first)
        if not begin or not end:
            return
        if name == "mergeCell":
            if end[0] > begin[0]:
                self.merged.setdefault(begin[0], {})[begin[1]] = end[0]
            return
        id_ = _relation(attributes)
        if id_:
            self.relations[begin] = id_


class _Rows(_Handler):
    """Rows as they end, as (number from 1, cells)."""

    ends = True

    def __init__(self, workbook: Workbook, links: dict[tuple[int, int], str]) -> None:
        super().__init__()
        self.workbook = workbook
        self.strings = workbook.strings
        self.dates = workbook.date_styles
        self.links = links
        self.done: list[tuple[int, list[Cell]]] = []
        self.row = 0
        self.column = 0
        self.cells: list[Cell] = []
        self.count = 0
        self.without_results = 0
        self.within = ""
        self.value: list[str] = []
        self.formula: list[str] = []
        self.has_formula = False
        self.length = 0
        self.type, self.style = "n", 0

    def take(self) -> list[tuple[int, list[Cell]]]:
        done, self.done = self.done, []
        return done

    def start(self, name: str, attributes: Attributes) -> None:
        name = _local(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "f", "t"):
            self.within = name
            self.has_formula = self.has_formula or name == "f"
        elif name == "rPh":
            self.within = "rPh"
        elif name == "row":
            number = _whole(attributes.get("r")) if "r" in attributes else self.row + 1
            if not self.row < number <= MAX_ROW:
                raise SourceError(f"row {number} comes after row {self.row}; a sheet has at most {MAX_ROW:,} rows")
            self.row, self.column, self.cells = number, 0, []

    def end(self, name: str) -> None:
        name = _local(name)
        if name == "c":
            self._end_cell()
        elif name == "row":
            if self.cells:
                self.done.append((self.row, self.cells))
                self.cells = []
        elif name == self.within:
            self.within = ""

    def text(self, text: str) -> None:
        if self.within in ("v", "t"):
            self.length += len(text)
            if self.length <= MAX_TEXT:
                self.value.append(text)
        elif self.within == "f" and len(self.formula) < 10:
            self.formula.append(text[:3000])

    def _count(self, cells: int) -> None:
        self.count += max(cells, 0)
        if self.count > MAX_CELLS:
            raise SourceError(f"more than {MAX_CELLS:,} cells in {self.row:,} rows")

    def _begin_cell(self, attributes: Attributes) -> None:
        self._count(1)
        self.column = _column(attributes.get("r", "").rstrip(DIGITS)) or self.column + 1
        self.type, self.style = attributes.get("t", "n"), _whole(attributes.get("s"))
        self.value, self.formula, self.has_formula, self.length, self.within = [], [], False, 0, ""

    def _end_cell(self) -> None:
        if self.column > MAX_COLUMN or self.column < 1:
            return
        text = "".join(self.value)
        if self.length > MAX_TEXT:
            raise SourceError(f"a cell in row {self.row} holds more than {MAX_TEXT:,} characters")
        value = self._value(text)
        url = self.links.get((self.row, self.column)) or _formula_link("".join(self.formula))
        if url:
            value = Linked(url if value is None else str(value), url)
        if value is None:
            self.without_results += self.has_formula
            return
        gap = self.column - 1 - len(self.cells)
        self._count(gap)
        if gap < 0:
            self.cells[self.column - 1] = value
            return
        self.cells += [None] * gap
        self.cells.append(value)

    def _value(self, text: str) -> Cell:
        if not text:
            return None
        match self.type:
            case "s":
                number = _whole(text, -1)
                return self.strings[number] if 0 <= number < len(self.strings) else None
            case "inlineStr" | "str":
                return _unescaped(text)
            case "b":
                return text.strip() in ("1", "true")
            case "e":
                return None
            case "d":
                return _plain(_attempt(from_ISO8601, text))
        return self._number(text)

    def _number(self, text: str) -> Cell:
        try:
            number = float(text)
        except ValueError:
            return text
        if self.style in self.dates and abs(number) < 1e7:
            try:
                return _plain(from_excel(number, self.workbook.epoch, timedelta=self.dates[self.style]))
            except (OverflowError, ValueError, TypeError):
                return text
        if not text.isdecimal() and not number.is_integer():
            return number
        # More digits than a float holds are a number that somebody wrote as a name.
        return int(text) if text.isdecimal() and len(text) < 300 else int(number) if abs(number) < 1e15 else text


def _fill_merged(number: int, cells: list[Cell], beginning: dict[int, int], open_: dict[int, tuple[int, Cell]]) -> None:
    """Write the value of cells merged downwards into those under it; `open_` is column -> (last row, value)."""
    for column, (last, value) in list(open_.items()):
        if number > last:
            del open_[column]
            continue
        cells += [None] * (column - len(cells))
        if is_blank(cells[column - 1]):
            cells[column - 1] = value
    for column, last in beginning.items():
        if column <= len(cells) and not is_blank(cells[column - 1]):
            open_[column] = last, cells[column - 1]


def _refuse_other_formats(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        if head == OLE:
            file.seek(0)
            encrypted = "EncryptedPackage".encode("utf-16-le") in file.read(MAX_PART)
            if encrypted:
                raise SourceError(f"{path} is protected by a password; save it without one")
            raise SourceError(f"{path} is a workbook of the old format (.xls); save it as .xlsx")
    if head[:2] != ZIP[:2]:
        raise SourceError(f"{path} is no workbook (.xlsx); for tables of text there are the sources csv and jsonl")


def _exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def _position(name: str) -> tuple[int, int] | None:
    """(row, column), from 1, of a cell such as `AB12`."""
    match = CELL_NAME.fullmatch(name.replace("$", ""))
    return (int(match[2]), _column(match[1])) if match else None


@lru_cache(maxsize=MAX_COLUMN)
def _column(letters: str) -> int:
    """The number of a column from 1: 28 for `AB`; 0 for what is none."""
    column = 0
    for letter in letters if re.fullmatch("[A-Z]{1,3}", letters) else "":
        column = column * 26 + ord(letter) - 64
    return column


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


def _relation(attributes: Attributes) -> str:
    """The id of what an element refers to: its attribute `id`, under whatever prefix."""
    return next((value for name, value in attributes.items() if name.endswith(":id")), "")


def _whole(text: str | None, default: int = 0) -> int:
    text = (text or "").strip()
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _formula_link(formula: str) -> str:
    match = HYPERLINK.match(formula)
    url = match[1].replace('""', '"') if match else ""
    return url if re.match("https?://", url, re.IGNORECASE) else ""


def _unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes what XML cannot hold."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _attempt(function: Callable[[str], Any], text: str) -> Any:
    try:
        return function(text)
    except (ValueError, OverflowError):
        return text


def _plain(value: Any) -> Cell:
    """A date without a time of day where the time is midnight; what is no date as text."""
    if isinstance(value, dt.datetime):
        value = value.replace(microsecond=0)
        return value.date() if value.time() == dt.time() else value
    return value if isinstance(value, str | dt.date) else None if value is None else str(value)
