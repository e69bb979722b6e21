"""Cut Markdown into passages with exact character offsets.

`text[span.start:span.end]` is the passage; spans are in order, never overlap, and together hold every character that
is not white space. Offsets count code points. The work is linear in the length of the text, whatever it holds.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# all-MiniLM-L6-v2 reads 256 tokens, English prose has 4 to 5 characters per token, and a title goes in front.
MAX_CHARS = 900
# Code, tables and formulas mean little in halves, so they may exceed the limit this many times.
WHOLE_FACTOR = 4


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


class Block(NamedTuple):
    """A stretch of whole lines. `kind` is 'heading', 'whole' (code, table, formula) or 'prose'."""

    kind: str
    start: int
    end: int


LINE = re.compile(r"[^\n]*\n|[^\n]+")
HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t\r\n]|$)")
SETEXT = re.compile(r" {0,3}(?:={3,}|-{3,})[ \t]*\r?\n?\Z")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
MATH = {"$$": "$$", "\\[": "\\]"}

# Where prose may be cut, best first. A pattern that begins with a sign is several times as fast to look for as one that
# looks behind for it; look-behinds keep a million full stops from costing a million squared.
SENTENCE_END = re.compile(
    r"[.!?…。！？\n](?:(?<=[.!?…])[\"')\]”’»]?(\s+)(?![a-z])"
    r"|(?<=[。！？])()(?![」』”’])"
    r"|(?<=(\n))\s*(?=[-*+•]\s|\d{1,3}[.)]\s))"
)
WHITE_SPACE = re.compile(r"\s+")


def passages(text: str, max_chars: int = MAX_CHARS) -> list[Span]:
    """Cut `text` into passages of at most `max_chars`.

    A heading starts a passage and stays with what follows it; small neighbours of one section share a passage; long
    prose is cut after a sentence, else between words, else anywhere. Code fences, tables and display formulas stay
    whole up to `WHOLE_FACTOR` times the limit (their heading comes on top).
    """
    if max_chars < 1:
        raise ValueError(f"max_chars must be at least 1, not {max_chars}")
    return [span for span in (_trim(text, *raw) for raw in _pack(text, max_chars)) if span.start < span.end]


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _pack(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Fill passages block by block; a passage is closed when the next block does not fit or opens a section."""
    start = end = 0
    only_headings = True
    for kind, position, stop in blocks(text, limit):
        if kind == "heading" and stop - position <= limit // 2:
            # Headings that follow one another open their section together.
            if not (only_headings and stop - start <= limit // 2):
                yield start, end
                start = position
            end, only_headings = stop, True
            continue
        fits = _end_of_text(text, position, stop) - start <= limit
        if not fits and not only_headings:
            yield start, end
            start = end = position
        if kind == "whole" and stop - position <= limit * WHOLE_FACTOR:
            end, only_headings = stop, False
            continue
        while _end_of_text(text, position, stop) - start > limit:
            position = _cut(text, position, max(start + limit, position + 1), stop)
            yield start, position
            start = position
        end, only_headings = stop, False
    yield start, end


def _end_of_text(text: str, start: int, stop: int) -> int:
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return stop


def _cut(text: str, start: int, latest: int, stop: int) -> int:
    """Where to end a passage that must end at or before `latest`, later than `start`."""
    earliest = start + (latest - start) * 2 // 5
    window = text[start : latest + 2]  # the white space after the last word, and what follows it
    words = (match.span() for match in WHITE_SPACE.finditer(window, earliest - start))
    for gaps in (sentence_gaps(window, earliest - start, len(window)), words):
        cut = max((start + end for begin, end in gaps if begin <= latest - start), default=-1)
        if cut > earliest:
            return min(cut, stop)
    return latest


def sentence_gaps(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """What stands between sentences, and in front of the items of a list: mostly white space, nothing in scripts that
    do without it."""
    for match in SENTENCE_END.finditer(text, max(0, start - 2), stop):
        begin = match.start(match.lastindex or 0)
        if begin >= start:
            yield begin, match.end()


def blocks(text: str, limit: int = MAX_CHARS) -> Iterator[Block]:
    """Group lines into headings, things to keep whole, and prose (a paragraph, a list)."""
    if "\n" not in text and text[:1].isalpha():  # as most passages are
        yield Block("prose", 0, len(text))
        return
    lines = [match.span() for match in LINE.finditer(text)]
    at = 0
    while at < len(lines):
        start, end = lines[at]
        head = text[start : min(end, start + 200)]
        stripped = head.lstrip()
        if not stripped:
            at += 1
            continue
        following = _whole(text, lines, at, stripped, limit)
        if following > at:
            yield Block("whole", start, lines[following - 1][1])
            at = following
        elif HEADING.match(head):
            yield Block("heading", start, end)
            at += 1
        else:
            following = at + 1
            while following < len(lines) and not _interrupts(text, lines, following, limit):
                following += 1
            kind = "prose"
            if following == at + 1 and following < len(lines) and _is_setext(text, lines[following], stripped):
                kind, following = "heading", at + 2
            yield Block(kind, start, lines[following - 1][1])
            at = following


def _interrupts(text: str, lines: list[tuple[int, int]], at: int, limit: int) -> bool:
    """Whether line `at` ends the paragraph above it."""
    start, end = lines[at]
    head = text[start : min(end, start + 200)]
    stripped = head.lstrip()
    return (
        not stripped
        or bool(HEADING.match(head))
        or bool(SETEXT.match(head))
        or _whole(text, lines, at, stripped, limit) > at
    )


def _is_setext(text: str, line: tuple[int, int], above: str) -> bool:
    return line[1] - line[0] < 200 and bool(SETEXT.match(text[line[0] : line[1]])) and above[0] not in "-*+>|"


def _whole(text: str, lines: list[tuple[int, int]], at: int, stripped: str, limit: int) -> int:
    """The line after the code fence, formula or table that starts at line `at`, or `at` when none does."""
    fence = FENCE.match(text, *lines[at])
    if fence:
        return _after_fence(text, lines, at, fence.group(1))
    if stripped[:2] in MATH:
        return _after_math(text, lines, at, MATH[stripped[:2]], limit)
    if stripped[0] == "|" or (at + 1 < len(lines) and _is_table_rule(text, lines[at + 1]) and "|" in stripped):
        while at < len(lines) and (row := text[slice(*lines[at])]).strip() and "|" in row:
            at += 1
    return at


def _after_fence(text: str, lines: list[tuple[int, int]], at: int, mark: str) -> int:
    """Up to the closing fence; as in CommonMark an unclosed fence reaches to the end of the text."""
    for closing in range(at + 1, len(lines)):
        match = FENCE.match(text, *lines[closing])
        if match and match.group(1).startswith(mark) and not text[match.end() : lines[closing][1]].strip():
            return closing + 1
    return len(lines)


def _after_math(text: str, lines: list[tuple[int, int]], at: int, mark: str, limit: int) -> int:
    """Up to the closing mark, looked for as far as a formula may reach, so `$$` in prose swallows nothing."""
    opening = text.index(mark if mark == "$$" else "\\[", lines[at][0])
    close = text.find(mark, opening + 2, opening + limit * WHOLE_FACTOR)
    if close < 0:
        return at
    while at < len(lines) and lines[at][0] <= close:
        at += 1
    return at


def _is_table_rule(text: str, line: tuple[int, int]) -> bool:
    row = text[line[0] : min(line[1], line[0] + 2000)].strip()
    return "|" in row and "-" in row and set(row) <= set("|:- \t")
