"""What notes say beyond CommonMark: callouts, highlights, tasks, names of paragraphs, links to notes, pictures."""

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from kb.headings import block_id

CALLOUT = re.compile(r"\[!(?P<kind>[A-Za-z][\w -]{0,40})(?:\|[^\]\n]{0,100})?\](?P<fold>[+-]?)[ \t]*(?P<title>[^\n]*)")
# How grave a callout is, by the kinds that Obsidian and GitHub know; any other is as a note.
TONES = {
    "bad": ("danger", "error", "bug", "failure", "fail", "missing"),
    "warning": ("warning", "caution", "attention", "important"),
    "good": ("success", "check", "done", "tip", "hint"),
    "quiet": ("quote", "cite", "abstract", "summary", "tldr", "example"),
}
TONE = {kind: tone for tone, kinds in TONES.items() for kind in kinds}
TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
BLOCK_NAME = re.compile(r"(?:^|(?<=\s))\^(?=[\d-]*[A-Za-z])([A-Za-z0-9-]{2,60})\s*$")
# Not `[[1]](address)` and not `[[1]][label]`, which are links whose words stand in brackets.
NOTE = re.compile(r"!?\[\[(?=[^\[\]]*[^\W\d])([^\[\]|\n]{1,400})(?:\|([^\[\]\n]{1,400}))?\]\](?![(\[])")
# Elsewhere, on this page, on this site, or a file of the entry. Any other address was good only where the text was.
LEADS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[#/]|\.\./|files/")
OWN_FILE = re.compile(r"files/[^/?#]+")
SIZE = re.compile(r"(?:(.*)\|)?(\d{1,4})(?:x(\d{1,4}))?", re.DOTALL)


def use_notes(reader: MarkdownIt) -> None:
    """Let `reader` understand all of this."""
    reader.core.ruler.after("block", "callouts", _callouts)
    reader.core.ruler.after("inline", "dead_links", _dead_links)
    reader.core.ruler.after("inline", "tasks", _tasks)
    reader.core.ruler.after("inline", "block_names", _block_names)
    reader.inline.ruler.before("emphasis", "mark", _mark)
    reader.inline.ruler2.before("emphasis", "mark", _pair_marks)
    reader.inline.ruler.before("link", "note", _note)
    reader.add_render_rule("image", _image)
    reader.add_render_rule("task", _task)
    reader.add_render_rule("block_name", _block_name)
    reader.add_render_rule("note", _note_not_here)


def _callouts(state: StateCore) -> None:
    """`> [!warning]- Title` as an aside, or as details that unfold where it has a sign."""
    tokens: list[Token] = []
    closing: dict[int, str] = {}  # level of a quote -> what closes it
    for position, token in enumerate(state.tokens):
        if token.type == "blockquote_open":
            inline = state.tokens[position + 2] if position + 2 < len(state.tokens) else None
            said = CALLOUT.match(inline.content) if inline and inline.type == "inline" else None
            closing[token.level] = "blockquote"
            if inline and said:
                closing[token.level] = token.tag = "details" if said["fold"] else "aside"
                token.attrSet("class", f"callout {TONE.get(said['kind'].strip().lower(), 'plain')}")
                if said["fold"] == "+":
                    token.attrSet("open", "")
                inline.content = inline.content[said.end() :].lstrip("\n")
                tokens += [token, *_title(said, token)]
                continue
        elif token.type == "blockquote_close":
            token.tag = closing.pop(token.level, token.tag)
        tokens.append(token)
    state.tokens = [token for position, token in enumerate(tokens) if not _is_of_empty_paragraph(tokens, position)]


def _title(said: re.Match[str], quote: Token) -> list[Token]:
    kind = said["kind"].strip().replace("-", " ").capitalize()
    tag = "summary" if said["fold"] else "p"
    opening, closing = Token("callout_title_open", tag, 1), Token("callout_title_close", tag, -1)
    opening.attrSet("class", "callout-title")
    opening.block = closing.block = True
    opening.level = closing.level = quote.level + 1
    words = Token("inline", "", 0, content=said["title"].strip() or kind, map=quote.map, children=[])
    words.level = quote.level + 2
    if not said["title"].strip() or said["title"].strip().lower() == kind.lower():
        return [opening, words, closing]
    label_open, label_close = Token("callout_kind_open", "span", 1), Token("callout_kind_close", "span", -1)
    label_open.attrSet("class", "callout-kind")
    label = Token("text", "", 0, content=kind)
    return [opening, label_open, label, label_close, Token("text", "", 0, content=" "), words, closing]


def _is_of_empty_paragraph(tokens: list[Token], position: int) -> bool:
    """Whether the token belongs to a paragraph that a callout's title took all words of."""
    for first in range(max(0, position - 2), position + 1):
        kinds = [token.type for token in tokens[first : first + 3]]
        if kinds == ["paragraph_open", "inline", "paragraph_close"]:
            return not tokens[first + 1].content
    return False


def _dead_links(state: StateCore) -> None:
    """A link to a file that lay beside the text, `[paper](paper.pdf)`, is its words."""
    for token in state.tokens:
        dead = False
        for child in token.children or ():
            if child.type == "link_open":
                dead = not LEADS.match(str(child.attrGet("href") or ""))
            if dead and child.type in ("link_open", "link_close"):
                child.tag, child.attrs = "span", {}


def _tasks(state: StateCore) -> None:
    """`- [ ] to do` and `- [x] done` with a box that is for reading."""
    for position, token in enumerate(state.tokens):
        if token.type != "inline" or position < 2 or not token.children or token.children[0].type != "text":
            continue
        if state.tokens[position - 1].type != "paragraph_open" or state.tokens[position - 2].type != "list_item_open":
            continue
        first = token.children[0]
        if box := TASK.match(first.content) or re.fullmatch(r"\[([ xX])\] ", first.content):
            first.content = first.content[box.end() :]
            state.tokens[position - 2].attrJoin("class", "task")
            token.children.insert(0, Token("task", "", 0, meta={"done": box[1] != " "}))


def _task(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    done = tokens[index].meta["done"]
    return f'<span class="box">{"☑" if done else "☐"}</span> '


def _block_names(state: StateCore) -> None:
    """`^name` at the end of a paragraph is not shown; links lead to it."""
    for position, token in enumerate(state.tokens):
        if token.type != "inline" or not token.children or token.children[-1].type != "text":
            continue
        last = token.children[-1]
        if named := BLOCK_NAME.search(last.content):
            last.content = last.content[: named.start()].rstrip()
            token.children.append(Token("block_name", "", 0, content=named[1]))
            if len(token.children) == 2 and not last.content and state.tokens[position - 1].type == "paragraph_open":
                state.tokens[position - 1].hidden = state.tokens[position + 1].hidden = True


def _block_name(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<span id="{escape(block_id(tokens[index].content))}"></span>'


def _mark(state: StateInline, silent: bool) -> bool:
    """Take the signs of `==highlight==` for the pairing of delimiters, as strikethrough does."""
    if silent or state.src[state.pos] != "=":
        return False
    scanned = state.scanDelims(state.pos, True)
    if scanned.length != 2:
        return False
    state.push("text", "", 0).content = "=="
    at = len(state.tokens) - 1
    state.delimiters.append(Delimiter(ord("="), 0, at, -1, scanned.can_open, scanned.can_close))
    state.pos += 2
    return True


def _pair_marks(state: StateInline) -> None:
    for delimiters in (state.delimiters, *(meta.get("delimiters", []) for meta in state.tokens_meta if meta)):
        for opening in delimiters:
            if opening.marker != ord("=") or opening.end == -1:
                continue
            for at, kind, nesting in ((opening.token, "open", 1), (delimiters[opening.end].token, "close", -1)):
                token = state.tokens[at]
                token.type, token.tag, token.nesting, token.content = f"mark_{kind}", "mark", nesting, ""  # type: ignore[assignment]


def _note(state: StateInline, silent: bool) -> bool:
    """`[[Note|words]]` that leads to no note here."""
    found = NOTE.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        token = state.push("note", "", 0)
        token.content = (found[2] or found[1]).strip()
    state.pos = found.end()
    return True


def _note_not_here(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<span class="no-note">{escape(tokens[index].content)}</span>'


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    """A picture of the entry itself; any other as a link, for its server would learn who reads what here."""
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    words = renderer.renderInlineAsText(token.children, options, env)
    sized = SIZE.fullmatch(words)
    words = (sized[1] or "") if sized else words
    if not OWN_FILE.fullmatch(source):
        return f'<a class="image" href="{escape(source)}">{escape(words or "image")}</a>'
    size = f' width="{sized[2]}"' + (f' height="{sized[3]}"' if sized[3] else "") if sized else ""
    title = f' title="{escape(token.attrGet("title") or "")}"' if token.attrGet("title") else ""
    return f'<img src="{escape(source)}" alt="{escape(words)}"{title}{size} loading="lazy">'
