"""Entries as a bibliography: BibTeX, RIS and CSL-JSON, one item an entry.

A note or a case study that is known by an address is cited as what it is about, by that page's authors and date; an
incident as the page about it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kb.exporting.notice import Notice
from kb.exporting.records import ExportRecord
from kb.external import outside
from kb.kinds import Kind

LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
SPECIAL = re.compile(r"[\\{}$&%#_~^]")
ADDRESS = re.compile(r"[\s{}\\]")


@dataclass(frozen=True)
class Cited:
    """What a bibliography says of an entry."""

    key: str
    title: str
    date: str
    url: str
    authors: list[str]
    publisher: str
    summary: str
    keywords: list[str]
    language: str
    doi: str
    note: str
    is_paper: bool
    accessed: str = ""


def bibtex(records: Iterable[ExportRecord], notice: Notice) -> Iterator[str]:
    """`@misc` and `@article` items; who has to be named stands in comments at the head, and in each `note`."""
    yield "".join(f"% {line}\n" for line in notice.lines())
    for one in map(_cited, records):
        yield f"\n{bibtex_item(one)}"


def ris(records: Iterable[ExportRecord], notice: Notice) -> Iterator[str]:
    """One item after the other, each from `TY` to `ER`."""
    return map(ris_item, map(_cited, records))


def csl_json(records: Iterable[ExportRecord], notice: Notice) -> Iterator[str]:
    """A list of items, one a line."""
    yield "["
    for number, one in enumerate(map(_cited, records)):
        yield ("," if number else "") + "\n" + json.dumps(csl_item(one), ensure_ascii=False)
    yield "\n]\n"


def bibtex_item(one: Cited) -> str:
    """One `@misc` or `@article`."""
    year, month, *_ = (*one.date.split("-"), "")
    fields = {
        "title": f"{{{_latex(one.title)}}}",
        "author": " and ".join(f"{{{_latex(name)}}}" for name in one.authors),
        "year": year,
        "month": month,
        "date": one.date,
        "journal" if one.is_paper else "howpublished": _latex(one.publisher),
        "url": ADDRESS.sub("", one.url),
        "urldate": one.accessed,
        "doi": ADDRESS.sub("", one.doi),
        "keywords": _latex(", ".join(one.keywords)),
        "abstract": _latex(one.summary),
        "langid": one.language,
        "note": _latex(one.note),
    }
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{'article' if one.is_paper else 'misc'}{{{one.key}{lines}\n}}\n"


def ris_item(one: Cited) -> str:
    """From `TY` to `ER`."""
    said = [("TY", "JOUR" if one.is_paper else "ELEC"), ("ID", one.key), ("TI", one.title)]
    said += [("AU", name) for name in one.authors]
    said += [("PY", one.date[:4]), ("DA", one.date.replace("-", "/")), ("PB", one.publisher), ("UR", one.url)]
    said += [("Y2", one.accessed.replace("-", "/"))]
    said += [("DO", one.doi), ("LA", one.language), ("AB", one.summary), ("N1", one.note)]
    said += [("KW", word) for word in one.keywords]
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in said if value) + "ER  - \r\n\r\n"


def csl_item(one: Cited) -> dict[str, Any]:
    """One object of a CSL-JSON list."""
    said = {
        "id": one.key,
        "type": "article-journal" if one.is_paper else "webpage",
        "title": one.title,
        "author": [{"literal": name} for name in one.authors],
        "issued": _csl_date(one.date),
        "accessed": _csl_date(one.accessed),
        "container-title": one.publisher,
        "URL": one.url,
        "DOI": one.doi,
        "abstract": one.summary,
        "keyword": ", ".join(one.keywords),
        "language": one.language,
        "note": one.note,
    }
    return {name: value for name, value in said.items() if value}


def _csl_date(date: str) -> dict[str, Any]:
    parts = [int(part) for part in date.split("-") if part.isdecimal()]
    return {"date-parts": [parts]} if parts else {}


def _cited(record: ExportRecord) -> Cited:
    said = record.said
    about = said["references"][0] if said["references"] and said["kind"] != Kind.INCIDENT else {}
    ids = dict(reversed([tuple(pair) for pair in said["ids"]]))
    pages = [outside(*pair).url for pair in said["ids"]]
    own_page = record.url or next(filter(None, pages), "")
    authors = about.get("authors") or [row["name"] for row in said["roles"] if row["role"] == "author"]
    is_paper = said["facts"].get("resource") == "paper"
    return Cited(
        key=citation_key(said["slug"]),
        title=said["title"],
        date=about.get("date") or said["date"],
        url=about.get("url") or own_page,
        authors=list(authors),
        publisher=about.get("publisher", ""),
        summary=said["summary"],
        keywords=said["tags"],
        language=said["language"],
        doi=ids.get("doi", ""),
        note=_note(said),
        is_paper=is_paper,
    )


def citation_key(slug: str) -> str:
    """What an item is called within a bibliography."""
    return re.sub(r"[^\w:.+-]", "-", slug)


def _note(said: dict[str, Any]) -> str:
    """Who has to be named, and what the entry is called elsewhere."""
    known = [outside(*pair).label for pair in said["ids"] if outside(*pair).url]
    named = [", ".join(filter(None, (one["attribution"], one["licence"]))) for one in said["attributions"]]
    return "; ".join(filter(None, (*named, *known)))


def _latex(text: str) -> str:
    return SPECIAL.sub(lambda found: LATEX[found[0]], " ".join(text.split()))
