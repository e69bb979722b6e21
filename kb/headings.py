"""What a heading is called in an address: `#s-why-it-failed`."""

import re
import unicodedata


def heading_id(words: str) -> str:
    """The id of the first heading with these words on a page; letters of any script stay, marks and signs do not.

    >>> heading_id("Why it *failed*")
    's-why-it-failed'
    """
    kept = re.sub(r"[^\w\s-]", "", unicodedata.normalize("NFKC", words[:200]).lower())
    return "s-" + (re.sub(r"[-\s]+", "-", kept).strip("-_")[:60] or "section")


def block_id(name: str) -> str:
    """The id of a paragraph that is marked with `^name`."""
    return f"b-{name.lower()}"
