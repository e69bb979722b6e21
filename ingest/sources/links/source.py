"""Lists of links: a Markdown page, bookmarks of a browser, OPML, or a bibliography (BibTeX, RIS, CSL-JSON).

One entry a link: a case study where the page says which company it is of, else a note on what the link leads to.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ingest.records import (
    MAX_SUMMARY,
    MAX_TITLE,
    BadRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    entry_or_bad,
    keep_valid,
)
from ingest.sources.base import Options, SourceError
from ingest.sources.files import beginning, fingerprint, local_file, read_text
from ingest.sources.links import bibliography
from ingest.sources.links import bookmarks as links_bookmarks
from ingest.sources.links import markdown as links_markdown
from ingest.sources.links.found import Collection, Found
from ingest.sources.works import note_facts
from kb.dates import PartialDate, parse_date

WHAT = "a Markdown page of links, a bookmarks or OPML file, or a bibliography (BibTeX, RIS, CSL-JSON)"
MAX_BYTES = 64_000_000
MAX_TAG = 100  # characters; what is longer is a sentence


class LinkList:
    """The links of one file in their order; one that stands there twice comes once, with the tags of both.

    What the file is, is told from what it holds, whatever its name. With a `namespace` the keys of a bibliography are
    ids in it, so that a work without an address stays the same entry when its title is corrected.
    """

    name = "links"
    takes = frozenset({"kind", "namespace"})
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, WHAT)
        self.options = options
        self.scratch = scratch
        self.notices: list[str] = []
        self.collection = self.path.name
        self.form = _form(self.path)

    def count(self) -> int:
        return len(self._found)

    def fingerprint(self) -> str:
        return fingerprint([self.path])

    def records(self) -> Iterator[Record]:
        for found in self._found:
            yield BadRecord(key=found.where, reason=found.problem) if found.problem else self._entry(found)

    @cached_property
    def _found(self) -> Collection:
        found = Collection(self._read(), self.scratch)
        if not len(found):
            raise SourceError(f"{self.path} has no links; give {WHAT}")
        if found.merged:
            self.notices.append(f"{found.merged} links stand there more than once, and became one entry each")
        return found

    def _read(self) -> Iterator[Found]:
        if self.form == "csl":
            yield from bibliography.read_csl(self.path)
            return
        if self.form == "opml":
            yield from links_bookmarks.read_opml(self.path.read_bytes(), self.notices)
            return
        text, warnings = _text(self.path)
        self.notices += warnings
        if self.form == "bookmarks":
            yield from links_bookmarks.read_netscape(text, self.notices)
        elif self.form == "markdown":
            yield from links_markdown.read(text, self.notices)
        else:
            yield from bibliography.read_bibtex(text) if self.form == "bibtex" else bibliography.read_ris(text)

    def _entry(self, found: Found) -> Record:
        warnings: list[str] = []
        kind = self.options.kind or ("case_study" if found.companies else "note")
        published = _published(found.published, warnings)
        title = found.title or re.sub(r"^https?://(?:www\.)?", "", found.url)
        names = {"company": found.companies, "author": found.authors}
        roles = [{"role": role, "name": name} for role, people in names.items() for name in people]
        page = {
            "url": found.url,
            "title": title[:MAX_TITLE],
            "publisher": found.publisher,
            "authors": found.authors,
            "published": published,
            "language": found.language,
        }
        pages = keep_valid(ReferenceRecord, [page] if found.url else [], "link", warnings)
        own = [(self.options.namespace, found.where)] if self.options.namespace and self._has_keys else []
        return entry_or_bad(
            found.where,
            kind=kind,
            title=title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…",
            summary=found.summary[:MAX_SUMMARY],
            body=found.body,
            occurred=published,
            language=found.language,
            tags=[tag for tag in dict.fromkeys(found.tags) if len(tag) <= MAX_TAG],
            roles=keep_valid(RoleRecord, roles, "name", warnings),
            references=keep_valid(ReferenceRecord, found.references, "reference", warnings),
            external_ids=[*found.ids, *own],
            facts=note_facts(kind, found.resource or ("paper" if found.ids else "article"), found.title),
            page=pages[0] if pages else None,
            warnings=warnings,
        )

    @property
    def _has_keys(self) -> bool:
        return self.form in ("bibtex", "csl")


def _published(said: str, warnings: list[str]) -> PartialDate | None:
    try:
        return parse_date(said) if said else None
    except ValueError as error:
        if year := re.search(r"\b(?:19|20)\d\d\b", said):
            return parse_date(year[0])
        warnings.append(f"date left out: {error}")
        return None


def _form(path: Path) -> str:
    """What the file is, from how it begins; SourceError when it is none of what is read here."""
    try:
        with path.open("rb") as file:
            start = file.read(65536)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    text = beginning(start).lstrip()
    if re.match(r"""[\[{]\s*(?:[\[{"\]}]|\Z)""", text):
        if re.search(r'"children"\s*:', text):
            raise SourceError(
                f"{path} is a browser's own copy of its bookmarks; export them as HTML and give that file"
            )
        return "csl"
    if text.startswith("<"):
        if re.search(r"<opml\b", text, re.IGNORECASE):
            return "opml"
        if re.search(r"netscape-bookmark|<dt\b", text, re.IGNORECASE):
            return "bookmarks"
        if re.match(r"<\?xml|<!doctype|<html|<rss|<feed", text, re.IGNORECASE):
            raise SourceError(f"{path} is a page or feed, not a list of links that is read here; give {WHAT}")
    if bibliography.is_bibtex(text):
        return "bibtex"
    if bibliography.is_ris(text):
        return "ris"
    _text(path)  # say at once that it is no text
    return "markdown"


def _text(path: Path) -> tuple[str, list[str]]:
    try:
        return read_text(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}; give {WHAT}") from None
