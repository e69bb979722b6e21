"""Charts as numbers: a template draws them, and the same rows stand in the table below."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 150
HEAD, FOOT = 18, 18
LETTER = 6.5  # the width of one, at most, in the sizes of the style sheet
MOST_VALUES = 16
ROW, BAR = 36, 10
LONGEST_LABEL = 38


@dataclass(frozen=True)
class Row:
    """What is counted: one value in most charts, two where kinds stand side by side; `address` lists what it is."""

    label: str
    values: tuple[int, ...]
    address: str = ""

    @property
    def value(self) -> int:
        return self.values[0]


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """Bars as one path for each kind of value, with what is written beside them."""

    width: int
    height: int
    bars: tuple[str, ...]
    labels: list[Text]
    values: list[Text]


def columns(
    rows: Sequence[Row], width: int = WIDTH, height: int = HEIGHT, top: int = 0, letter: float = LETTER
) -> Drawing:
    """Bars that stand beside each other, one for each row in order; `top` is the value of a bar of full height, by
    default the largest. As many labels and values as there is room for, the last one always."""
    if not rows:
        return Drawing(width, height, ("",), [], [])
    full = max(top, *(row.value for row in rows), 1)
    step = width / len(rows)
    thick = round(step * 0.72, 1)
    base = height - FOOT
    bars, values = [], []
    most = max(row.value for row in rows)
    all_fit = len(rows) <= MOST_VALUES and len(f"{most:,}") * letter <= step + 4
    for number, row in enumerate(rows):
        middle = round((number + 0.5) * step, 1)
        tall = round((base - HEAD) * row.value / full, 1)
        if row.value:
            bars.append(f"M{round(middle - thick / 2, 1)} {base}v-{max(tall, 1)}h{thick}V{base}z")
        if row.value and (all_fit or row.value == most):
            half = len(f"{row.value:,}") * letter / 2
            values.append(Text(_within(middle, half, width), round(base - tall - 4, 1), f"{row.value:,}"))
            most = most if all_fit else -1  # of several that are the largest, the first
    return Drawing(width, height, ("".join(bars),), _labels(rows, width, height, letter), values)


def _labels(rows: Sequence[Row], width: int, height: int, letter: float) -> list[Text]:
    """From the last one backwards, those that do not run into each other."""
    step, room = width / len(rows), max(len(row.label) for row in rows) * letter
    found: list[Text] = []
    for number in reversed(range(len(rows))):
        x = _within((number + 0.5) * step, room / 2, width)
        if not found or x <= found[-1].x - room - letter:
            found.append(Text(x, height - 4, rows[number].label))
    return found[::-1]


def _within(middle: float, half: float, width: int) -> float:
    return round(min(max(middle, half), width - half), 1)


def ranked(rows: Sequence[Row], width: int = WIDTH) -> Drawing:
    """Bars that lie below each other, each under its label, with its value at its end; two where a row has two."""
    many = max((len(row.values) for row in rows), default=1)
    tall = ROW + (many - 1) * (BAR + 3)
    full = max((value for row in rows for value in row.values), default=1) or 1
    bars: list[list[str]] = [[] for _ in range(many)]
    labels, values = [], []
    longest = max((len(f"{value:,}") for row in rows for value in row.values), default=1)
    room = width - longest * LETTER - 10
    for number, row in enumerate(rows):
        y = number * tall
        labels.append(Text(0, y + 14, _short(row.label)))
        for at, value in enumerate(row.values):
            down, long = y + 20 + at * (BAR + 3), max(round(room * value / full, 1), 1 if value else 0)
            if value:
                bars[at].append(f"M0 {down}h{long}v{BAR}H0z")
            values.append(Text(long + 5, down + BAR - 1, f"{value:,}"))
    return Drawing(width, max(1, len(rows)) * tall, tuple("".join(some) for some in bars), labels, values)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"
