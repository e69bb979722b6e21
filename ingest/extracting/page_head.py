"""What a page says of itself where readers do not look: its meta tags, links and structured data."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

MAX_STRUCTURED = 1_000_000  # characters of one block
MAX_OBJECTS = 2000
DEPTH = 6
ARTICLES = re.compile(r"(Article|Posting|Report|Chapter|Thesis|CreativeWork|Dataset|Review)$")
CC = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/(by(?:-nc)?(?:-nd|-sa)?|zero)/(\d\.\d)", re.IGNORECASE)
DOI = re.compile(r"(?:^|doi:\s*|doi\.org/)(10\.\d{4,9}/\S+)", re.IGNORECASE)
ARXIV = re.compile(r"(?:arxiv:\s*)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Head:
    """The meta tags by name in lower case, in order; the links with their relations; structured data of articles."""

    def __init__(self, tree: Any, url: str) -> None:
        self.url = url
        self.meta: dict[str, list[str]] = {}
        for element in tree.iter("meta"):
            value = " ".join((element.get("content") or "").split())
            for name in (element.get("name"), element.get("property"), element.get("itemprop")):
                if name and value:
                    self.meta.setdefault(name.strip().lower(), []).append(value)
        self.links: list[tuple[set[str], str, Any]] = []
        for element in tree.iter("link", "a"):
            relations = set((element.get("rel") or "").lower().split())
            if relations and (target := self.absolute(element.get("href"))):
                self.links.append((relations, target, element))
        self.articles = list(_articles(tree))
        html = tree if tree.tag == "html" else next(tree.iter("html"), None)
        stated = (html.get(name) for name in ("lang", "xml:lang", XML_LANG)) if html is not None else ()
        self.language = next((code.strip() for code in stated if code), "")

    def first(self, *names: str) -> str:
        return next((values[0] for name in names if (values := self.meta.get(name))), "")

    def all(self, *names: str) -> list[str]:
        return next((values for name in names if (values := self.meta.get(name))), [])

    def stated(self, key: str) -> list[str]:
        """Texts that the structured data give for `key`: themselves, or the names of what they stand for."""
        found: list[str] = []
        for article in self.articles:
            for value in _listed(article.get(key)):
                text = value.get("name") or value.get("@id") or value.get("url") if isinstance(value, dict) else value
                found += [" ".join(part.split()) for part in _listed(text) if isinstance(part, str) and part.strip()]
            if found:
                break
        return list(dict.fromkeys(found))

    def canonical(self) -> str:
        """The address that the page gives as its own. Only one on the same site is taken, since whoever writes a page
        does not choose what others are known by; and not the front page, which careless sites name on every page."""
        for relations, target, element in self.links:
            if "canonical" in relations and element.tag == "link":
                is_front = urlsplit(target).path in ("", "/") and urlsplit(self.url).path not in ("", "/")
                return "" if is_front or _site(target) != _site(self.url) else target
        return ""

    def feeds(self) -> list[str]:
        return list(
            dict.fromkeys(
                target
                for relations, target, element in self.links
                if "alternate" in relations and (element.get("type") or "").strip().lower() in FEEDS
            )
        )[:5]

    def licence(self) -> str:
        """The Creative Commons licence that the page names as that of its text, 'CC-BY-4.0'; '' when there is none, or
        several."""
        said = [
            *self.stated("license"),
            *self.all("dcterms.license", "dc.rights", "dcterms.rights", "citation_license"),
            *(
                target
                for relations, target, element in self.links
                if "license" in relations and not any(True for _ in element.iterancestors("figure", "blockquote"))
            ),
        ]
        names = {spdx(match[1], match[2]) for text in said if (match := CC.search(text))}
        return names.pop() if len(names) == 1 else ""

    def doi(self) -> str:
        for value in self.all(
            "citation_doi", "prism.doi", "bepress_citation_doi", "dc.identifier", "dc.identifier.doi"
        ):
            if match := DOI.search(value):
                return match[1].rstrip(".,;").lower()
        return ""

    def arxiv(self) -> str:
        match = ARXIV.fullmatch(self.first("citation_arxiv_id"))
        return match[1].lower() if match else ""

    def absolute(self, href: str | None) -> str:
        """An http address out of an attribute of the page; '' for anything else."""
        try:
            target = urljoin(self.url, (href or "").strip())
            return target if urlsplit(target).scheme in ("http", "https") else ""
        except ValueError:
            return ""


def spdx(name: str, version: str) -> str:
    """
    >>> spdx("by-NC-sa", "4.0"), spdx("zero", "1.0")
    ('CC-BY-NC-SA-4.0', 'CC0-1.0')
    """
    return f"CC0-{version}" if name.lower() == "zero" else f"CC-{name.upper()}-{version}"


def _articles(tree: Any) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD that are articles."""
    seen = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = script.text or ""
        if len(text) > MAX_STRUCTURED:
            continue
        try:
            data = json.loads(text.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
        except (ValueError, RecursionError):
            continue
        for found in _objects(data, DEPTH):
            seen += 1
            if seen > MAX_OBJECTS:
                return
            if any(isinstance(kind, str) and ARTICLES.search(kind) for kind in _listed(found.get("@type"))):
                yield found


def _objects(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth and isinstance(data, list):
        for part in data:
            yield from _objects(part, depth - 1)
    elif depth and isinstance(data, dict):
        yield data
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _objects(data.get(key), depth - 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _site(url: str) -> str:
    """What two addresses of one site share: the last two parts of the host, three under country domains such as
    co.uk."""
    parts = (urlsplit(url).hostname or "").split(".")
    short = len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3
    return ".".join(parts[-3:] if short else parts[-2:])
