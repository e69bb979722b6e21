"""What a PDF says, with the pages it says it on. The reading is done by a process that may die of the document."""

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ingest.extracting import confined
from ingest.extracting.pdf_limits import MAX_FILE_BYTES, MAX_OUTPUT_BYTES


@dataclass(frozen=True)
class PdfText:
    """A document's text and what its first page says of it; '' and [] stand for what it does not say.

    `text` is Markdown: the title and recognised headings begin with `#`, paragraphs are one line each.
    `text[pages[i]:pages[i + 1]]` is page i + 1, the last reaching to the end. `published` is as printed, "30 Jan 2023".
    `doi` is in lower case, `arxiv` without a version. `problems` are what could not be read, in words for a curator.
    """

    title: str
    authors: list[str]
    abstract: str
    published: str
    text: str
    pages: list[int]
    doi: str
    arxiv: str
    language: str
    problems: list[str] = field(default_factory=list)


def read_pdf(path: Path, *, seconds: float = 60, megabytes: int = 1024) -> PdfText:
    """The text of the PDF at `path`, read within so many seconds and so much memory.

    Of a document that is partly damaged or too long, what could be read, with `problems`. Raises ValueError, with a
    sentence about "it", for what is no PDF, needs a password, holds no text, is damaged, or exhausts its reader; and
    OSError when the file cannot be read.
    """
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {MAX_FILE_BYTES:,} bytes ({size:,})")
    with path.open("rb"), tempfile.TemporaryFile() as answer:
        _run(path, seconds, megabytes, answer)
        answer.seek(0)
        raw = answer.read(MAX_OUTPUT_BYTES + 1)
    try:
        found = json.loads(raw)
    except ValueError:
        raise ValueError("it could not be read: its reader died of it; it is damaged, or made to do harm") from None
    if "error" in found:
        raise ValueError(found["error"])
    return PdfText(**found)


def _run(path: Path, seconds: float, megabytes: int, answer: IO[bytes]) -> None:
    arguments = str(path.resolve()), str(seconds), str(megabytes)
    worker = confined.start("ingest.extracting.pdf_worker", *arguments, stdin=subprocess.DEVNULL, stdout=answer)
    try:
        worker.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ValueError(f"it could not be read within {seconds:g} seconds; it is damaged, or made to") from None
    finally:
        worker.kill()
        worker.wait()
