"""Addresses as people hand them over: one, several, or a file with one a line."""

import re
from dataclasses import dataclass
from pathlib import Path

from ingest.sources.base import SourceError
from ingest.sources.files import local_file, read_text

MAX_BYTES = 10_000_000
WHAT = "an address, or a file with an address a line"
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
BARE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#]\S*)?")  # example.org/page


@dataclass(frozen=True)
class Addresses:
    """In their order, each once; `dropped` are those that stood there again. `file` is where they were read from."""

    addresses: list[str]
    dropped: int
    file: Path | None


def read_addresses(location: str) -> Addresses:
    """The addresses in `location`: itself, several with blanks between them, or those of the file that it names, where
    lines that begin with # are comments. SourceError when there are none."""
    text = str(location).strip()
    file = None
    if SCHEME.match(text) is None or "://" not in text:
        file = local_file(text, WHAT)
        try:
            text, _ = read_text(file, MAX_BYTES)
        except (OSError, ValueError) as error:
            raise SourceError(f"{file} cannot be read: {error}; give a text file with an address a line") from error
    found = [_address(word) for line in text.splitlines() for word in _words(line)]
    if not found:
        raise SourceError(f"{file or 'the location'} holds no address; give {WHAT}")
    unique = list(dict.fromkeys(found))
    return Addresses(unique, len(found) - len(unique), file)


def _words(line: str) -> list[str]:
    """The addresses in a line: what stands after a # that begins a word is a comment."""
    words = []
    for word in line.split():
        if word.startswith("#"):
            break
        words.append(word)
    return words


def _address(word: str) -> str:
    word = word.strip("<>\ufeff")
    return f"https://{word}" if BARE.fullmatch(word) else word
