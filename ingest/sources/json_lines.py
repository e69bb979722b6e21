"""A file of JSON objects, one entry a line. Columns are keys, and dots lead inside: `source.url`, `authors.0.name`."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.records import BadRecord, Record
from ingest.sources.base import Options, SourceError
from ingest.sources.files import fingerprint, local_file
from ingest.sources.mapping import entry_from, map_columns

MAX_LINE = 8_000_000  # bytes
SAMPLED = 10_000  # lines that are looked at for a key that a mapping names
DEPTH = 4


class JsonLines:
    """One object a line; `map` says which key is which field, or it is guessed from the names."""

    name = "jsonl"
    takes = frozenset({"kind", "namespace", "map"})
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, "a file of JSON lines")
        self.mapped = map_columns(options, self._columns(set(options.map.values())), self.path)
        self.notices: list[str] = list(self.mapped.notices)
        self.collection = self.mapped.namespace

    def count(self) -> int:
        return sum(1 for _ in self._lines())

    def fingerprint(self) -> str:
        return fingerprint([self.path])

    def records(self) -> Iterator[Record]:
        pages: set[str] = set()
        for number, line in self._lines():
            key = f"line {number}"
            try:
                row = parse(line)
            except ValueError as error:
                yield BadRecord(key=key, reason=str(error))
            else:
                yield entry_from(getter(row), self.mapped, key, pages)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, the line) of every line that is not blank; a longer one than MAX_LINE is cut."""
        with self.path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                rest = line
                while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                    rest = file.readline(MAX_LINE + 1)
                if line.strip():
                    yield number, line

    def _columns(self, wanted: set[str]) -> list[str]:
        """The paths in the first lines, read on until those that are `wanted` have been seen."""
        found: dict[str, None] = {}
        for seen, (_, line) in enumerate(islice(self._lines(), SAMPLED)):
            if seen == 0 and line.lstrip(b"\xef\xbb\xbf \t").startswith(b"["):
                raise SourceError(f"{self.path} is one JSON list; write one object a line (jq -c '.[]' does)")
            try:
                found |= dict.fromkeys(paths(parse(line)))
            except ValueError:
                continue
            if seen >= 100 and wanted <= found.keys():
                break
        if not found:
            raise SourceError(f"{self.path} has no line with a JSON object; name a file with one object a line")
        return list(found)


def parse(line: bytes) -> dict[str, Any]:
    """The object on a line; ValueError says why there is none."""
    if len(line) > MAX_LINE:
        raise ValueError(f"the line is longer than {MAX_LINE:,} bytes")
    try:
        row = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse)
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
