"""A sheet as entries, one a row: what csv and xlsx have in common."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ingest.records import BadRecord, EntryRecord, Record
from ingest.sources.base import Options
from ingest.sources.lists import listed
from ingest.sources.tables.mapping import Mapped, entry_from, is_known, map_columns
from ingest.sources.tables.sheet import SAMPLED, Cell, Header, Sheet, SheetRow, find_header, is_blank

SAMPLED_CHARACTERS = 8_000_000


class SheetTable:
    """Rows under a line of column names; the mapping says which column is which field, or it is guessed.

    Raises SourceError when no line names the columns, or none of them is a title. `ragged` rows may have more cells
    than there are columns; where they are not, such a row is broken.
    """

    ragged = False

    def __init__(self, sheet: Sheet, path: Path, options: Options) -> None:
        self.sheet = sheet
        rows = sample(sheet)
        self.header: Header = find_header(rows, is_known(options), path.name)
        columns = [name for name in self.header.names if name]
        self.mapped: Mapped = map_columns(options, columns, path, samples(self.header, rows))
        self.notices = [*sheet.notices, *self.header.notices, *self.mapped.notices]
        self.collection = self.mapped.namespace

    def mapping(self) -> dict[str, str]:
        """Field of ours -> the column it is read from, given or guessed."""
        return dict(self.mapped.columns)

    def unmapped(self) -> list[str]:
        """The columns that are no field of ours, in their order."""
        used = set(self.mapped.columns.values())
        return [name for name in self.header.names if name and name not in used]

    def count(self) -> int:
        return sum(1 for _ in self._rows())

    def records(self) -> Iterator[Record]:
        pages: set[str] = set()
        names = self.header.names
        for row in self._rows():
            cells = _without_blank_end(row.cells)
            if row.problem:
                yield BadRecord(key=row.place, reason=row.problem)
            elif len(cells) > len(names) and not self.ragged:
                reason = f"{len(cells)} values for {len(names)} columns; quote values that hold the delimiter"
                yield BadRecord(key=row.place, reason=reason)
            else:
                values = dict(zip(names, cells, strict=False))
                entry = entry_from(values.get, self.mapped, row.place, pages)
                if len(cells) > len(names) and isinstance(entry, EntryRecord):
                    beyond = listed([str(cell) for cell in cells[len(names) :] if not is_blank(cell)])
                    entry.warnings.append(f"beyond the last column that has a name, left out: {beyond}")
                yield entry

    def _rows(self) -> Iterator[SheetRow]:
        return islice(self.sheet.rows(), self.header.rows, None)


def sample(sheet: Sheet) -> list[SheetRow]:
    """The first rows, fewer when they are long."""
    rows: list[SheetRow] = []
    size = 0
    for row in islice(sheet.rows(), SAMPLED):
        rows.append(row)
        size += sum(len(cell) if isinstance(cell, str) else 8 for cell in row.cells)
        if size > SAMPLED_CHARACTERS:
            break
    return rows


def samples(header: Header, rows: Sequence[SheetRow]) -> dict[str, list[Cell]]:
    """What the first rows have in each named column, blanks left out."""
    found: dict[str, list[Cell]] = {name: [] for name in header.names if name}
    for row in rows[header.rows :]:
        for name, cell in zip(header.names, row.cells, strict=False):
            if name and not is_blank(cell):
                found[name].append(cell)
    return found


def _without_blank_end(cells: Sequence[Cell]) -> Sequence[Cell]:
    end = len(cells)
    while end and is_blank(cells[end - 1]):
        end -= 1
    return cells[:end]
