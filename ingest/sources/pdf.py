"""Papers on this machine: one PDF, or a folder of them."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.extracting.pdf import PdfText, read_pdf
from ingest.records import MAX_SUMMARY, BadRecord, Record, ReferenceRecord, date_or_warn, entry_or_bad
from ingest.sources.base import Options, SourceError
from ingest.sources.files import fingerprint, local_path
from ingest.sources.works import note_fields, work_address, work_ids
from kb.kinds import Kind

SUFFIX = ".pdf"


class Papers:
    """Each `*.pdf` under a folder, in the order of their paths, or the one file named: a note about the paper.

    A paper is known by its DOI and its arXiv id where its first page or its metadata tell them, and always by what its
    file holds, in the namespace `pdf`: a file that is renamed or moved is the same paper. The note says what libraries
    do: title, authors, abstract. The whole text belongs to its publisher: it is the text of the note's page, searched
    and quoted with the number of the page.
    """

    name = "pdf"
    takes = frozenset({"kind", "namespace"})
    fetches = False
    what = "a PDF or a folder of them"

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.options = options
        self.notices: list[str] = []
        self.path = local_path(location, self.what)
        self.root = self.path if self.path.is_dir() else self.path.parent
        self.collection = (options.namespace or self.root.name) if self.path.is_dir() else None
        self._refused: list[BadRecord] = []
        self.paths = [self.path] if self.path.is_file() else sorted(self._walk(), key=lambda path: path.parts)
        if not self.paths and not self._refused:
            raise SourceError(f"{self.path} holds no .pdf file; name the folder that does")

    def count(self) -> int:
        return len(self._refused) + len(self.paths)

    def fingerprint(self) -> str:
        return fingerprint(self.paths, self.root)

    def records(self) -> Iterator[Record]:
        yield from self._refused
        for path in self.paths:
            yield self._record(path)

    def _walk(self) -> Iterator[Path]:
        def unreadable(error: OSError) -> None:
            folder = Path(error.filename or self.root)
            if folder == self.root:
                raise SourceError(f"cannot read {folder}: {error.strerror}; change its permissions") from error
            self._refuse(folder, f"the folder cannot be read: {error.strerror}")

        for folder, folders, names in os.walk(self.root, onerror=unreadable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if name.startswith(".") or path.suffix.lower() != SUFFIX:
                    continue
                if path.is_symlink():
                    self._refuse(path, "a symbolic link is not followed; copy the file")
                elif path.is_file():
                    yield path
                else:
                    self._refuse(path, "not a regular file")

    def _refuse(self, path: Path, reason: str) -> None:
        self._refused.append(BadRecord(key=path.relative_to(self.root).as_posix(), reason=reason))

    def _record(self, path: Path) -> Record:
        key = path.relative_to(self.root).as_posix()
        try:
            digest = _digest(path)
            said = read_pdf(path)
        except OSError as error:
            return BadRecord(key=key, reason=f"it cannot be read: {error.strerror or error}")
        except ValueError as error:
            return BadRecord(key=key, reason=str(error))
        warnings = list(said.problems)
        return entry_or_bad(key, **self._fields(said, path.stem, digest, warnings), warnings=warnings)

    def _fields(self, said: PdfText, stem: str, digest: str, warnings: list[str]) -> dict[str, Any]:
        if not said.title:
            warnings.append("no title was found; the entry is called after its file")
        title = said.title or stem.replace("_", " ")
        kind = self.options.kind or Kind.NOTE.value
        page = paper_page(said, title, digest, warnings)
        return {
            "kind": kind,
            "title": title,
            "summary": said.abstract[:MAX_SUMMARY],
            "language": page.language,
            "external_ids": [*paper_ids(said), (self.options.namespace or self.name, digest)],
            "page": page,
            **note_fields(kind, page, "paper", warnings),
        }


def paper_ids(said: PdfText) -> list[tuple[str, str]]:
    """What the world knows the paper by: its DOI and its arXiv id."""
    return work_ids(doi=said.doi, arxiv=said.arxiv)


def paper_page(said: PdfText, title: str, digest: str, warnings: list[str]) -> ReferenceRecord:
    """The paper as a reference with its whole text: at its DOI or arXiv's page, else known by its file's SHA-256."""
    url = work_address(paper_ids(said))
    return ReferenceRecord(
        url=url,
        urn="" if url else f"urn:sha256:{digest}",
        title=title,
        authors=said.authors,
        published=date_or_warn(said.published, "date of publication", warnings),
        language=said.language,
        text=said.text,
        pages=said.pages,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
