"""Show a place of a text on its page: `start` to `end` of the Markdown, as it is stored, marked in what is rendered.

Blocks know which lines they are of. Within a block the words are found again by what is seen of them, since signs,
addresses and line ends are gone; where that fails, as in code, the whole block is marked.
"""

import re
from collections.abc import Iterator, MutableMapping
from itertools import cycle, pairwise
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from kb.places import ANCHOR

PLACE = "place"
HERE = "here"
LEAVES = {"paragraph_open", "heading_open", "tr_open", "fence", "code_block", "math_block"}
SEEN = {"text", "code_inline", "math_inline", "math_inline_double", "note"}
LINE_END = re.compile(r"\r\n?|\n")
BETWEEN_PARAGRAPHS = re.compile(r"((?:\r\n?|\n){2,})")
FOOTNOTE = re.compile(r"\[\^[^\]\n]+\]")
SIGNS = re.compile(r"(?:[ \t]*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s)|#{1,6}(?=\s)))*\s*")  # in front of a block


def marked(text: str, place: tuple[int, int] | None) -> SafeString:
    """Plain text as HTML with the place marked, anew in each paragraph that it reaches into."""
    if not place:
        return escape(text)
    start, end = place
    pieces = BETWEEN_PARAGRAPHS.split(text[start:end])
    anchored = format_html('<mark class="here" id="{}">{}</mark>', ANCHOR, pieces[0])
    rest = (
        escape(piece) if gap else format_html('<mark class="here">{}</mark>', piece)
        for piece, gap in zip(pieces[1:], cycle((True, False)), strict=False)
    )
    return format_html(
        "{}{}{}{}", text[:start], anchored, format_html_join("", "{}", ((one,) for one in rest)), text[end:]
    )


def mark_place(state: StateCore) -> None:
    """Mark `state.env[PLACE]`, two offsets, and give the first of the marks the id that a link leads to."""
    if place := state.env.get(PLACE):
        found = [token for leaf in _leaves(state, *place) for token in _mark(state, leaf, *place)]
        if found:
            found[0].attrSet("id", ANCHOR)


def _leaves(state: StateCore, start: int, end: int) -> list[int]:
    """Positions of the blocks with words of their own that the place touches."""
    first, last = (len(LINE_END.findall(state.src, 0, at)) for at in (start, end - 1))
    return [
        position
        for position, token in enumerate(state.tokens)
        if token.type in LEAVES and token.map and token.map[0] <= last and token.map[1] > first
    ]


def _mark(state: StateCore, position: int, start: int, end: int) -> list[Token]:
    """Mark what of the place is in this block; the tokens that carry the mark."""
    block = state.tokens[position]
    words = state.tokens[position + 1] if position + 1 < len(state.tokens) else None
    if block.map and words and words.type == "inline" and words.children:
        lines = [0, *(line.end() for line in LINE_END.finditer(state.src)), len(state.src)]
        first, last = lines[block.map[0]], lines[min(block.map[1], len(lines) - 1)]
        before = _seen(state.md, state.src[first : max(first, start)], state.env)
        inside = _seen(state.md, state.src[max(first, start) : min(last, end)], state.env)
        span = _find(_letters(words.children), inside, len(before))
        if span:
            words.children = list(_wrapped(words.children, *span))
            return [child for child in words.children if child.type == "mark_open" and HERE in child.attrs.values()]
    if block.hidden:  # the paragraph of a tight list has no tag of its own
        block = next(token for token in reversed(state.tokens[:position]) if token.type == "list_item_open")
    block.attrJoin("class", HERE)
    return [block]


def _find(letters: str, wanted: str, about: int) -> tuple[int, int] | None:
    """Where `wanted` is among `letters`; of several places the one nearest to `about`."""
    if not wanted:
        return None
    places = [match.start() for match in re.finditer(re.escape(wanted), letters)]
    at = min(places, key=lambda place: abs(place - about), default=None)
    return None if at is None else (at, at + len(wanted))


def _seen(reader: MarkdownIt, source: str, env: MutableMapping[str, Any]) -> str:
    """What is seen of Markdown that stands within a block, without white space."""
    tokens: list[Token] = []
    known = {"references": env.get("references", {})}
    reader.inline.parse(FOOTNOTE.sub("", SIGNS.sub("", source, count=1).strip()), reader, known, tokens)
    return _letters(tokens)


def _letters(children: list[Token]) -> str:
    return "".join("".join(child.content.split()) for child in children if child.type in SEEN)


def _wrapped(children: list[Token], start: int, end: int) -> Iterator[Token]:
    """The children, with those letters between `start` and `end` in marks that never cross another tag."""
    marking, letters = False, 0
    for child in children:
        size = len(_letters([child]))
        # A line break within the place is marked with it, the beginning or end of another tag is not.
        between = [(child, marking and letters < end and not child.nesting)]
        for piece, inside in _pieces(child, size, start - letters, end - letters) if size else between:
            if inside != marking:
                yield _sign(1 if inside else -1)
                marking = inside
            yield piece
        letters += size
    if marking:
        yield _sign(-1)


def _pieces(child: Token, size: int, start: int, end: int) -> Iterator[tuple[Token, bool]]:
    """The parts of a child with `size` letters, and whether each is between those; code and formulas stay whole."""
    if end <= 0 or start >= size:
        yield child, False
    elif child.type != "text":
        yield child, True
    else:
        at = [position for position, letter in enumerate(child.content) if not letter.isspace()]
        first = at[start] if start > 0 else 0
        last = at[end - 1] + 1 if end <= size else len(child.content)
        for a, b in pairwise((0, first, last, len(child.content))):
            if a < b:
                yield Token("text", "", 0, content=child.content[a:b], level=child.level), (a, b) == (first, last)


def _sign(nesting: int) -> Token:
    token = Token("mark_open" if nesting > 0 else "mark_close", "mark", nesting)  # type: ignore[arg-type]
    if nesting > 0:
        token.attrSet("class", HERE)
    return token
