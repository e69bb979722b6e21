"""RSS and Atom feeds: what they bring becomes drafts, for a curator to look at."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from ingest import fetching
from ingest.extracting.feed import Feed, Item, read_feed
from ingest.extracting.reader import Reader
from ingest.fetching import FetchError, Page
from ingest.records import (
    MAX_NAME,
    MAX_TITLE,
    BadRecord,
    Record,
    ReferenceRecord,
    check_url,
    entry_or_bad,
    why,
)
from ingest.sources.base import Options, SourceError
from ingest.sources.files import local_file
from ingest.sources.languages import two_letters
from ingest.sources.quotes import quote
from ingest.sources.works import note_fields
from kb.addresses import canonical_url
from kb.kinds import Kind

MAX_FILE = 50_000_000
WORLDWIDE = ("tag:", "urn:")  # identifiers that no other feed gives to something else


class FeedItems:
    """Each item of the feed at an address, or in a file: a draft, known by the address it leads to.

    What the feed has of an article's text belongs to its publisher: it is the text of the draft's page, searched and
    quoted. The feed is asked for each time; one that did not change says so, and is read as it was kept.
    """

    name = "feed"
    takes = frozenset({"kind", "kept"})
    fetches = True
    collection = None

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.location = str(location).strip()
        self.options = options
        self.notices: list[str] = []
        self.path: Path | None = None
        if "://" not in self.location:
            self.path = local_file(self.location, "the address of a feed, or a file of one")
            return
        try:
            fetching.check(self.location)
        except FetchError as error:
            raise SourceError(str(error)) from error

    def count(self) -> int:
        return len(self._items)

    def fingerprint(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    def records(self) -> Iterator[Record]:
        self.notices = [f"the feed: {problem}" for problem in self._feed.problems]
        if not self._feed.items:
            self.notices.append("the feed has no items at the moment")
        if again := len(self._feed.items) - len(self._items):
            self.notices.append(f"{again} items lead where another one leads; the first of them was taken")
        for key, item in self._items.items():
            yield self._record(key, item)

    @cached_property
    def _page(self) -> Page | None:
        """The feed as it was fetched; None for a file."""
        if self.path:
            return None
        try:
            if self.options.kept != "only":
                return fetching.fetch(self.location, max_age=0)
            page = fetching.kept(self.location)
        except FetchError as error:
            raise SourceError(f"{error}; it may work later" if error.again else str(error)) from error
        except OSError as error:
            raise SourceError(f"the feed could not be kept: {error}") from error
        if page is None:
            raise SourceError(f"{self.location} was never kept; import it without 'kept' to fetch it")
        return page

    @cached_property
    def _content(self) -> bytes:
        try:
            if self._page:
                return self._page.content
            assert self.path
            with self.path.open("rb") as file:
                content = file.read(MAX_FILE + 1)
        except OSError as error:
            raise SourceError(f"{self.location} cannot be read: {error.strerror or error}") from error
        if len(content) > MAX_FILE:
            raise SourceError(f"{self.path} is larger than {MAX_FILE:,} bytes; a feed is smaller")
        return content

    @cached_property
    def _feed(self) -> Feed:
        page = self._page
        url, content_type = (page.url, page.headers.get("content-type", "")) if page else ("", "")
        with Reader() as reader:
            try:
                return read_feed(reader, self._content, url=url, content_type=content_type)
            except ValueError as error:
                raise SourceError(f"{self.location} cannot be read as a feed: {error}") from error

    @cached_property
    def _items(self) -> dict[str, Item]:
        """Items by what they are known by, the first of each."""
        items: dict[str, Item] = {}
        for number, item in enumerate(self._feed.items, start=1):
            key = canonical_url(item.link) if _is_address(item.link) else item.guid or f"item {number}"
            items.setdefault(key, item)
        return items

    def _record(self, key: str, item: Item) -> Record:
        warnings: list[str] = []
        title = (item.title or quote(item.summary or item.text, 100))[:MAX_TITLE]
        has_link = _is_address(item.link)
        if not has_link and not item.guid:
            return BadRecord(key=key, reason=f"has neither a link nor an id: {title[:100]!r}")
        if item.link and not has_link:
            warnings.append(f"link left out, it is no address: {item.link[:100]!r}")
        identifier = "" if has_link else self._identifier(item.guid)
        page: dict[str, Any] = {
            "url": item.link if has_link else "",
            "urn": f"urn:sha256:{hashlib.sha256(identifier.encode()).hexdigest()}" if identifier else "",
            "title": title,
            "publisher": self._feed.title[:MAX_NAME],
            "authors": [name[:MAX_NAME] for name in item.authors],
            "published": item.published or None,
            "language": two_letters(item.language or self._feed.language),
            "text": item.text,
            "text_licence": item.licence or self._feed.licence,
        }
        try:
            reference = ReferenceRecord.model_validate(page)
        except ValidationError as error:
            return BadRecord(key=key, reason=why(error))
        kind = self.options.kind or Kind.NOTE.value
        return entry_or_bad(
            item.link if has_link else key,
            kind=kind,
            status="draft",
            title=title,
            summary=quote(item.summary) or quote(item.text),
            language=reference.language,
            attribution=reference.publisher,
            tags=[tag[:MAX_NAME] for tag in item.tags],
            external_ids=[("feed", identifier)] if identifier else [],
            page=reference,
            warnings=warnings,
            **note_fields(kind, reference, "article", warnings),
        )

    def _identifier(self, guid: str) -> str:
        """The item's own id, made one of this feed unless it is one of the whole world."""
        feed = urlsplit(self.location).netloc or Path(self.location).name
        value = guid if guid.startswith(WORLDWIDE) else f"{feed} {guid}"
        return value if len(value) <= MAX_NAME else hashlib.sha256(value.encode()).hexdigest()


def _is_address(link: str) -> bool:
    try:
        return bool(link and check_url(link))
    except ValueError:
        return False
