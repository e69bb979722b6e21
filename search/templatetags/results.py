"""How a result is shown: the passage that matched with its words marked, and why it was found."""

import re
from typing import NamedTuple

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from search.query import Hit, PassageHit

register = template.Library()

# Markdown's own signs say nothing to the reader of a snippet.
SIGNS = re.compile(r"^\s*(?:#{1,6}|>|[-*+])\s+|\*\*|__|`+|\]\([^)\s]*\)|!?\[(?=\S)", re.MULTILINE)


class Span(NamedTuple):
    start: int
    end: int


@register.filter
def snippet(passage: PassageHit, length: int = 320) -> SafeString:
    """About `length` characters of the passage around the words that were asked for, those in `<mark>`."""
    return marked(passage.text, passage.marks, window(passage.text, passage.marks, length))


def marked(text: str, marks: list[tuple[int, int]], part: Span) -> SafeString:
    """`part` of `text` as HTML: everything escaped, the marks (code points within `text`) in `<mark>`."""
    pieces: list[tuple[SafeString]] = [("… " if part.start > 0 else "",)]  # type: ignore[list-item]
    position = part.start
    for start, end in sorted(marks):
        if start < position or end > part.end:
            continue
        pieces.append((plain(text[position:start]),))  # type: ignore[arg-type]
        pieces.append((format_html("<mark>{}</mark>", text[start:end]),))
        position = end
    pieces.append((plain(text[position : part.end]),))  # type: ignore[arg-type]
    pieces.append((" …" if part.end < len(text) else "",))  # type: ignore[arg-type]
    return format_html_join("", "{}", pieces)


def plain(text: str) -> str:
    """Markdown without its signs."""
    return SIGNS.sub("", text)


def window(text: str, marks: list[tuple[int, int]], length: int) -> Span:
    """Where to cut `text` so that most marks are inside, from word to word."""
    if len(text) <= length:
        return Span(0, len(text))
    starts = [start for start, _ in sorted(marks)] or [0]
    best = max(starts, key=lambda first: sum(first <= start < first + length * 3 // 4 for start in starts))
    start = max(0, min(best - length // 5, len(text) - length))
    if start:
        start = _word_after(text, start)
    end = len(text) if start + length >= len(text) else max(text.rfind(" ", start, start + length), start + length // 2)
    return Span(start, end)


def _word_after(text: str, position: int) -> int:
    space = text.find(" ", position, position + 40)
    return space + 1 if space >= 0 else position


@register.inclusion_tag("search/_why.html")
def why(hit: Hit) -> dict[str, object]:
    """The parts that words and meaning had in the score, as a small bar with its values in words."""
    words, meaning = (max(0.0, min(1.0, part)) for part in (hit.keyword, hit.semantic))
    return {
        "words_percent": round(words * 100),
        "meaning_percent": round(meaning * 100),
        "meaning_from": round(words * 100),
        "score_percent": round(max(0.0, min(1.0, hit.score)) * 100),
        "matched": hit.words,
    }
