"""The first paragraph of a Markdown text as a summary in plain words, and the rest of it."""

import html
import re
from typing import NamedTuple

from ingest.sources.markdown import own_words

MAX_LEAD = 2000  # characters; a longer paragraph is no summary
MAX_LINKED = 200_000  # characters in which links by reference are looked for
DEFINED = re.compile(
    r"^ {0,3}\[([^\[\]\n]{1,80})\]:[ \t]*<?(\S+?)>?(?:[ \t]+(\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*$", re.MULTILINE
)
USED = re.compile(r"\[((?:[^\[\]\n\\]|\\.){1,200})\]\[([^\[\]\n]{0,80})\]")
CITATION = re.compile(r"\s?\[\s*\\?\[?\d{1,3}\\?\]?\s*\]\([^()\s]*(?:\s\"[^\"]*\")?\)")
TITLED = re.compile(r"\]\((\S{1,2000}) [\"']([^\"']{1,400})[\"']\)")
MARKUP = re.compile(r"</?(?:div|span|sup|sub|p|br|center|font)\b[^<>]*>", re.IGNORECASE)
BOX = re.compile(r"<div\b[^<>]*>((?:(?!<div\b).)*?)</div>", re.IGNORECASE | re.DOTALL)
STARTS_OTHERWISE = ("#", "|", "```", "~~~", "- ", "* ", "+ ", "> ", "1. ", "![")


class Lead(NamedTuple):
    """`links` are the (address, title) that stood in the summary, which is plain text and shows none."""

    summary: str
    rest: str
    links: list[tuple[str, str]]


def split_lead(text: str) -> Lead:
    """The first paragraph in plain words, and what follows it as Markdown. A text that begins with a heading, a list,
    a table or code has no such paragraph, and one that is too long stays in the text."""
    text = tidy(text).strip()
    first, _, rest = text.partition("\n\n")
    if first.startswith(STARTS_OTHERWISE) or len(first) > MAX_LEAD:
        return Lead("", text, [])
    plain = html.unescape(" ".join(own_words.plain(CITATION.sub("", first)).split()))
    titles = {match[1]: match[2] for match in TITLED.finditer(first)}
    links = (
        (url, said if any(map(str.isalpha, said)) else titles.get(url, "")) for url, said in own_words.links(first)
    )
    return Lead(plain, rest.strip(), list(links))


def tidy(text: str) -> str:
    """`text` with boxes of HTML as quotations and without elements that only dress it, and with links where they are
    used: what stands in a paragraph of its own is shown by itself, and its definitions would stay behind."""
    if len(text) > MAX_LINKED:
        return MARKUP.sub("", text)
    text = inlined(MARKUP.sub("", BOX.sub(_quoted, text)))
    return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text).strip()


def inlined(text: str) -> str:
    """`[words][1]` with the address that `[1]: https://…` gives it, and that line left empty."""
    defined = {match[1].strip().lower(): match for match in DEFINED.finditer(text)}
    if not defined:
        return text
    used: set[str] = set()

    def inline(match: re.Match[str]) -> str:
        label = (match[2] or match[1]).strip().lower()
        if label not in defined:
            return match[0]
        used.add(label)
        title = f" {defined[label][3]}" if defined[label][3] else ""
        return f"[{match[1]}]({defined[label][2]}{title})"

    text = USED.sub(inline, text)
    return DEFINED.sub(lambda match: "" if match[1].strip().lower() in used else match[0], text)


def _quoted(match: re.Match[str]) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in match[1].strip().splitlines())
    return f"\n\n{lines}\n\n"
