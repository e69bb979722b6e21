"""Several values in one cell, joined with ", " although values hold commas themselves."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

JOINED = ", "
MAX_CELL = 20_000  # characters; what is longer is no list of values


class Vocabulary:
    """Values that are known, found whatever their case.

    >>> Vocabulary(["gas, steam and air", "mining"]).split("Mining, gas, steam and air, fishing")
    ['mining', 'gas, steam and air', 'fishing']
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.written = {value.casefold(): value for value in values}
        self.longest = max((value.count(JOINED) + 1 for value in self.written), default=1)

    def spelling(self, value: str) -> str:
        """`value` as the known one is written, or as it is."""
        return self.written.get(value.casefold(), value)

    def split(self, cell: str) -> list[str]:
        """The values in `cell`, each once. One that is not known ends at the next comma."""
        if len(cell) > MAX_CELL:
            return [cell]
        parts = [part for part in _parts(cell) if part.strip()]
        values = []
        place = 0
        while place < len(parts):
            for end in range(min(len(parts), place + self.longest), place, -1):
                joined = JOINED.join(parts[place:end]).strip()
                if joined.casefold() in self.written or end == place + 1:
                    values.append(self.spelling(joined))
                    place = end
                    break
        return list(dict.fromkeys(values))


def _parts(cell: str) -> list[str]:
    """`cell` at its commas, but for those in brackets.

    >>> _parts("status (e.g., having children), age")
    ['status (e.g., having children)', 'age']
    """
    parts: list[str] = []
    depth = 0
    for part in cell.split(JOINED):
        parts.append(part) if depth <= 0 else parts.append(f"{parts.pop()}{JOINED}{part}")
        depth += part.count("(") - part.count(")")
    return parts if depth == 0 else cell.split(JOINED)


class Column:
    """What the cells of a column tell of the values in them, where nobody has listed these.

    A value stands alone in some cell. So a cell with commas is one value when no part of it is found anywhere else;
    parts that only ever stand side by side, and do so more than once, are one value too.
    """

    MOST = 1000  # different cells, or parts, that are remembered; more are no vocabulary
    LONGEST = 200  # characters of a value

    def __init__(self) -> None:
        self.cells: Counter[str] = Counter()
        self.is_prose = False
        self.filled = 0

    def see(self, cell: str) -> None:
        """Take notice of a cell."""
        self.filled += 1
        if self.is_prose or len(self.cells) > self.MOST or len(cell) > self.LONGEST * 5:
            self.is_prose = True
            self.cells.clear()
        else:
            self.cells[cell] += 1

    def vocabulary(self) -> Vocabulary:
        """The values that hold a comma."""
        parted = {cell: _parts(cell) for cell in self.cells}
        parts: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for cell, times in self.cells.items():
            parts.update({part: times * n for part, n in Counter(parted[cell]).items()})
            pairs.update(dict.fromkeys(pairwise(parted[cell]), times))
        values = set()
        for cell, of_cell in parted.items():
            if len(of_cell) > 1 and all(parts[part] == self.cells[cell] for part in of_cell):
                values.add(cell)
            for run in _runs(of_cell, parts, pairs):
                values.add(run)
        return Vocabulary(values)

    def values(self) -> list[str]:
        """Every different value, as far as they can be told."""
        known = self.vocabulary()
        return list(dict.fromkeys(value for cell in self.cells for value in known.split(cell)))


def _runs(parts: list[str], times: Counter[str], pairs: Counter[tuple[str, str]]) -> Iterable[str]:
    """Neighbours that are found together more than once, and never apart."""
    run = parts[:1]
    for left, right in pairwise(parts):
        if 1 < pairs[left, right] == times[left] == times[right]:
            run.append(right)
            continue
        if len(run) > 1:
            yield JOINED.join(run)
        run = [right]
    if len(run) > 1:
        yield JOINED.join(run)
