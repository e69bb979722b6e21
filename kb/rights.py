"""What may be shown to whom: entries that are hidden, and other people's text."""

import re

QUOTE_CHARS = 280
OPENING_CHARS = 200
# Whole words: npm writes UNLICENSED for what may not be used at all.
FREE = re.compile(r"(CC0|CC-BY|APACHE|MIT|BSD|PDDL|ODC-BY|PUBLIC DOMAIN|UNLICENSE|OGL)(?![A-Z])", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")
WORD = re.compile(r"\s+")


def sees_hidden(user: object) -> bool:
    """Whether drafts and what is internal are shown to this reader: to staff."""
    return bool(getattr(user, "is_staff", False))


def may_show_whole(licence: str) -> bool:
    """Whether a text under this licence (an SPDX name) may be republished whole; without a licence it may not.

    Licences that forbid changes or commercial use still allow showing the text with its attribution.
    """
    return FREE.match(licence.strip()) is not None


def quoted(text: str, start: int, end: int) -> tuple[int, int]:
    """Where to cut a quote of at most QUOTE_CHARS out of `text`, `start` to `end` in its middle.

    It begins with a sentence where one begins in reach, else with a word, and ends with a word; in a script without
    spaces anywhere. Of a stretch that is too long itself it has the beginning.
    """
    if len(text) <= QUOTE_CHARS:
        return 0, len(text)
    spare = max(0, QUOTE_CHARS - (end - start))
    first = max(0, min(start - spare // 2, len(text) - QUOTE_CHARS))
    if first:
        begins = SENTENCE.search(text, first, start) or WORD.search(text, first, start)
        first = begins.end() if begins else first
    last = min(first + QUOTE_CHARS, len(text))
    if last < len(text) and not text[last].isspace():
        inside = min(max(end, first), last)
        gap = max(text.rfind(" ", inside, last), text.rfind("\n", inside, last))
        last = gap if gap > first else last
    return first, last


def opening_of(text: str) -> str:
    """How a text begins, at most OPENING_CHARS in one line, and `…` where it goes on: whole sentences where one ends in
    good time, else words."""
    line = " ".join(text.split())
    if len(line) <= OPENING_CHARS:
        return line
    ends = [end.start() for end in SENTENCE.finditer(line, 0, OPENING_CHARS - 1)]
    if ends and ends[-1] >= OPENING_CHARS // 3:
        return f"{line[: ends[-1]]} …"
    cut = line[: OPENING_CHARS - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(",;:") + "…"
