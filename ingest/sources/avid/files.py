"""The JSON documents of an AVID database: files of a folder or archive, lines of a file, or items of a list.

Each is read when it is asked for, so only their names are held in memory; a list in one file is the exception, and
bounded.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from ingest.sources import archives
from ingest.sources.base import SourceError
from ingest.sources.tables.json_lines import MAX_LINE, parse

MAX_DOCUMENT = MAX_LINE
MAX_LIST = 64_000_000  # bytes of one file with a list of records, which is read whole
MAX_FILES = 200_000
WHAT = "an AVID database: its folder or archive, one JSON file, or JSON lines"


class Documents(Protocol):
    """`names` say where each document stands, in an order that is the same for the same content."""

    names: list[str]

    def read(self, name: str) -> dict[str, Any]:
        """The object of that name; ValueError says why there is none."""


def open_documents(path: Path, scratch: Path | None) -> Documents:
    """The documents at `path`; SourceError when it holds none."""
    if path.is_dir():
        return Files(dict(_below(path)), path)
    try:
        if archives.is_archive(path):
            return Files(archives.copy_out(path, _wanted, scratch, "avid-"), path)
        return _in_one_file(path)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


class Files:
    """One file a document, by the order of their paths."""

    def __init__(self, files: dict[str, Path], path: Path) -> None:
        if not files:
            raise SourceError(f"{path} holds no .json file; give {WHAT}")
        self._files = files  # an archive's copies live as long as this does
        self.names = sorted(files)

    def read(self, name: str) -> dict[str, Any]:
        try:
            with self._files[name].open("rb") as file:
                raw = file.read(MAX_DOCUMENT + 1)
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        if len(raw) > MAX_DOCUMENT:
            raise ValueError(f"larger than {MAX_DOCUMENT:,} bytes")
        return parse(raw)


class Lines:
    """One line a document."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        with path.open("rb") as file:
            number = place = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if line.strip(b" \t\r\n\xef\xbb\xbf"):
                    self._places[f"line {number}"] = place
                while len(line) > MAX_LINE and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE + 1)
                place = file.tell()
        self.names = list(self._places)

    def read(self, name: str) -> dict[str, Any]:
        with self._path.open("rb") as file:
            file.seek(self._places[name])
            return parse(file.readline(MAX_LINE + 1))


class Items:
    """The items of a list that was read whole."""

    def __init__(self, items: list[Any]) -> None:
        self._items = {f"record {number}": item for number, item in enumerate(items, start=1)}
        self.names = list(self._items)

    def read(self, name: str) -> dict[str, Any]:
        item = self._items[name]
        if not isinstance(item, dict):
            raise ValueError(f"not an object but {type(item).__name__}")
        return item


def _below(root: Path) -> Iterator[tuple[str, Path]]:
    """(path below the root, file) of each JSON file; hidden ones and links that lead out are passed over."""
    found = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(folder, name) for name in sorted(files)):
            name = path.relative_to(root).as_posix()
            if not _wanted(name) or not path.is_file() or not path.resolve().is_relative_to(root):
                continue
            found += 1
            if found > MAX_FILES:
                raise SourceError(f"{root} holds more than {MAX_FILES:,} JSON files; give the folder of the database")
            yield name, path


def _wanted(name: str) -> str:
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return name if name.lower().endswith(".json") and not hidden else ""


def _in_one_file(path: Path) -> Documents:
    with path.open("rb") as file:
        start = file.readline(MAX_LINE + 1)
        while start and not start.strip(b" \t\r\n\xef\xbb\xbf"):
            start = file.readline(MAX_LINE + 1)
    if not start.lstrip(b" \t\xef\xbb\xbf").startswith((b"{", b"[")):
        raise SourceError(f"{path} is neither JSON nor an archive; give {WHAT}")
    lines = Lines(path)
    return lines if len(lines.names) > 1 and _any_readable(lines) else _whole(path)


def _whole(path: Path) -> Documents:
    """One object, or a list of them, by itself or as the values of an object."""
    if path.stat().st_size > MAX_LIST:
        raise SourceError(f"{path} is larger than {MAX_LIST:,} bytes; write one record a line (jq -c '.[]' does)")
    try:
        read = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not JSON ({str(error)[:200]}); give {WHAT}") from None
    if isinstance(read, dict):
        lists = [value for value in read.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        if lists and "problemtype" not in read and "data_type" not in read:
            read = [item for items in lists for item in items]
        else:
            read = [read]
    if not read:
        raise SourceError(f"{path} is an empty list; give {WHAT}")
    return Items(read)


def _any_readable(lines: Lines) -> bool:
    """Whether there is an object on one of the first lines: JSON written over many lines has `{` and `"a": 1,`."""
    for name in lines.names[:100]:
        try:
            lines.read(name)
        except ValueError:
            continue
        return True
    return False
