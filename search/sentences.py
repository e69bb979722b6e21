"""Cut a passage into its sentences, with exact character offsets.

Prose is cut where a passage could be cut (search/chunking.py); items of a list and rows of a table stand alone; code
and formulas stay whole. The signs of Markdown in front of a sentence are not part of it.
"""

import re

from search.chunking import FENCE, MATH, Span, blocks, sentence_gaps

# No sentence ends after these, whatever follows: "Mr. Moffatt", "the U.S. Senate", "J. Doe", "No. 7".
SHORTENED = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nos|Fig|Eq|Inc|Ltd|Co|Corp|cf|al|approx|e\.g|i\.e"
    r"|(?:[^\W\d_]\.)*[^\W\d_])\.$"
)
# Of a heading, an item, a task, a quote or a callout.
IN_FRONT = re.compile(r"(?:[ \t]*(?:>|[-*+•](?=\s)|\d{1,3}[.)](?=\s)|#{1,6}(?=\s)|\[[ xX]\](?=\s)))*\s*")
LINE = re.compile(r"[^\n]+")
RULE = re.compile(r"[\s|:=-]*\Z")


def sentences(text: str) -> list[Span]:
    """The sentences of a passage, in order. Its headings only where there is nothing else.

    >>> [(5, 16), (17, 21)] == [tuple(span) for span in sentences("# A\\n\\nMr. B came. Why?")]
    True
    """
    found: list[Span] = []
    headings: list[Span] = []
    for kind, start, end in blocks(text):
        into = headings if kind == "heading" else found
        for first, last in _of_block(text, kind, start, end):
            if not text[first : first + 1].isalpha():
                first = IN_FRONT.match(text, first, last).end()  # type: ignore[union-attr]  # it may match nothing
                if RULE.match(text, first, last):
                    continue
            into.append(Span(first, first + len(text[first:last].rstrip())))
    return found or headings


def _of_block(text: str, kind: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where its sentences begin and end, with what stands in front of them and white space after them."""
    if kind == "prose":
        return _of_prose(text, start, end)
    if kind == "whole" and (FENCE.match(text, start, end) or text[start:end].lstrip()[:2] in MATH):
        return [(start, end)]
    return [line.span() for line in LINE.finditer(text, start, end)]


def _of_prose(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found, first = [], start
    for begin, over in sentence_gaps(text, start, end):
        if text[begin - 1] == "." and _is_shortened(text[max(first, begin - 12) : begin]):
            continue
        found.append((first, begin))
        first = over
    return [*found, (first, end)]


def _is_shortened(words: str) -> bool:
    """Whether the full stop at the end of these is that of the last of them. None of these has seven letters, as most
    words at the end of a sentence have."""
    return not (len(words) > 7 and words[-8:-1].isalpha()) and bool(SHORTENED.search(words))
