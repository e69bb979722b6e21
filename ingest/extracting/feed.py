"""A feed and its items."""

from dataclasses import dataclass, field

from ingest.extracting.reader import Reader


@dataclass(frozen=True)
class Item:
    """'' and [] stand for what the item does not say.

    `summary` and `text` are plain, a paragraph a block; `text` is the whole of what the feed has of the article.
    `published` is ISO; `licence` an SPDX name such as CC-BY-4.0.
    """

    title: str = ""
    link: str = ""
    guid: str = ""
    authors: list[str] = field(default_factory=list)
    published: str = ""
    tags: list[str] = field(default_factory=list)
    summary: str = ""
    text: str = ""
    language: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Feed:
    """`url` is the page of the site; `problems` are in words for a curator, about "it"."""

    title: str
    url: str
    language: str
    licence: str
    items: list[Item]
    problems: list[str]


def read_feed(reader: Reader, content: bytes, *, url: str = "", content_type: str = "") -> Feed:
    """The RSS, Atom or JSON feed in `content`, which was found at `url`. Raises ValueError, with a sentence about "it",
    for what is no feed, naming the feeds of a page, and for what exhausts its reader."""
    found = reader.read("feed", content, url=url, content_type=content_type)
    return Feed(**{**found, "items": [Item(**item) for item in found["items"]]})
