"""Where Markdown is code, formula or comment, so that what looks like a link or a tag there is left alone."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

FILLER = "\0"  # no text that we read holds one

# What may stand before a code fence: quotes and list items, in any order.
BEFORE = re.compile(r"(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*")
FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
QUOTES = re.compile(r"[ \t]*(?:>[ \t]?)*")
ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
INDENTED = re.compile(r"(?: {4}| {0,3}\t)")
PARAGRAPH_END = re.compile(r"\n[ \t>]*(?=\n)")
BACKTICKS = re.compile(r"`+")
SIGN = re.compile(r"\\.|`+|\$\$|\$|%%|<!--", re.DOTALL)
# As Obsidian and most others read it: no blank inside the dollars, no digit outside, one paragraph.
MATH = re.compile(r"(?<!\d)\$(?![\s$])(?:[^$\\\n]|\\.|\n(?!\s*\n)){0,1000}?(?<!\s)\$(?![\d$])", re.DOTALL)
MATH_LENGTH = 20_000
CLOSES = {"%%": "%%", "<!--": "-->"}


@dataclass(frozen=True)
class Prose:
    """A text without its comments, and the same with FILLER for every character of code and formulas but line ends."""

    text: str
    masked: str


def prose(text: str) -> Prose:
    """`text` without `%% … %%` and `<!-- … -->`, which no reader of Markdown shows. The work is linear in its length.

    A comment that is opened and not closed is text.
    """
    masked = "\n".join(_without_blocks(text.split("\n")))
    spans, comments = _inline(masked)
    masked = _fill(masked, spans)
    return Prose(_cut(text, comments), _cut(masked, comments))


def _without_blocks(lines: list[str]) -> Iterator[str]:
    """The lines, those of fenced and indented code filled."""
    fence, quotes = "", 0
    in_list = blank = False
    indented = True  # whether indented code may begin here
    for line in lines:
        if fence and line[: QUOTES.match(line).end()].count(">") < quotes:  # type: ignore[union-attr]  # always matches
            fence = ""
        if fence:
            if (rest := line.lstrip(" \t>").rstrip()).startswith(fence) and not rest.strip(fence[0]):
                fence = ""
            yield FILLER * len(line)
            continue
        start = BEFORE.match(line).end()  # type: ignore[union-attr]  # always matches
        if opened := FENCE.match(line, start):
            fence, quotes = opened[1] or opened[2], line[:start].count(">")
            yield FILLER * len(line)
            indented = in_list = False
            continue
        if not line.strip():
            blank = True
            indented = not in_list
            yield line
            continue
        if INDENTED.match(line) and indented:
            yield FILLER * len(line)
            continue
        if ITEM.match(line):
            in_list = True
        elif blank and not line.startswith((" ", "\t")):
            in_list = False
        blank = indented = False
        yield line


def _inline(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where code and formulas within lines are, and where comments are."""
    runs: dict[int, list[int]] = {}
    for run in BACKTICKS.finditer(text):
        runs.setdefault(len(run[0]), []).append(run.start())
    ends = [match.start() for match in PARAGRAPH_END.finditer(text)] + [len(text)]
    never_closed: set[str] = set()
    filled: list[tuple[int, int]] = []
    comments: list[tuple[int, int]] = []
    position = 0
    while sign := SIGN.search(text, position):
        start, position, what = sign.start(), sign.end(), sign[0]
        if what[0] == "`":
            same = runs.get(len(what), [])
            after = bisect_right(same, start)
            if after < len(same) and same[after] < ends[bisect_right(ends, start)]:
                position = same[after] + len(what)
                filled.append((start, position))
        elif what == "$$":
            close = text.find("$$", position, position + MATH_LENGTH)
            if close >= 0:
                position = close + 2
                filled.append((start, position))
        elif what == "$":
            if formula := MATH.match(text, start):
                position = formula.end()
                filled.append((start, position))
        elif what in CLOSES and what not in never_closed and not (what == "%%" and text[start - 1 : start].isalnum()):
            close = text.find(CLOSES[what], position)
            if close < 0:
                never_closed.add(what)
                continue
            position = close + len(CLOSES[what])
            comments.append((start, position))
    return filled, comments


def _fill(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in spans:
        pieces += [text[position:start], re.sub(r"[^\n]", FILLER, text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` without the spans; where one is all there is on its lines, without those lines."""
    pieces, position = [], 0
    for start, end in spans:
        before, after = start, end
        while before > position and text[before - 1] in " \t":
            before -= 1
        while after < len(text) and text[after] in " \t":
            after += 1
        begins_line = before == 0 or text[before - 1] == "\n"
        if begins_line and before >= position and text[after : after + 1] in ("", "\n"):
            start, end = before, min(after + 1, len(text))
        pieces.append(text[position:start])
        position = end
    return "".join([*pieces, text[position:]])
