"""Pages and papers at addresses: fetched politely, kept as they came, and read."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from ingest import fetching
from ingest.extracting.article import Article, read_article
from ingest.extracting.pdf import read_pdf
from ingest.extracting.reader import Reader
from ingest.fetching import FetchError, Page
from ingest.records import (
    MAX_LICENCE,
    MAX_NAME,
    MAX_SUMMARY,
    MAX_TITLE,
    MAX_URL,
    BadRecord,
    Record,
    ReferenceRecord,
    entry_or_bad,
    why,
)
from ingest.sources.base import Options, SourceError
from ingest.sources.languages import two_letters
from ingest.sources.pdf import paper_ids, paper_page
from ingest.sources.quotes import quote
from ingest.sources.url_list import read_addresses
from ingest.sources.works import note_fields, work_ids
from kb.dates import parse_date
from kb.external import named_by, outside
from kb.kinds import Kind

DATABASES = ("aiid", "avid", "atlas")  # namespaces that are sources too; the first asks not to be crawled
PDF_MARK = b"%PDF-"


class Addresses:
    """Each address as a note about the article or the paper there, in the order in which they are given.

    The text belongs to its publisher: it is the text of the note's page, searched and quoted; the note itself has the
    page's own description, cut to the length of a quotation. A page that was fetched within a day is not fetched again,
    so an import that was interrupted goes on where it was; with `kept` nothing is fetched, and what was kept is read
    anew. Of a kind that is no note the authors and the date are those of the page, not of what it tells of.
    """

    name = "url"
    takes = frozenset({"kind", "kept"})
    fetches = True
    collection = None

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        found = read_addresses(location)
        self.addresses = found.addresses
        self.options = options
        self.notices: list[str] = []
        if found.dropped:
            self.notices.append(f"{found.dropped} addresses stood there more than once")
        if len(self.addresses) == 1:
            try:
                fetching.check(self.addresses[0])
            except FetchError as error:
                raise SourceError(str(error)) from error

    def count(self) -> int:
        return len(self.addresses)

    def fingerprint(self) -> str:
        return hashlib.sha256("\n".join(self.addresses).encode(errors="surrogatepass")).hexdigest()

    def records(self) -> Iterator[Record]:
        with Reader() as reader:
            for address in self.addresses:
                yield self._record(address, reader)

    def _record(self, address: str, reader: Reader) -> Record:
        try:
            _refuse_databases(address)
            page = self._page(address)
            _refuse_databases(page.url)
            content = page.content
            if PDF_MARK in content[:1024]:
                return self._paper(address, page)
            said = {"url": page.url, "media_type": page.media_type, "charset": page.charset}
            return self._article(address, page, read_article(reader, content, **said))
        except FetchError as error:
            later = "; it may work later" if error.again else ""
            return BadRecord(key=address, reason=f"{error}{later}")
        except ValidationError as error:
            return BadRecord(key=address, reason=why(error))
        except ValueError as error:
            return BadRecord(key=address, reason=f"fetched, but {error}")
        except OSError as error:
            return BadRecord(key=address, reason=f"the page could not be kept: {error.strerror or error}")

    def _page(self, address: str) -> Page:
        if self.options.kept != "only":
            return fetching.fetch(address)
        page = fetching.kept(address)
        if page is None:
            raise FetchError("no page of this address was kept; import it without 'kept' to fetch it")
        return page

    def _article(self, address: str, page: Page, article: Article) -> Record:
        warnings = list(article.problems)
        if not article.text and not article.title:
            return BadRecord(key=address, reason="fetched, but it has neither a title nor a text; it may need scripts")
        if not article.text:
            warnings.append("no text was found in the page; it may need scripts, or a sign-in")
        if not article.title:
            warnings.append("the page has no title; the entry is called after its address")
        title = (article.title or page.url)[:MAX_TITLE]
        url = next(one for one in (article.canonical, page.url, address) if one and len(one) <= MAX_URL)
        ids = work_ids(doi=article.doi, arxiv=article.arxiv)
        reference = ReferenceRecord(
            url=url,
            title=title,
            publisher=article.site[:MAX_NAME],
            authors=[author[:MAX_NAME] for author in article.authors],
            published=parse_date(article.published) if article.published else None,
            language=two_letters(article.language),
            text=article.text,
            text_licence=article.licence[:MAX_LICENCE],
        )
        summary = quote(article.description) or quote(article.text)
        return self._entry(address, reference, summary, [address, page.url, url], bool(ids), warnings, ids)

    def _paper(self, address: str, page: Page) -> Record:
        said = read_pdf(page.file)
        warnings = list(said.problems)
        title = (said.title or page.url.rpartition("/")[2] or page.url)[:MAX_TITLE]
        if not said.title:
            warnings.append("no title was found; the entry is called after its file")
        digest = page.file.name
        url = page.url if len(page.url) <= MAX_URL else address
        reference = paper_page(said, title, digest, warnings).model_copy(update={"url": url, "urn": ""})
        known = [*paper_ids(said), ("pdf", digest)]
        return self._entry(address, reference, said.abstract[:MAX_SUMMARY], [address, page.url], True, warnings, known)

    def _entry(
        self,
        address: str,
        page: ReferenceRecord,
        summary: str,
        addresses: list[str],
        is_paper: bool,
        warnings: list[str],
        known: list[tuple[str, str]] | None = None,
    ) -> Record:
        kind = self.options.kind or Kind.NOTE.value
        ids = [pair for one in addresses if one and (pair := named_by(one))] + (known or [])
        return entry_or_bad(
            address,
            kind=kind,
            title=page.title,
            summary=summary,
            language=page.language,
            attribution=page.publisher,
            external_ids=list(dict.fromkeys(ids)),
            page=page,
            warnings=warnings,
            **note_fields(kind, page, "paper" if is_paper else "article", warnings),
        )


def _refuse_databases(address: str) -> None:
    """Raise FetchError for the page of an entry that another source brings whole, which the page would spoil."""
    namespace, value = named_by(address) or ("", "")
    if namespace in DATABASES:
        raise FetchError(f"this is {outside(namespace, value).label}; it comes with the source {namespace}")
