"""Markdown to HTML that is safe to show: no raw HTML, no pictures from elsewhere, math left as TeX."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from kb.headings import heading_id
from kb.markdown_place import PLACE, mark_place, marked
from kb.markdown_rules import use_notes

# Far above any entry. Beyond it text is shown as written: reading hostile Markdown takes more than linear time.
MAX_LENGTH = 100_000
MAX_NESTING = 40  # a list within a list takes two
DEEPEST_HEADING = 6

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s", "sup", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "section", "span", "div"),
    *("mark", "aside", "details", "summary", "img"),
}
ATTRIBUTES = {
    "a": {"href", "title", "class", "id"},
    "aside": {"class"},
    "code": {"class", "id"},
    "details": {"class", "open"},
    "div": {"class", "id"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "h5": {"id"},
    "h6": {"id"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "li": {"id", "class"},
    "mark": {"class", "id"},
    "ol": {"start", "class"},
    "p": {"class", "id"},
    "section": {"class"},
    "span": {"class", "id"},
    "summary": {"class"},
    "sup": {"class"},
    "td": {"style"},
    "th": {"style"},
    "tr": {"class", "id"},
}


def render(text: str, place: tuple[int, int] | None = None) -> SafeString:
    """`text` as HTML: CommonMark with tables, strikethrough, footnotes, `$math$`, and what Obsidian adds: callouts,
    `==highlights==`, tasks and names of paragraphs.

    The highest heading becomes an `<h2>`; each has an id made from its words. TeX stays readable in
    `<span class="math">` and `<div class="math">`, for a script to typeset. Whatever the text is, the result is safe
    and takes bounded time: links lead to http, https and mailto only, or stay on this site; pictures are shown where
    they are the entry's own (`files/NAME`) and are links otherwise; raw HTML is shown as it is typed.

    With a `place`, two offsets in `text`, what stands there is marked and can be linked to as `#passage`.
    """
    if len(text) > MAX_LENGTH:
        return format_html('<pre class="as-written">{}</pre>', marked(text, place))
    html = _reader.render(text, {PLACE: place} if place else {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        filter_style_properties={"text-align"},
        strip_comments=True,
    )
    return mark_safe(clean)  # noqa: S308 - what nh3 lets through


def _make_reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    reader.enable(["table", "strikethrough"])
    reader.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    reader.use(footnote_plugin, inline=False)
    reader.core.ruler.push("headings", _settle_headings)
    use_notes(reader)
    reader.core.ruler.push("place", mark_place)
    reader.add_render_rule("math_inline", _math_inline)
    reader.add_render_rule("math_inline_double", _math_display)
    reader.add_render_rule("math_block", _math_block)
    return reader


def _math_inline(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<span class="math">{escape(tokens[index].content)}</span>'


def _math_display(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<span class="math display">{escape(tokens[index].content)}</span>'


def _math_block(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    token.attrs = {"class": " ".join(["math", *str(token.attrs.get("class", "")).split()]), **_id(token)}
    return f"<div{renderer.renderAttrs(token)}>{escape(token.content.strip())}</div>\n"


def _id(token: Token) -> dict[str, Any]:
    return {"id": token.attrs["id"]} if "id" in token.attrs else {}


def _settle_headings(state: Any) -> None:
    """Let the text's highest heading be an `<h2>`, since the page has its `<h1>`; give each an id that is its own."""
    levels = [int(token.tag[1]) for token in state.tokens if token.type == "heading_open"]
    down = 2 - min(levels, default=2)
    seen: Counter[str] = Counter()
    for position, token in enumerate(state.tokens):
        if token.type not in ("heading_open", "heading_close"):
            continue
        token.tag = f"h{min(int(token.tag[1]) + down, DEEPEST_HEADING)}"
        if token.type == "heading_open":
            children = state.tokens[position + 1].children or []
            name = heading_id("".join(child.content for child in children))
            seen[name] += 1
            # Two dashes: no other heading's words can make that.
            token.attrSet("id", name if seen[name] == 1 else f"{name}--{seen[name]}")


_reader = _make_reader()
