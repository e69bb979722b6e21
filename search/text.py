"""Small helpers for text that came from anywhere."""

import re

# The address and title of a Markdown link or picture, after the words that are read.
LINKED = re.compile(r"(?<=\])\((?:<[^<>\n]*>|[^()<>\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\)")


def clean(text: str) -> str:
    """Text that can be written as UTF-8: lone surrogates, which JSON lets through, become '?'. Keeps the length."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8.

    >>> is_text("🛳"), is_text("\\ud800")
    (True, False)
    """
    return clean(text) == text


def read_text(text: str) -> str:
    """What is read of Markdown: where its links lead is white space. Keeps the length, and so every offset.

    >>> read_text("See [the ruling](https://example.org/a)!")
    'See [the ruling]                       !'
    """
    return LINKED.sub(lambda target: " " * len(target[0]), text) if "](" in text else text


def embedded_text(title: str, text: str) -> str:
    """What the encoder reads for a passage: the title in front, because a passage alone may not name its subject."""
    text = read_text(text)
    return text if not title or text.startswith(title) else f"{title}\n{text}"
