"""Reads one PDF in a process of its own, which may die of it: `python -m ingest.extracting.pdf_worker` says how.

The answer is one JSON object on standard output: the fields of PdfText, or `error` with a sentence. What a document
can do to its reader ends with the process: its memory, its processor time and what it writes are limited by the
kernel, and time by an alarm that rings again and again, because a library may swallow it once.
"""

import json
import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.extracting import confined
from ingest.extracting.pdf_limits import MAX_OUTPUT_BYTES, MAX_PAGES, MAX_TEXT
from ingest.extracting.pdf_lines import Line, LineCollector, TooMuchText, clean

USAGE = "usage: python -m ingest.extracting.pdf_worker FILE SECONDS MEGABYTES"
FOR_READING = 0.7  # share of the time, the rest is for putting the text together
FOR_A_PAGE = 0.3
RING_AGAIN_S = 0.2
RELEASE_EVERY = 25  # pages; what pypdf remembers of them otherwise grows with the document
SHOWN_PAGES = 10
MARKUP = 9  # characters that a line may need besides its own, as a heading does
CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class TimeIsUp(BaseException):
    """No Exception, so that nothing that handles broken documents takes it for one."""


class CannotRead(Exception):
    """The text is the sentence for whoever wanted the document read."""


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 3:
        print(USAGE, file=sys.stderr)
        return 2
    path, seconds, megabytes = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    began = time.monotonic()
    confined.limit(megabytes, RLIMIT_CPU=int(seconds) + 1, RLIMIT_FSIZE=MAX_OUTPUT_BYTES)
    signal.signal(signal.SIGALRM, _ring)
    logging.disable(logging.CRITICAL)
    try:
        answer = read(path, began, seconds, megabytes)
    except CannotRead as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"it needs more than {megabytes:,} MB of memory to read; it is damaged, or made to"}
    except TimeIsUp:
        answer = {"error": f"it takes more than {seconds:g} seconds to open; it is damaged, or made to"}
    json.dump(answer, sys.stdout, ensure_ascii=False)
    sys.stdout.flush()
    return 0


_may_ring = threading.Event()


def _ring(*_: object) -> None:
    if _may_ring.is_set():
        raise TimeIsUp


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """TimeIsUp when what is done inside takes longer."""
    _may_ring.set()
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), RING_AGAIN_S)
    try:
        try:
            yield
        finally:
            _may_ring.clear()
    finally:  # it may have rung between those two lines
        _may_ring.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)


def read(path: Path, began: float, seconds: float, megabytes: int) -> dict[str, Any]:
    """The fields of PdfText. Raises CannotRead, MemoryError or TimeIsUp when the document gives nothing."""
    ends = began + seconds * FOR_READING
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise CannotRead("it is not a PDF: it does not begin like one")
        file.seek(0)
        with at_most(ends - time.monotonic()):
            document = _opened(file)
            metadata, language = _metadata(document)
            count = _count(document)
        problems: list[str] = []
        pages, pictures = _pages(document, count, ends, seconds * FOR_A_PAGE, megabytes, problems)
    if not any(pages):
        raise CannotRead(_why_no_text(count, pictures, problems))
    if pictures:
        problems.append(f"{_listed(pictures)}: only a picture, without text")
    return {**_said(pages, metadata, problems), "language": language, "problems": problems}


def _opened(file: Any) -> Any:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        document = PdfReader(file)
        # The empty password opens what may be read by everybody but only printed or changed with the owner's.
        if document.is_encrypted and not document.decrypt(""):
            raise CannotRead("it is encrypted and needs a password; save it without one and try again")
    except (DependencyError, NotImplementedError):
        raise CannotRead("it is encrypted in a way that cannot be read here; save it unencrypted") from None
    except (CannotRead, MemoryError):
        raise
    except Exception as error:
        raise CannotRead(f"it is damaged: {_first_words(error)}") from None
    return document


def _metadata(document: Any) -> tuple[dict[str, str], str]:
    """What the document says of itself, by names in small letters; and its language."""
    found: dict[str, str] = {}
    language = ""
    try:
        for name, value in (document.metadata or {}).items():
            found[str(name).lstrip("/").lower()] = clean(str(value)[:5000])
        stated = document.root_object.get("/Lang")
        language = clean(str(stated)) if stated and CODE.fullmatch(clean(str(stated))[:40]) else ""
    except MemoryError:
        raise
    except Exception:  # noqa: S110  # half the damaged documents can be read without their metadata
        pass
    found |= {name: value for name, value in _xmp(document).items() if value and not found.get(name)}
    return found, language


