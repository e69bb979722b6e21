"""Sheets, whatever file they stand in: rows of cells, and the lines among them that name the columns."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.records import clean_line
from ingest.sources.base import SourceError
from ingest.sources.lists import listed

MAX_COLUMNS = 2000  # with a name; a row of spreadsheet programs has 16,384 cells at most
SAMPLED = 200  # rows that are looked at before the first is read
LOOKED_AT = 30  # rows among which the line of column names is looked for
LABEL = 120  # characters; what is longer is no name of a column
UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?")  # what pandas calls a column without a name

Cell = str | int | float | bool | dt.date | dt.time | None


class Linked(str):
    """The text of a cell that leads to an address, `url`."""

    url: str

    def __new__(cls, text: str, url: str) -> "Linked":
        made = super().__new__(cls, text)
        made.url = url
        return made


@dataclass(frozen=True)
class SheetRow:
    """A row, where it stands ("line 3", "row 3"), and, when it could not be read, why `cells` is empty."""

    place: str
    cells: Sequence[Cell]
    problem: str = ""


class Sheet(Protocol):
    """Rows under one name; blank ones are left out. `notices` are what whoever imports should be told."""

    title: str
    notices: list[str]

    def rows(self) -> Iterator[SheetRow]:
        """Every row from the first, titles and names of columns included. May be called again."""


@dataclass(frozen=True)
class Header:
    """The names of the columns ('' where there is none), and how many rows from the first on are no records."""

    names: list[str]
    rows: int
    notices: tuple[str, ...] = ()


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def find_header(rows: Sequence[SheetRow], known: Callable[[str], bool], where: str) -> Header:
    """The line of names among the first `rows`: the first that is as wide as a record, or that has more `known` names.

    Lines above it are titles. A line under it that only parts its columns ("Individual", "Societal" under "External
    harms") belongs to it, and makes names such as "External harms / Individual". SourceError says that there is none.
    """
    first = [SheetRow(row.place, row.cells[: MAX_COLUMNS + 1], row.problem) for row in rows[:LOOKED_AT]]
    if not any(row.cells for row in first):
        problem = f"{first[0].place}: {first[0].problem}" if first else "it is empty"
        raise SourceError(f"{where} has no line of column names: {problem}")
    place = _place(first, known)
    names = [_label(cell) for cell in first[place].cells]
    if len(names) > MAX_COLUMNS:
        raise SourceError(f"{where} has {len(rows[place].cells):,} columns; at most {MAX_COLUMNS:,} are read")
    taken = place + 1
    notices = []
    if place:
        above = [_label(cell) or row.problem for row in first[:place] for cell in row.cells or [None]]
        said = "; ".join(list(dict.fromkeys(text[:60] for text in above if text))[:3])
        notices.append(f"the names of the columns are on {first[place].place}; what stands above was left out: {said}")
    if place and len(set(filter(None, names))) < len(list(filter(None, names))):
        names = _under_groups([_label(cell) for cell in first[place - 1].cells], names)
    while taken < len(first) and (parted := _parted(names, first[taken])):
        names = parted
        taken += 1
    names = _named(names, rows[taken:])
    return Header(_distinct(names, notices), taken, tuple(notices))


def _place(rows: Sequence[SheetRow], known: Callable[[str], bool]) -> int:
    filled = [sum(not is_blank(cell) for cell in row.cells) for row in rows]
    fits = [
        2 * count >= max(filled) and sum(_is_label(cell) for cell in row.cells) * 2 > count
        for row, count in zip(rows, filled, strict=True)
    ]
    first = fits.index(True) if True in fits else next(place for place, count in enumerate(filled) if count)
    scores = [sum(_is_label(cell) and known(_label(cell)) for cell in row.cells) for row in rows]
    best = scores.index(max(scores))
    wider = scores[best] and filled[best] > filled[first]
    return best if scores[best] > scores[first] and (scores[best] > 1 or wider) else first


def _label(cell: Cell) -> str:
    text = "" if cell is None else clean_line(str(cell))
    return "" if UNNAMED.fullmatch(text) else text


def _is_label(cell: Cell) -> bool:
    text = cell.strip() if isinstance(cell, str) else ""
    return 0 < len(text) <= LABEL and "://" not in text and not re.fullmatch(r"[\d\s.,:/-]+", text)


def _under_groups(groups: list[str], names: list[str]) -> list[str]:
    """`names` with what stands above them, to its right as far as nothing else does, before those that repeat."""
    counts = Counter(names)
    group, grouped = "", []
    for place, name in enumerate(names):
        group = (groups[place] if place < len(groups) else "") or group
        grouped.append(f"{group} / {name}" if group and name and counts[name] > 1 else name)
    return grouped


def _parted(names: list[str], row: SheetRow) -> list[str]:
    """`names` with those of `row` under them, or [] when the row is a record and no second line of names."""
    below = [_label(cell) for cell in row.cells]
    below += [""] * (len(names) - len(below))
    names = names + [""] * (len(below) - len(names))
    parts = False
    for place, name in enumerate(below):
        if not name or name == names[place]:
            continue
        begins_group = place + 1 < len(names) and not names[place + 1] and below[place + 1]
        if not _is_label(row.cells[place]) or (names[place] and not begins_group):
            return []
        parts = parts or not names[place]
    if not parts:
        return []
    group, merged = "", []
    for name, part in zip(names, below, strict=True):
        group = name or group
        merged.append(f"{group} / {part}" if part and group and part != name else name or part)
    return merged


def _named(names: list[str], rows: Sequence[SheetRow]) -> list[str]:
    """`names`, where columns that hold something and have none are called by their number.

    A column beyond the last name is one when half of the rows have it; what single rows have there is a mistake.
    """
    width = min(max((len(row.cells) for row in rows), default=0), MAX_COLUMNS)
    used = Counter(place for row in rows for place, cell in enumerate(row.cells[:width]) if not is_blank(cell))
    named = [name or (f"column {place + 1}" if used[place] else "") for place, name in enumerate(names)]
    named += [f"column {place + 1}" if 2 * used[place] >= len(rows) else "" for place in range(len(names), width)]
    while named and not named[-1]:
        named.pop()
    return named


def _distinct(names: list[str], notices: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    repeated: dict[str, None] = {}
    distinct = []
    for name in names:
        seen[name] += 1
        if name and seen[name] > 1:
            repeated[name] = None
            name = f"{name} ({seen[name]})"
        distinct.append(name)
    if repeated:
        notices.append(f"columns that stand there twice: {listed(list(repeated))}; later ones are called 'name (2)'")
    return distinct
