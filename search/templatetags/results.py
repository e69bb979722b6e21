"""How a result is shown: the passage that matched with its words marked, and why it was found."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from kb.listing import Choice
from kb.templatetags.pages import mark, web, when
from search.query import Hit, PassageHit

register = template.Library()

# Markdown's own signs say nothing to the reader of a snippet, nor do headings that run into the text below them.
HEADING = re.compile(r"^[ ]{0,3}(#{1,6}[ ]+)[^\n]*(?:\n+|$)", re.MULTILINE)
LINK = re.compile(r"(!?\[)[^\]\n]*(\]\([^)\s]*\))")
SIGN = re.compile(r"^[ ]*(?:>|[-*+])[ ]+|^[ ]*```\w*|\*\*|(?<!\w)__|__(?!\w)|`+", re.MULTILINE)
LEADING = (">", "-", "*", "+")
# What a code point of a text is to the reader, a byte for each, and runs of the same.
ASKED, SILENT = b"\x01", b"\x02"
RUN = re.compile(rb"\x00+|\x01+|\x02+")
# What stands for a tag until the text around it is escaped: code points that are no characters, and are kept for such
# uses (Unicode 15, section 23.7).
MARK_BEGINS, MARK_ENDS, LINK_BEGINS, LINK_ENDS = "\ufdd0\ufdd1\ufdd2\ufdd3"
STAND_INS = re.compile("[\ufdd0-\ufdd3]")
CURRENT = ' aria-current="true"'
# How much is shown of the best passage of an entry, and of the next.
LENGTHS = (320, 180)
NAME_CHARS = 60


class Span(NamedTuple):
    """Code points `start` to `end` of a text."""

    start: int
    end: int


@register.simple_tag
def links(choices: Iterable[Choice]) -> SafeString:
    """The values of a facet as items of a list. Written here, since a page has dozens, and a template takes as long for
    them as for its results."""
    items = (
        f'<li><a href="{escape(one.address)}"{CURRENT if one.chosen else ""}>{escape(one.label)} '
        f'<span class="count">{one.count:,}</span></a></li>'
        for one in choices
    )
    return SafeString("\n".join(items))


@register.simple_tag
def result(hit: Hit) -> SafeString:
    """An entry that was found: what it is, the passages that matched best, and why it is here. Written here for the
    same reason."""
    entry = hit.entry
    hidden = f" {render_to_string('entries/_hidden.html', {'entry': entry})}" if entry.is_hidden else ""
    return SafeString(
        f'<article class="row hit" data-kind="{entry.kind}">\n'
        f'  <p class="when"><span class="kind">{mark(entry.kind)}{entry.info.label}</span> '
        f"{when(entry.occurred_on, entry.occurred_precision, short=True)}</p>\n"
        f'  <div class="what">\n'
        f'    <h2 class="title"><a href="{escape(hit.path)}">{escape(entry.title)}</a>{hidden}</h2>\n'
        f"    {_passages(hit)}\n    {_why(hit)}\n  </div>\n</article>"
    )


def _passages(hit: Hit) -> str:
    """Each with where it stands; the title is there already."""
    return "\n    ".join(
        f'<p class="passage">{snippet(passage, length)} <span class="from">{_where(passage)}</span></p>'
        for passage, length in zip(hit.passages, LENGTHS, strict=False)
        if passage.source != "title"
    )


def _where(passage: PassageHit) -> str:
    """From which text of the entry the passage is."""
    reference = passage.reference
    if reference is None:
        return "text" if passage.source == "body" else escape(passage.source)
    url = web(reference.url)
    name = reference.publisher or reference.title
    if url:
        name = escape(Truncator(name or url).chars(NAME_CHARS))
        name = f'<a href="{escape(url)}" rel="noopener nofollow ugc">{name}</a>'
    else:
        name = escape(name)
    return f"from {name}, p. {passage.page}" if passage.page else f"from {name}"


def _why(hit: Hit) -> str:
    """What words and meaning gave to the score, in hundredths, and which words were found."""
    words, meaning, score = (round(max(0.0, min(1.0, part)) * 100) for part in (hit.keyword, hit.semantic, hit.score))
    found = f' <span class="matched">{escape(", ".join(hit.words))}</span>' if hit.words else ""
    return (
        f'<p class="why"><svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="Score {score} of 100: {words} from words, {meaning} from meaning">'
        f'<rect class="all" width="100" height="8"/><rect class="words" width="{words}" height="8"/>'
        f'<rect class="meaning" x="{words}" width="{meaning}" height="8"/></svg> '
        f'<span class="key words">words {words}</span> <span class="key meaning">meaning {meaning}</span>{found}</p>'
    )


@register.filter
def snippet(passage: PassageHit, length: int = 320) -> SafeString:
    """About `length` characters of the passage around the sentence that matched best, which leads to where it stands;
    the words that were asked for in `<mark>`."""
    part = window(passage.text, passage.marks, length, passage.sentence)
    return marked(passage.text, passage.marks, part, passage.sentence, passage.url)


@register.filter
def said(passage: PassageHit, length: int = 320) -> SafeString:
    """The sentence of a passage alone, which leads to where it stands, without marks; of a long one the beginning."""
    start, end = passage.sentence or (0, len(passage.text))
    words = passage.text[start:end]
    return marked(words, [], Span(0, min(len(words), length)), (0, len(words)), passage.url)


def marked(
    text: str, marks: list[tuple[int, int]], part: Span, sentence: tuple[int, int] | None = None, url: str = ""
) -> SafeString:
    """`part` of `text` as HTML: everything escaped, Markdown's signs left out, the marks in `<mark>`, the sentence a
    link to `url`."""
    kinds = bytearray(len(text))
    for start, end in marks:
        kinds[start:end] = ASKED * (end - start)
    for start, end in list(_signs(text, bytes(kinds))):
        kinds[start:end] = SILENT * (end - start)
    first, last = sentence if sentence and url else (part.end, part.end)
    first, last = (min(max(at, part.start), part.end) for at in (first, last))
    pieces = ["… " if part.start > 0 else "", _with_marks(text, kinds, part.start, first)]
    if best := _with_marks(text, kinds, first, last):
        pieces += [LINK_BEGINS, best, LINK_ENDS]
    pieces += [_with_marks(text, kinds, last, part.end), " …" if part.end < len(text) else ""]
    # Escaped at once, and not by Django's `format_html`: a page of results has hundreds of pieces.
    shown = escape("".join(pieces)).replace(MARK_BEGINS, "<mark>").replace(MARK_ENDS, "</mark>")
    return SafeString(shown.replace(LINK_ENDS, "</a>").replace(LINK_BEGINS, f'<a class="best" href="{escape(url)}">'))


def _with_marks(text: str, kinds: bytearray, start: int, end: int) -> str:
    """What is shown of these code points, not escaped yet, with what stands for the tags of marks."""
    if kinds.count(0, start, end) == end - start:  # as most are
        return text[start:end]
    pieces = []
    for run in RUN.finditer(kinds, start, end):
        kind, words = kinds[run.start()], text[run.start() : run.end()]
        if kind == ASKED[0]:
            pieces += [MARK_BEGINS, words, MARK_ENDS]
        elif kind != SILENT[0]:
            pieces.append(words)
    return "".join(pieces).replace(MARK_ENDS + MARK_BEGINS, "")


def _signs(text: str, kinds: bytes) -> Iterator[tuple[int, int]]:
    """Where Markdown's signs are; a heading is left out whole unless something in it was asked for. And what would be
    taken for a tag."""
    if not text.isascii():
        for sign in STAND_INS.finditer(text):
            yield sign.span()
    if "#" in text:
        for heading in HEADING.finditer(text):
            yield heading.span(1) if kinds.find(ASKED, *heading.span()) >= 0 else heading.span()
    if "](" in text:
        for link in LINK.finditer(text):
            yield link.span(1)
            yield link.span(2)
    # Most passages are plain words in one line: to look for each of these takes a tenth of what the expression does.
    if "\n" in text or text.lstrip()[:1] in LEADING or any(sign in text for sign in ("**", "__", "`")):
        for sign in SIGN.finditer(text):
            yield sign.span()


def window(text: str, marks: list[tuple[int, int]], length: int, sentence: tuple[int, int] | None = None) -> Span:
    """Where to cut `text`, from word to word: so that the sentence has some of what is around it, else, where it is too
    long or there is none, so that most marks are inside."""
    if len(text) <= length:
        return Span(0, len(text))
    if sentence and (spare := length - (sentence[1] - sentence[0])) > 0:
        start, latest = sentence[0] - spare // 3, sentence[0]
    else:
        inside = [a for a, b in sorted(marks) if not sentence or (sentence[0] <= a and b <= sentence[1])]
        starts = inside or [sentence[0] if sentence else 0]
        best = max(starts, key=lambda first: sum(first <= start < first + length * 3 // 4 for start in starts))
        start, latest = best - length // 5, best
    start = max(0, min(start, len(text) - length))
    if start:
        start = min(_word_after(text, start), latest)
    end = len(text) if start + length >= len(text) else max(text.rfind(" ", start, start + length), start + length // 2)
    if sentence and sentence[0] >= start and sentence[1] - start <= length:
        end = max(end, sentence[1])
    return Span(start, end)


def _word_after(text: str, position: int) -> int:
    space = text.find(" ", position, position + 40)
    return space + 1 if space >= 0 else position
