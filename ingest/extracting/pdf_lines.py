"""The lines of a PDF's page as they are printed: what each says, how large, and where."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_LINE_CHARS = 20_000
BOLD = re.compile(r"bold|black|heavy|semibold|medi|cmbx|-bd", re.IGNORECASE)
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})
# TeX's older fonts print an accent and its letter as two characters.
ACCENTS = {
    "´": "\u0301",
    "¨": "\u0308",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "˚": "\u030a",
    "¸": "\u0327",
    "˝": "\u030b",
}
ACCENTED = re.compile(f"([{''.join(ACCENTS)}]) ?([A-Za-zı])")
LEADER = re.compile(r"(?: ?\.){5,}")  # dots that lead the eye to a page number
# Control characters, half surrogates, glyphs of private meaning and code points that nobody assigned: no database or
# reader wants them, and offsets in the text are only good while nobody removes them later.
UNWANTED = frozenset({"Cc", "Cs", "Co", "Cn"})
UNKNOWN = "\ufffd"  # what stands for a letter that its font does not name


class TooMuchText(Exception):
    """A page says more than the budget allows; a page of a book says a few thousand characters."""


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line. `size` is the height of most of its letters in points; `x` and `y` are where it begins, `y` from
    the bottom of the page; `upright` is False for what is turned, as along a margin."""

    text: str
    size: float
    bold: bool
    x: float
    y: float
    upright: bool = True


class LineCollector:
    """Takes pypdf's pieces of text, in its `visitor_text` argument, and makes `lines` of them.

    `rotation` is by how many degrees, clockwise, the page is shown turned. Raises TooMuchText for more than `budget`
    characters.
    """

    def __init__(self, budget: int, rotation: int = 0) -> None:
        self._quarters = rotation // 90 % 4
        self.lines: list[Line] = []
        self._left = budget
        self._parts: list[str] = []
        self._sizes: Counter[tuple[float, bool]] = Counter()
        self._place = (0.0, 0.0)
        self._upright = True

    def __call__(self, text: str, outer: Sequence[float], own: Sequence[float], font: Any, size: float) -> None:
        if not text:
            return
        self._left -= len(text)
        if self._left < 0:
            raise TooMuchText
        # Letters stand in the text's own space (`own`), which stands in the page's (`outer`).
        right, up = self._shown(_through(own[0], own[1], outer)), _through(own[2], own[3], outer)
        x, y = _through(own[4], own[5], outer)
        place = self._shown((x + outer[4], y + outer[5]))
        upright = abs(right[0]) >= abs(right[1])
        style = (round(abs(size) * math.hypot(*up), 1), _is_bold(font))
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end_line()
            if not part.strip():
                self._parts.append(part)
                continue
            if self._sizes and upright != self._upright:
                self._end_line()
            if not self._sizes:
                self._place, self._upright = place, upright
            self._parts.append(part)
            self._sizes[style] += len(part)

    def finish(self) -> list[Line]:
        self._end_line()
        return self.lines

    def _shown(self, vector: tuple[float, float]) -> tuple[float, float]:
        for _ in range(self._quarters):
            vector = (vector[1], -vector[0])
        return vector

    def _end_line(self) -> None:
        text = clean("".join(self._parts))
        if text and self._sizes:
            (size, bold), _ = self._sizes.most_common(1)[0]
            x, y = (value if math.isfinite(value) else 0.0 for value in self._place)
            size = size if math.isfinite(size) else 0.0
            for start in range(0, len(text), MAX_LINE_CHARS):
                part = text[start : start + MAX_LINE_CHARS].strip()
                self.lines.append(Line(part, size, bold, round(x, 1), round(y, 1), self._upright))
        self._parts, self._sizes = [], Counter()


def clean(text: str) -> str:
    """`text` on one line, ligatures as letters, accents on their letters, without what cannot be kept."""
    text = LEADER.sub(" …", " ".join(text.split()))
    if text.isascii() and text.isprintable():
        return text
    text = "".join(
        char for char in text.translate(LIGATURES) if char != UNKNOWN and unicodedata.category(char) not in UNWANTED
    )
    return unicodedata.normalize("NFC", ACCENTED.sub(_accented, text)).strip()


def _accented(found: re.Match[str]) -> str:
    letter = "i" if found[2] == "ı" else found[2]
    whole = unicodedata.normalize("NFC", letter + ACCENTS[found[1]])
    return whole if len(whole) == 1 else found[0]


def _through(x: float, y: float, matrix: Sequence[float]) -> tuple[float, float]:
    return (x * matrix[0] + y * matrix[2], x * matrix[1] + y * matrix[3])


def _is_bold(font: Any) -> bool:
    name = font.get("/BaseFont", "") if hasattr(font, "get") else ""
    return bool(BOLD.search(str(name)[:200]))
