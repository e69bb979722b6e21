"""A CSV file, one entry a row: comma, semicolon, tab or bar between the values, in UTF-8, UTF-16 or Windows-1252."""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from ingest.records import clean_line
from ingest.sources.base import Options, SourceError
from ingest.sources.files import CONTROLS, OLE, SAMPLE, ZIP, fingerprint, local_file
from ingest.sources.tables.delimited import Row, read_rows
from ingest.sources.tables.mapping import is_known
from ingest.sources.tables.sheet import LOOKED_AT, SheetRow
from ingest.sources.tables.sheet_table import SheetTable

DELIMITERS = ",;\t|"
COUNTED = 50_000_000  # bytes; a larger file is not read twice for a number of rows
MAX_CONTROLS = 0.02  # share of bytes that no text is written with; NUL apart, which some programs leave in theirs
MAX_BROKEN = 0.1  # share of letters beyond ASCII that may be broken before a file is no UTF-8
SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\s*')


class CsvTable(SheetTable):
    """A CSV file as entries."""

    name = "csv"
    takes = frozenset({"kind", "namespace", "map"})
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, "a CSV file")
        super().__init__(CsvSheet(self.path, is_known(options)), self.path, options)

    def count(self) -> int | None:  # type: ignore[override]
        return None if self.path.stat().st_size > COUNTED else super().count()

    def fingerprint(self) -> str:
        return fingerprint([self.path])


class CsvSheet:
    """The rows of a CSV file. The separator is the one that makes the most of the first lines, `known` names first."""

    def __init__(self, path: Path, known: Callable[[str], bool]) -> None:
        self.path = path
        self.title = path.name
        self.notices: list[str] = []
        self.encoding = self._encoding()
        self.skipped = 0
        self.delimiter = self._delimiter(known)

    def rows(self) -> Iterator[SheetRow]:
        for row in self._read(self.delimiter):
            yield SheetRow(f"line {row.line}", row.values, row.problem)

    def _read(self, delimiter: str) -> Iterator[Row]:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            rows = read_rows(file, delimiter, blanks_before=True)
            yield from islice(rows, self.skipped, None)

    def _encoding(self) -> str:
        """The encoding the file is in; a notice says when that is a guess, SourceError that it is no text."""
        with self.path.open("rb") as file:
            head = file.read(SAMPLE)
        self._refuse_what_is_no_text(head)
        for mark, encoding in (
            (codecs.BOM_UTF32_LE, "utf-32"),
            (codecs.BOM_UTF32_BE, "utf-32"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if head.startswith(mark):
                return encoding
        if wide := utf_16_without_mark(head):
            return wide
        broken, whole = _broken_and_whole(self.path)
        if broken and broken > MAX_BROKEN * whole:
            self.notices.append(f"{self.path.name} is not UTF-8; it was read as Windows-1252")
            return "cp1252"
        if broken:
            self.notices.append(f"{broken:,} bytes in {self.path.name} are not UTF-8 and shown as \ufffd")
        return "utf-8-sig"

    def _refuse_what_is_no_text(self, head: bytes) -> None:
        if head.startswith((ZIP, OLE)):
            raise SourceError(f"{self.path} is a workbook or an archive; workbooks (.xlsx) are read by the source xlsx")
        if len(CONTROLS.findall(head.replace(b"\0", b""))) > max(len(head) * MAX_CONTROLS, 20):
            raise SourceError(f"{self.path} is no text; name a CSV file")

    def _delimiter(self, known: Callable[[str], bool]) -> str:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            declared = SEPARATOR.fullmatch(file.readline(10))
        if declared:
            self.skipped = 1
            return declared[1]
        return max(DELIMITERS, key=lambda delimiter: self._sense(delimiter, known))

    def _sense(self, delimiter: str, known: Callable[[str], bool]) -> tuple[int, int]:
        """How many known names a line has when parted so, and in how many parts how many lines agree."""
        widths: Counter[int] = Counter()
        best = 0
        for row in islice(self._read(delimiter), LOOKED_AT):
            widths[len(row.values)] += 1
            best = max(best, sum(known(clean_line(value)) for value in row.values[:200] if len(value) < 200))
        return best, max(((width - 1) * count for width, count in widths.items() if width), default=0)


def utf_16_without_mark(head: bytes) -> str:
    """The UTF-16 that every second byte NUL speaks of, or ''."""
    half = len(head) // 2
    if half < 8:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * half and even < 0.02 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.02 * half else ""


def _broken_and_whole(path: Path) -> tuple[int, int]:
    """How many bytes are not UTF-8, and how many characters beyond ASCII are."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = whole = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            text = decoder.decode(chunk)
            if text.isascii():
                continue
            lost = len(re.findall("[\udc80-\udcff]", text))
            broken += lost
            whole += len(re.findall("[^\x00-\x7f]", text)) - lost
        broken += len(decoder.decode(b"", final=True))
    return broken, whole
