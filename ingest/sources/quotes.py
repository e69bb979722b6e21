"""Quotations: as much of other people's text as may be shown without their leave."""

import re

from kb.rights import QUOTE_CHARS

MARKS = re.compile(r"^#{1,6}\s+.*$|^\s*(?:[-*+]|\d+\.)\s+|[*_`]{1,3}|^>\s?", re.MULTILINE)


def quote(text: str, limit: int = QUOTE_CHARS) -> str:
    """The beginning of `text` on one line without headings and marks, whole words, '…' where something is left out.

    >>> quote("# Title\\n\\nOne *two* three", 12)
    'One two…'
    """
    words = " ".join(MARKS.sub(" ", text[: limit * 20]).split())
    if len(words) <= limit:
        return words
    cut = words[: limit - 1]
    whole = cut if words[limit - 1] == " " else cut.rpartition(" ")[0]
    return (whole or cut).rstrip(" ,;:–—-") + "…"
