"""Reads the items of a JSON Feed (https://www.jsonfeed.org/version/1.1/); runs in the process of the reader."""

import json
from collections.abc import Mapping
from typing import Any

from ingest.extracting.feed_items import (
    MAX_ALL,
    MAX_AUTHORS,
    MAX_ITEMS,
    MAX_TAGS,
    MAX_TEXT,
    licence_in,
    line,
    plain,
)
from kb.dates import parse_date

VERSION = "https://jsonfeed.org/version/"


def is_json(content: bytes) -> bool:
    """Whether the content begins as an object of JSON does."""
    return content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def read_json_items(content: bytes) -> dict[str, Any]:
    """The fields of ingest.extracting.feed.Feed. ValueError says why it is none."""
    try:
        feed = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {str(error)[:150] or 'nested too deeply'}") from None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ValueError("it is JSON, but no JSON Feed: it has no list of items")
    problems = []
    if not line(feed.get("version")).startswith((VERSION, VERSION.replace("//", "//www."))):
        problems.append("it does not say that it is a JSON Feed; its items were read as those of one")
    found = [one for one in feed["items"] if isinstance(one, dict)]
    if len(found) > MAX_ITEMS:
        problems.append(f"only its first {MAX_ITEMS:,} of {len(found):,} items were read")
    items, left = [], MAX_ALL
    for one in found[:MAX_ITEMS]:
        item = _item(one, left)
        left -= len(item["text"])
        items.append(item)
    if left <= 0:
        problems.append(f"it says more than {MAX_ALL:,} characters; the texts of its last items were left out")
    return {
        "title": line(feed.get("title")),
        "url": line(feed.get("home_page_url")),
        "language": line(feed.get("language")),
        "licence": licence_in([feed.get("license"), feed.get("rights"), feed.get("_license")]),
        "items": items,
        "problems": problems,
    }


def _item(one: Mapping[str, Any], left: int) -> dict[str, Any]:
    markup, text = one.get("content_html"), one.get("content_text")
    whole = plain(markup) if isinstance(markup, str) else text.strip() if isinstance(text, str) else ""
    said = one.get("summary")
    summary = plain(said) if isinstance(said, str) else ""
    # Version 1 had one author, and an id that is a number.
    told = one.get("authors")
    people = told if isinstance(told, list) else [one.get("author")]
    names = dict.fromkeys(line(person.get("name")) for person in people if isinstance(person, dict))
    tags = one.get("tags")
    identity = one.get("id")
    guid = line(str(identity)) if isinstance(identity, str | int | float) and not isinstance(identity, bool) else ""
    link = line(one.get("url")) or line(one.get("external_url"))
    return {
        "title": line(plain(one["title"])) if isinstance(one.get("title"), str) else "",
        "link": link or (guid if guid.startswith(("http://", "https://")) else ""),
        "guid": guid,
        "authors": [name for name in names if name and "@" not in name][:MAX_AUTHORS],
        "published": _day(one.get("date_published")) or _day(one.get("date_modified")),
        "tags": [tag for tag in map(line, tags) if tag][:MAX_TAGS] if isinstance(tags, list) else [],
        "summary": summary[:5000],
        "text": max(whole, summary, key=len)[: max(0, min(left, MAX_TEXT))],
        "language": line(one.get("language")),
        "licence": licence_in([one.get("license"), one.get("rights"), one.get("_license")]),
    }


def _day(value: object) -> str:
    try:
        return str(parse_date(value)) if isinstance(value, str) and value.strip() else ""
    except ValueError:
        return ""