def _xmp(document: Any) -> dict[str, str]:
    """The fields that publishers write into the XMP packet; the packet is searched, not parsed."""
    try:
        stream = document.root_object.get("/Metadata")
        data = stream.get_object().get_data()[:500_000] if stream else b""
    except MemoryError:
        raise
    except Exception:
        return {}
    text = data.decode("utf-8", "replace")
    fields = {"doi": "prism:doi", "publicationdate": "prism:publicationDate", "coverdate": "prism:coverDate"}
    found = {name: re.search(rf"<{tag}>([^<]{{1,300}})</{tag}>", text) for name, tag in fields.items()}
    return {name: clean(match[1]) for name, match in found.items() if match}


def _count(document: Any) -> int:
    try:
        return len(document.pages)
    except MemoryError:
        raise
    except Exception as error:
        raise CannotRead(f"it is damaged: its pages cannot be found ({_first_words(error)})") from None


def _pages(
    document: Any, count: int, ends: float, for_a_page: float, megabytes: int, problems: list[str]
) -> tuple[list[list[Line]], list[int]]:
    """The lines of each page, and the numbers of the pages that show pictures and say nothing."""
    from pypdf.errors import LimitReachedError

    pages: list[list[Line]] = []
    pictures: list[int] = []
    bad: dict[str, list[int]] = {}
    stopped = ""
    left = MAX_TEXT
    for number in range(1, count + 1):
        if number > MAX_PAGES:
            stopped = f"no more than {MAX_PAGES:,} are"
        elif time.monotonic() > ends:
            stopped = "there was no time for more"
        if stopped:
            break
        collector = LineCollector(left)
        why = ""
        try:
            with at_most(min(for_a_page, ends - time.monotonic())):
                page = document.pages[number - 1]
                collector = LineCollector(left, _rotation(page))
                page.extract_text(visitor_text=collector)
                if not collector.finish() and _has_pictures(page):
                    pictures.append(number)
        except TooMuchText:
            stopped = f"no more than {MAX_TEXT:,} characters are"
        except TimeIsUp:
            why = "takes too long to read"
        except MemoryError:
            why = f"needs more than {megabytes:,} MB of memory"
        except LimitReachedError as error:
            why = f"asks for more than a page may ({_first_words(error)})"
        except Exception as error:
            why = f"is damaged ({_first_words(error)})"
        lines = collector.finish()
        left -= sum(len(line.text) + MARKUP for line in lines)
        pages.append(lines)
        if why:
            bad.setdefault(why, []).append(number)
        if number % RELEASE_EVERY == 0:
            document.resolved_objects.clear()
    if len(pages) < count or stopped:
        problems.append(f"only the first {len(pages):,} of {count:,} pages were read: {stopped}")
    problems += [f"{_listed(numbers)}: it {why}" for why, numbers in bad.items()]
    return pages, pictures


def _rotation(page: Any) -> int:
    try:
        return int(page.rotation)
    except (TypeError, ValueError, AttributeError):
        return 0


def _has_pictures(page: Any) -> bool:
    try:
        shown = page["/Resources"].get_object()["/XObject"].get_object().values()
        return any(one.get_object().get("/Subtype") == "/Image" for one in list(shown)[:100])
    except (KeyError, AttributeError, TypeError):
        return False


def _why_no_text(count: int, pictures: Sequence[int], problems: Sequence[str]) -> str:
    if not count:
        return "it has no pages"
    if pictures and not problems:
        return "its pages are pictures without text (a scan); have the text recognised (OCR) and try again"
    return "; ".join(["no text could be found in it", *problems])


def _said(pages: list[list[Line]], metadata: dict[str, str], problems: list[str]) -> dict[str, Any]:
    from ingest.extracting import pdf_front
    from ingest.extracting.pdf_text import body_size, compose

    first = next(lines for lines in pages if lines)
    size = body_size(pages)
    title, printed = pdf_front.find_title(first, metadata.get("title", ""), size)
    authors = pdf_front.find_authors(first, printed, metadata.get("author", ""), size, problems)
    doi = pdf_front.find_doi(first, metadata, problems)
    arxiv, stamped = pdf_front.find_arxiv(first, metadata, doi)
    pages = [pdf_front.without_stamps(lines) for lines in pages]
    composed, blocks = compose(pages, printed)
    if len(composed.text) > MAX_TEXT:
        raise CannotRead(f"it says more than the {MAX_TEXT:,} characters that a document may")
    return {
        "title": title,
        "authors": authors,
        "abstract": pdf_front.find_abstract(blocks),
        "published": pdf_front.find_published(first, metadata) or stamped,
        "text": composed.text,
        "pages": composed.pages,
        "doi": doi,
        "arxiv": arxiv,
    }


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"{number:,}" for number in numbers[:SHOWN_PAGES])
    more = f" and {len(numbers) - SHOWN_PAGES:,} more" if len(numbers) > SHOWN_PAGES else ""
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}{more}"


def _first_words(error: BaseException) -> str:
    return clean(str(error))[:150] or type(error).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
