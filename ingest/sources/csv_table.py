"""A CSV file, one entry a row: comma, semicolon, tab or bar between the values, in UTF-8 or Windows-1252."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from ingest.records import BadRecord, Record, clean_line
from ingest.sources.base import Options, SourceError
from ingest.sources.delimited import Row, read_rows
from ingest.sources.files import fingerprint, local_file
from ingest.sources.mapping import entry_from, map_columns

DELIMITERS = ",;\t|"
COUNTED = 50_000_000  # bytes; a larger file is not read twice for a number of rows


class CsvTable:
    """Rows under a line of column names; `map` says which column is which field, or it is guessed from the names."""

    name = "csv"
    takes = frozenset({"kind", "namespace", "map"})
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, "a CSV file")
        self.notices: list[str] = []
        self.encoding = self._encoding()
        self.delimiter, self.columns = self._header()
        self.mapped = map_columns(options, [column for column in self.columns if column], self.path)
        self.notices += self.mapped.notices
        self.collection = self.mapped.namespace

    def count(self) -> int | None:
        if self.path.stat().st_size > COUNTED:
            return None
        return sum(1 for _ in self._rows())

    def fingerprint(self) -> str:
        return fingerprint([self.path])

    def records(self) -> Iterator[Record]:
        pages: set[str] = set()
        for row in self._rows():
            key = f"line {row.line}"
            if row.problem:
                yield BadRecord(key=key, reason=row.problem)
            elif len(row.values) > len(self.columns):
                reason = (
                    f"{len(row.values)} values for {len(self.columns)} columns; quote values that hold the delimiter"
                )
                yield BadRecord(key=key, reason=reason)
            else:
                # From the last to the first, so that of two columns with one name the first is read.
                values = dict(reversed(list(zip(self.columns, row.values, strict=False))))
                yield entry_from(values.get, self.mapped, key, pages)

    def _rows(self) -> Iterator[Row]:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            rows = read_rows(file, self.delimiter)
            next(rows, None)
            yield from rows

    def _encoding(self) -> str:
        """UTF-8 or UTF-16 when the file is that, else Windows-1252, with a notice."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        with self.path.open("rb") as file:
            first = file.read(2)
            if first in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                return "utf-16"
            file.seek(0)
            try:
                while chunk := file.read(1 << 20):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                self.notices.append(f"{self.path.name} is not UTF-8; it was read as Windows-1252")
                return "cp1252"
        return "utf-8-sig"

    def _header(self) -> tuple[str, list[str]]:
        """The delimiter that parts the first line into most columns, and their names."""
        best: tuple[str, list[str]] = (",", [])
        problem = "it is empty"
        for delimiter in DELIMITERS:
            with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
                row = next(read_rows(file, delimiter), None)
            if row and row.problem:
                problem = f"line {row.line}: {row.problem}"
            elif row and len(row.values) > len(best[1]):
                best = delimiter, [clean_line(value) for value in row.values]
        if not best[1]:
            raise SourceError(f"{self.path} has no line of column names: {problem}")
        repeated = sorted({name for name in best[1] if name and best[1].count(name) > 1})
        if repeated:
            self.notices.append(f"columns that stand there twice: {', '.join(repeated)}; the first of each is read")
        return best
