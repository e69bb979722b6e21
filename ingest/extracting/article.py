"""The article in a page: what it says, and what the page says of it."""

from dataclasses import dataclass, field

from ingest.extracting.reader import Reader


@dataclass(frozen=True)
class Article:
    """'' and [] stand for what the page does not say.

    `text` is Markdown, without the page's navigation and comments; '' where none was found, as in pages that are made
    by their scripts. `published` is ISO, as much of it as is known; `canonical` the page's own address where it names
    one on its site; `licence` an SPDX name such as CC-BY-4.0; `doi` and `arxiv` what its meta tags name; `feeds` the
    addresses of feeds that the page offers. `problems` are in words for a curator, about "it".
    """

    title: str = ""
    authors: list[str] = field(default_factory=list)
    published: str = ""
    language: str = ""
    canonical: str = ""
    site: str = ""
    description: str = ""
    text: str = ""
    licence: str = ""
    doi: str = ""
    arxiv: str = ""
    feeds: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_article(reader: Reader, content: bytes, *, url: str = "", media_type: str = "", charset: str = "") -> Article:
    """The article in `content`, a page that was found at `url`. Raises ValueError, with a sentence about "it", for what
    is no page, and for what exhausts its reader."""
    return Article(**reader.read("article", content, url=url, media_type=media_type, charset=charset))
