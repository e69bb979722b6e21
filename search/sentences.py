"""Cut a passage into its sentences, with exact character offsets.

Prose is cut where a passage could be cut (search/chunking.py); items of a list and rows of a table stand alone; code
and formulas stay whole. The signs of Markdown in front of a sentence are not part of it.
"""

import re
from collections.abc import Iterator

from search.chunking import FENCE, MATH, Span, blocks, sentence_gaps

# No sentence ends after these, whatever follows: "Mr. Moffatt", "the U.S. Senate", "J. Doe", "No. 7".
SHORTENED = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nos|Fig|Eq|Inc|Ltd|Co|Corp|cf|al|approx|e\.g|i\.e"
    r"|(?:[^\W\d_]\.)*[^\W\d_])\.$"
)
# Of a heading, an item, a task, a quote or a callout.
IN_FRONT = re.compile(r"(?:[ \t]*(?:>|[-*+•](?=\s)|\d{1,3}[.)](?=\s)|#{1,6}(?=\s)|\[[ xX]\](?=\s)))*\s*")
RULE = re.compile(r"[\s|:=-]*\Z")


def sentences(text: str) -> list[Span]:
    """The sentences of a passage, in order. Its headings only where there is nothing else.

    >>> [(5, 16), (17, 21)] == [tuple(span) for span in sentences("# A\\n\\nMr. B came. Why?")]
    True
    """
    found: list[Span] = []
    headings: list[Span] = []
    for kind, start, end in blocks(text):
        for span in _of_block(text, kind, start, end):
            if not text[span.start : span.start + 1].isalpha() and RULE.match(text, *span):
                continue
            (headings if kind == "heading" else found).append(span)
    return found or headings


def _of_block(text: str, kind: str, start: int, end: int) -> Iterator[Span]:
    if kind == "whole" and (FENCE.match(text, start, end) or text[start:end].lstrip()[:2] in MATH):
        yield _trimmed(text, start, end)
    elif kind == "prose":
        yield from _of_prose(text, start, end)
    else:
        for line in re.finditer(r"[^\n]+", text[start:end]):
            yield _trimmed(text, start + line.start(), start + line.end())


def _of_prose(text: str, start: int, end: int) -> Iterator[Span]:
    first = start
    for begin, over in sentence_gaps(text, start, end):
        if text.endswith(".", first, begin) and SHORTENED.search(text[max(first, begin - 12) : begin]):
            continue
        yield _trimmed(text, first, begin)
        first = over
    yield _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the white space around it and the signs in front of it; empty where nothing else is there."""
    first = start
    if not text[start : start + 1].isalpha() and (signs := IN_FRONT.match(text, start, end)):
        first = signs.end()
    piece = text[first:end]
    return Span(first, first + len(piece.rstrip()))
