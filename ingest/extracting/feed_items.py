"""Reads the items of a feed; runs in the process of ingest.extracting.reader."""

import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import feedparser
from lxml import html as lxml_html

from ingest.extracting.decoding import decode
from ingest.extracting.page_head import CC, Head, spdx
from kb.dates import parse_date

MAX_ITEMS = 5000
MAX_TEXT = 1_000_000  # characters of one item
MAX_ALL = 30_000_000  # of all together
MAX_TAGS = 50
MAX_AUTHORS = 50
TAG = re.compile(r"<[a-zA-Z/!][^>]*>|&(?:[a-z]{2,10}|#\d+);")
MAILBOX = re.compile(r"\S+@\S+\s*\((?P<name>[^()]+)\)|(?P<rest>[^<]*?)\s*<\S+@\S+>")
# What the server says of the feed is wrong, and the feed is not.
HARMLESS = (feedparser.exceptions.NonXMLContentType, feedparser.exceptions.CharacterEncodingOverride)
HTML_BLOCKS = """
    p div br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table tr td th pre blockquote section article figure figcaption
"""
BLOCKS = frozenset(HTML_BLOCKS.split())
SILENT = frozenset(("script", "style", "noscript", "template", "iframe", "svg", "head"))


def read_items(content: bytes, said: Mapping[str, str]) -> dict[str, Any]:
    """The fields of ingest.extracting.feed.Feed. ValueError says why it is none."""
    if not content.strip():
        raise ValueError("it is empty")
    from ingest.extracting.json_feed import is_json, read_json_items  # which is made of parts of this one

    if is_json(content):
        return read_json_items(content)
    headers = {"content-type": said.get("content_type", ""), "content-location": said.get("url", "")}
    found = feedparser.parse(
        io.BytesIO(content), response_headers={name: value for name, value in headers.items() if value}
    )
    if not found.version and not found.entries:
        raise ValueError(_no_feed(content, said))
    problems = []
    if found.bozo and not isinstance(found.bozo_exception, HARMLESS):
        problems.append(f"it is not well-formed ({str(found.bozo_exception)[:150]}); what could be read was read")
    if len(found.entries) > MAX_ITEMS:
        problems.append(f"only its first {MAX_ITEMS:,} of {len(found.entries):,} items were read")
    items, left = [], MAX_ALL
    for entry in found.entries[:MAX_ITEMS]:
        item = _item(entry, left)
        left -= len(item["text"])
        items.append(item)
    if left <= 0:
        problems.append(f"it says more than {MAX_ALL:,} characters; the texts of its last items were left out")
    feed = found.feed
    return {
        "title": line(feed.get("title")),
        "url": line(feed.get("link")),
        "language": line(feed.get("language")),
        "licence": licence_in([feed.get("license"), feed.get("rights")]),
        "items": items,
        "problems": problems,
    }


def _item(entry: Any, left: int) -> dict[str, Any]:
    summary = plain(entry.get("summary") or "")
    tags = dict.fromkeys(line(tag.get("term")) for tag in entry.get("tags", []))
    whole = max((plain(part.get("value") or "") for part in entry.get("content", [])), key=len, default="")
    guid = line(entry.get("id"))
    link = line(entry.get("feedburner_origlink")) or line(entry.get("link"))
    if not link and re.match(r"https?://", guid):
        link = guid
    return {
        "title": line(plain(entry.get("title") or "")),
        "link": link,
        "guid": guid,
        "authors": _names(entry)[:MAX_AUTHORS],
        "published": _published(entry),
        "tags": [tag for tag in tags if tag][:MAX_TAGS],
        "summary": summary[:5000],
        "text": max(whole, summary, key=len)[: max(0, min(left, MAX_TEXT))],
        "language": line((entry.get("title_detail") or {}).get("language")),
        "licence": licence_in([entry.get("license"), entry.get("rights"), *_links(entry, "license")]),
    }


def plain(markup: str) -> str:
    """What a reader of the markup sees, a paragraph a block, headings and list items marked as in Markdown. Text that
    has no markup is left as it is."""
    if not TAG.search(markup):
        return markup.strip()
    try:
        tree = lxml_html.fromstring(f"<div>{markup}</div>")
    except (ValueError, lxml_html.etree.LxmlError):
        return " ".join(TAG.sub(" ", markup).split())
    blocks = "".join(_pieces(tree)).split("\n")
    return "\n\n".join(text for block in blocks if (text := " ".join(block.split())) and text.strip("#- "))


def _pieces(tree: Any) -> Iterator[str]:
    for event, element in lxml_html.etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event in ("comment", "pi"):
            yield element.tail or ""
            continue
        if tag in BLOCKS:
            yield "\n"
        if event == "start":
            if re.fullmatch(r"h[1-6]", tag):
                yield "#" * int(tag[1]) + " "
            elif tag == "li":
                yield "- "
            if tag not in SILENT:
                yield element.text or ""
        else:
            yield element.tail or ""


def _names(entry: Any) -> list[str]:
    said = [one.get("name") for one in entry.get("authors", [])] or [entry.get("author")]
    names = []
    for value in said:
        name = line(value)
        if match := MAILBOX.fullmatch(name):
            name = line(match["name"] or match["rest"])
        if name and "@" not in name and name not in names:
            names.append(name)
    return names


def _published(entry: Any) -> str:
    """The day as written, in whatever zone; ISO, '' when there is none."""
    said = dict(entry)  # which does not take one date for another, as the entry's own `get` does
    for name in ("published", "created", "updated"):
        text = said.get(name)
        if not isinstance(text, str):
            continue
        try:
            return str(parse_date(text))
        except ValueError:
            moment = said.get(f"{name}_parsed")
            # feedparser makes January of the next year of a thirteenth month.
            if moment and f"{moment[0] % 100:02}" in text:
                try:
                    return dt.date(*moment[:3]).isoformat()
                except (ValueError, TypeError):
                    continue
    return ""


def licence_in(values: Iterable[Any]) -> str:
    """The first Creative Commons licence that one of the texts names, as SPDX has it; ""."""
    for value in values:
        if isinstance(value, str) and (match := CC.search(value)):
            return spdx(match[1], match[2])
    return ""


def _links(entry: Any, relation: str) -> list[str]:
    return [str(link.get("href")) for link in entry.get("links", []) if link.get("rel") == relation]


def _no_feed(content: bytes, said: Mapping[str, str]) -> str:
    text, _ = decode(content[:2_000_000])
    if not re.search(r"<\s*(?:!doctype html|html|head|body|meta|link|p|div)\b", text, re.IGNORECASE):
        return "it is no feed: neither RSS nor Atom"
    feeds = Head(lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text)), said.get("url", "")).feeds()
    if feeds:
        return f"it is a page, not a feed; did you mean its feed at {' or '.join(feeds)}?"
    return "it is a page, not a feed, and it names no feed of its own"


def line(value: object) -> str:
    """A text on one line, cut; "" for what is no text."""
    return " ".join(value.split())[:2000] if isinstance(value, str) else ""
