"""Finds the article in a page; runs in the process of ingest.extracting.reader."""

import datetime as dt
import re
from typing import Any

import trafilatura
from trafilatura.utils import load_html

from ingest.extracting.decoding import decode
from ingest.extracting.page_head import Head
from kb.dates import PartialDate, parse_date

MAX_TEXT = 3_900_000  # characters; a text column holds no more
MAX_LINE = 1000
MAX_AUTHORS = 100
HTML = re.compile(r"<\s*(?:!doctype|html|head|body|meta|title|p|div|article|h1|table)\b", re.IGNORECASE)
FEED = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6}\s+(\S.*)$", re.MULTILINE)
BY = re.compile(r"^\s*(?:written\s+)?by\s+", re.IGNORECASE)
NO_NAME = re.compile(r"https?:|www\.|@|\bstaff\b|\beditors?\b|^admin|^\W*$|\d{3}", re.IGNORECASE)


def read_page(content: bytes, said: dict[str, str]) -> dict[str, Any]:
    """The fields of ingest.extracting.article.Article. ValueError says why the page holds none."""
    text, problems = decode(content, said.get("charset", ""))
    if not text.strip():
        raise ValueError("it is empty")
    beginning = text[:5000]
    if said.get("media_type") in ("text/plain", "text/markdown") and not HTML.match(text.lstrip()[:200]):
        return _plain(text, problems)
    if FEED.search(beginning) and not re.search(r"<html", beginning, re.IGNORECASE):
        raise ValueError("it is a feed, not a page; import it as a feed")
    if not HTML.search(text[:200_000]):
        raise ValueError("it is no page: there is no HTML in it")
    tree = load_html(text)
    if tree is None:
        raise ValueError("it cannot be read as a page: it is damaged, or needs too much memory")
    head = Head(tree, said.get("url", ""))
    found = trafilatura.bare_extraction(
        tree,
        url=head.url or None,
        with_metadata=True,
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        date_extraction_params={
            "original_date": True,
            "extensive_search": False,
            "max_date": (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d"),
        },
    )
    return _article(head, found, problems)


def _article(head: Head, found: Any, problems: list[str]) -> dict[str, Any]:
    body = (getattr(found, "text", None) or "").strip()
    if len(body) > MAX_TEXT:
        problems.append(f"its text was cut after {MAX_TEXT:,} characters of {len(body):,}")
        body = body[:MAX_TEXT]
    site = head.first("og:site_name", "citation_journal_title") or next(iter(head.stated("publisher")), "")
    dates = [
        head.first(
            "article:published_time", "citation_publication_date", "citation_date", "dc.date", "dcterms.created"
        ),
        *head.stated("datePublished"),
        getattr(found, "date", None) or "",
    ]
    return {
        "title": _line(_title(head, found)),
        "authors": _authors(head, getattr(found, "author", None) or "", site),
        "published": next((str(date) for date in map(_date, dates) if date), ""),
        "language": head.language or head.first("og:locale", "content-language", "dc.language"),
        "canonical": head.canonical(),
        "site": _line(site or getattr(found, "sitename", None) or ""),
        "description": head.first("description", "og:description", "twitter:description", "dc.description"),
        "text": body,
        "licence": head.licence(),
        "doi": head.doi(),
        "arxiv": head.arxiv(),
        "feeds": head.feeds(),
        "problems": problems,
    }


def _date(text: str) -> PartialDate | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _title(head: Head, found: Any) -> str:
    """As its publisher gives it for sharing and citing, since the page's own title has the name of the site in it."""
    stated = head.first("citation_title") or next(iter(head.stated("headline")), "") or head.first("og:title")
    return stated or getattr(found, "title", None) or head.first("twitter:title", "dc.title")


def _authors(head: Head, guessed: str, site: str) -> list[str]:
    stated = head.all("citation_author", "dc.creator", "parsely-author") or head.stated("author")
    if not stated:
        stated = [part for value in head.all("author", "article:author") for part in re.split(r";|\band\b|\|", value)]
    names = [_name(value) for value in stated]
    kept = [name for name in names if name and not NO_NAME.search(name) and name.lower() != site.lower()]
    if not kept:
        kept = [name for part in guessed.split(";") if (name := _name(part)) and not NO_NAME.search(name)]
    return list(dict.fromkeys(kept))[:MAX_AUTHORS]


def _name(value: str) -> str:
    """`Upwell, Ada` as `Ada Upwell`."""
    name = BY.sub("", " ".join(value.split()))[:300].strip(" ,;")
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and "," not in first and len(first.split()) <= 3 else name


def _plain(text: str, problems: list[str]) -> dict[str, Any]:
    """A page that is nothing but text: its first heading, or its first line, is its title."""
    body = text.strip()[:MAX_TEXT]
    heading = HEADING.search(body[:5000])
    first = heading[1] if heading else body.partition("\n")[0]
    return {"title": _line(first)[:200], "text": body, "problems": problems}


def _line(text: str) -> str:
    return " ".join(text.split())[:MAX_LINE]
