"""Quotations: as much of other people's text as may be shown without their leave."""

import re

from kb.rights import QUOTE_CHARS

# Headings, the marks of lists and quotations, and the rules of tables.
LINES = re.compile(r"^#{1,6}\s+.*$|^\s*(?:[-*+]|\d+\.)\s+|^>\s?|^\|?[\s|:-]+\|\s*$", re.MULTILINE)
EMPHASIS = re.compile(r"(?<!\w)[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}(?!\w)")


def quote(text: str, limit: int = QUOTE_CHARS) -> str:
    """The beginning of `text` on one line without headings and marks, whole words, '…' where something is left out.

    >>> quote("# Title\\n\\nOne *two* three", 12)
    'One two…'
    """
    words = " ".join(EMPHASIS.sub("", LINES.sub(" ", text[: limit * 20])).split())
    if len(words) <= limit:
        return words
    cut = words[: limit - 1]
    whole = cut if words[limit - 1] == " " else cut.rpartition(" ")[0]
    return (whole or cut).rstrip(" ,;:–—-") + "…"
