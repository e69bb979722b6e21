"""A file of JSON objects, one entry each: one a line, in a list, or in a list within an object.

Columns are keys, and dots lead inside: `source.url`, `authors.0.name`.
"""

import codecs
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ingest.records import BadRecord, Record
from ingest.sources.base import Options, SourceError
from ingest.sources.files import SAMPLE, fingerprint, local_file
from ingest.sources.lists import listed
from ingest.sources.tables.csv_table import utf_16_without_mark
from ingest.sources.tables.json_values import JsonStructureError, document_spans, lists_of_objects, member_spans
from ingest.sources.tables.mapping import entry_from, map_columns
from ingest.sources.tables.mapping_guesses import guess
from ingest.sources.tables.own_export import VERSION, entry_from_own, version_of
from ingest.sources.tables.sheet import MAX_COLUMNS

MAX_LINE = 8_000_000  # bytes of one object
SAMPLED = 10_000  # objects that are looked at for a key that a mapping names
DEPTH = 4
# What a list of entries is called where an object holds other lists too.
USUAL = {"items", "data", "results", "records", "entries", "incidents", "rows", "cases", "documents", "values", "hits"}
Item = tuple[str, bytes | str]  # where it stands, and the object as it is written, or why it cannot be read


class JsonLines:
    """One object an entry; `map` says which key is which field, or it is guessed from the names."""

    name = "jsonl"
    takes = frozenset({"kind", "namespace", "map"})
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, "a file of JSON lines, or of one JSON list")
        self.scratch = scratch
        self.notices: list[str] = []
        self.options = options
        self.is_own = self._is_own()
        if self.is_own:
            self.collection: str | None = None
            self.listed_at: int | None = None
            self.columns: list[str] = []
            return
        self.listed_at = self._list(options)
        columns, samples = self._columns(set(options.map.values()))
        self.mapped = map_columns(options, columns, self.path, samples)
        self.columns = columns
        self.notices += self.mapped.notices
        self.collection = self.mapped.namespace

    def mapping(self) -> dict[str, str]:
        """Field of ours -> the key it is read from, given or guessed; none of an export of ours."""
        return {} if self.is_own else dict(self.mapped.columns)

    def unmapped(self) -> list[str]:
        """The keys, down to those within them, that are no field of ours."""
        used = set(self.mapping().values())
        return [column for column in self.columns if column not in used]

    def count(self) -> int:
        return sum(1 for _ in self._items())

    def fingerprint(self) -> str:
        return fingerprint([self.path])

    def records(self) -> Iterator[Record]:
        pages: set[str] = set()
        for key, item in self._items():
            try:
                row = parse(item)
            except ValueError as error:
                yield BadRecord(key=key, reason=str(error))
            else:
                if self.is_own:
                    yield entry_from_own(row, self.options, key)
                else:
                    yield entry_from(getter(row), self.mapped, key, pages)

    def _is_own(self) -> bool:
        """Whether the file is an export of this program; SourceError for one that is newer than this program."""
        first = next(self._lines(), (0, b""))[1]
        version = version_of(first) if len(first) <= MAX_LINE else None
        if version is not None and version > VERSION:
            raise SourceError(f"{self.path} was exported by a newer Precedent (format {version}); upgrade this one")
        return version is not None

    def _open(self) -> BinaryIO:
        return Path(self._text.name).open("rb") if self._text else self.path.open("rb")

    @cached_property
    def _text(self) -> Any:
        """The file in UTF-8 where it is something else."""
        with self.path.open("rb") as file:
            head = file.read(SAMPLE)
        wide = utf_16_without_mark(head)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            wide = "utf-16"
        if not wide:
            return None
        copy = tempfile.NamedTemporaryFile(dir=self.scratch, prefix="precedent-json-")  # noqa: SIM115 (kept open)
        with self.path.open(encoding=wide, errors="replace", newline="") as text:
            while chunk := text.read(1 << 20):
                copy.write(chunk.encode(errors="replace"))
        copy.flush()
        return copy

    def _list(self, options: Options) -> int | None:
        """The offset of the `[` whose items are the entries, -1 for objects one after the other, None for lines."""
        lines = list(islice(self._lines(), 2))
        first = lines[0][1].removeprefix(codecs.BOM_UTF8).lstrip() if lines else b""
        if first[:1] not in (b"[", b"{") or (len(lines) > 1 and lines[1][1].lstrip()[:1] == first[:1] == b"{"):
            return None
        if len(lines) > 1 and _is_whole(first):
            return None
        with self._open() as file:
            start = file.read(SAMPLE).find(first[:1])
            if first[:1] == b"[":
                return start
            try:
                lists = lists_of_objects(file, start)
                if len(list(islice(document_spans(file), 2))) > 1:
                    return -1
            except JsonStructureError as error:
                if len(lines) > 1:
                    raise SourceError(f"{self.path} is not JSON: {error}") from None
                return None
            file.seek(0)
            try:
                whole = parse(file.read(MAX_LINE + 1))
            except ValueError:
                whole = {}
        place = self._choose(lists, whole, options)
        return None if place < 0 and len(lines) < 2 else place

    def _choose(self, lists: dict[str, int], whole: dict[str, Any], options: Options) -> int:
        """The offset of the list of entries among `lists`, or -1 when `whole`, the object they are in, is the entry."""
        usual = [path for path in lists if path.rpartition(".")[2].lower() in USUAL]
        named = set(options.map.values()) <= set(paths(whole)) if options.map else "title" in guess(list(whole))
        if not lists or (named and not usual):
            return -1
        chosen = usual if len(usual) == 1 else list(lists)
        if len(chosen) > 1:
            raise SourceError(
                f"{self.path} holds several lists ({listed(chosen)}); keep one (jq '.{chosen[0]}[]' does)"
            )
        self.notices.append(f"read the list {chosen[0]}")
        return lists[chosen[0]]

    def _items(self) -> Iterator[Item]:
        if self.listed_at is None:
            lines = islice(self._lines(), 1 if self.is_own else 0, None)
            yield from ((f"line {number}", line) for number, line in lines)
            return
        with self._open() as file, self._open() as beside:
            spans = document_spans(file) if self.listed_at < 0 else member_spans(file, self.listed_at)
            number = 0
            try:
                for begin, end in spans:
                    beside.seek(begin)
                    item = beside.read(min(end - begin, MAX_LINE + 1))
                    if item.strip():
                        number += 1
                        yield f"item {number}", item
            except JsonStructureError as error:
                yield f"item {number + 1}", str(error)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, the line) of every line that is not blank; a longer one than MAX_LINE is cut."""
        with self._open() as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                rest = line
                while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                    rest = file.readline(MAX_LINE + 1)
                if line.strip():
                    yield number, line

    def _columns(self, wanted: set[str]) -> tuple[list[str], dict[str, list[Any]]]:
        """The paths in the first objects, read on until those that are `wanted` have been seen, and values there."""
        found: dict[str, list[Any]] = {}
        for seen, (_, item) in enumerate(islice(self._items(), SAMPLED)):
            try:
                row = parse(item)
            except ValueError:
                continue
            get = getter(row)
            for path in [*paths(row), *wanted]:
                if path not in found and len(found) >= MAX_COLUMNS and path not in wanted:
                    continue
                value = get(path)
                if path not in wanted and isinstance(value, dict) and value:
                    continue
                if value is None and path in wanted and path not in found:
                    continue
                values = found.setdefault(path, [])
                if seen < 100 and isinstance(value, str | int | float) and len(str(value)) < 1000:
                    values.append(value)
            if seen >= 100 and wanted <= found.keys():
                break
        if not found:
            raise SourceError(f"{self.path} has no line with a JSON object; name a file with one object a line")
        return list(found), found


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def parse(item: bytes | str) -> dict[str, Any]:
    """The object that is written there; ValueError says why there is none."""
    if isinstance(item, str):
        raise ValueError(item)
    if len(item) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE:,} bytes")
    try:
        row = json.loads(item.decode("utf-8-sig"), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(row, dict):
        raise ValueError(f"not an object but {type(row).__name__}")
    return row


def getter(row: dict[str, Any]) -> Callable[[str], Any]:
    """A function from a path to the value there, or None. A key that has dots itself goes first."""

    def get(path: str) -> Any:
        if path in row:
            return row[path]
        value: Any = row
        for part in path.split("."):
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    return get


def paths(row: dict[str, Any], prefix: str = "", depth: int = DEPTH) -> Iterator[str]:
    """The paths that `getter` answers, down to `depth`, outer ones first; of lists, objects among the first three."""
    for key, value in row.items():
        yield prefix + key
        inner = value if isinstance(value, dict) else {}
        if isinstance(value, list):
            inner = {str(place): part for place, part in enumerate(value[:3]) if isinstance(part, dict)}
        if depth > 1:
            yield from paths(inner, f"{prefix}{key}.", depth - 1)


def _refuse(constant: str) -> None:
    raise ValueError(f"not JSON: {constant} is no number")
