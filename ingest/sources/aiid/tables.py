"""What a location of the AI Incident Database may hold: its tables, as plain rows whatever they were read from.

A row that cannot be read is a text that says where and why. Nothing is read before a table is asked for.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ingest.sources.aiid.labels import Labels
from ingest.sources.aiid.taxa import Taxonomy
from kb.external import named_by
from kb.roles import Role

Row = TypeVar("Row")
Parties = dict[str, list[str]]
ROLES = (Role.DEPLOYER.value, Role.DEVELOPER.value, Role.HARMED.value, Role.SYSTEM.value)
MAX_LITERAL = 100_000  # characters of a list that is written as Python writes one


@dataclass
class Incident:
    """`parties` are keys of entities by role, `names` those that are known by no key; `reports` are numbers."""

    number: int
    title: Any
    date: Any = None
    description: Any = ""
    notes: Any = ""
    reports: list[int] = field(default_factory=list)
    similar: list[int] = field(default_factory=list)
    parties: Parties = field(default_factory=dict)
    names: Parties = field(default_factory=dict)


@dataclass
class Report:
    """An article. `incidents` are their numbers where the report says them, and not the incidents."""

    number: int
    url: Any = ""
    title: Any = ""
    publisher: Any = ""
    authors: list[str] = field(default_factory=list)
    published: Any = None
    language: Any = ""
    text: Any = ""
    licence: Any = ""
    incidents: list[int] = field(default_factory=list)
    is_response: bool = False


@dataclass
class Draft:
    """An address that somebody proposed and nobody has reviewed; `article` is what is known of what stands there."""

    address: str
    article: Report
    incidents: list[int] = field(default_factory=list)
    title: Any = ""
    description: Any = ""
    date: Any = None
    parties: Parties = field(default_factory=dict)
    rejected: bool = False


@dataclass(frozen=True)
class Same:
    """An incident under another database's name: its namespace and identifier there."""

    incident: int
    other: tuple[str, str]


class Tables:
    """All tables, empty. `collection` is the set that the location is the whole of, or None."""

    collection: str | None = "incidents"

    def __init__(self) -> None:
        self.notices: list[str] = []

    def incidents(self) -> Iterator[Incident | str]:
        """The incidents, in any order."""
        yield from ()

    def reports(self) -> Iterator[Report | str]:
        """The articles, in any order."""
        yield from ()

    def duplicates(self) -> Iterator[tuple[int, int] | str]:
        """(the number that was withdrawn, the number it is a duplicate of)."""
        yield from ()

    def entities(self) -> Iterator[tuple[str, str] | str]:
        """(key, name)."""
        yield from ()

    def same_entities(self) -> Iterator[tuple[str, str] | str]:
        """(the key that was withdrawn, the key that stands for it)."""
        yield from ()

    def relations(self) -> Iterator[tuple[str, str, str] | str]:
        """(key of one entity, what it is to the other, key of the other)."""
        yield from ()

    def drafts(self) -> Iterator[Draft | str]:
        """What waits for review."""
        yield from ()

    def taxonomies(self) -> Iterator[Taxonomy | str]:
        """The definitions of taxonomies."""
        yield from ()

    def classifications(self) -> Iterator[Labels | str]:
        """What incidents are classified as."""
        yield from ()

    def links(self) -> Iterator[Same | str]:
        """Which incidents other databases tell of."""
        yield from ()


def read(row: dict[str, Any] | str, reader: Callable[[dict[str, Any]], Row], what: str) -> Row | str:
    """The row as `reader` makes it, or the text that says why it does not."""
    if isinstance(row, str):
        return row
    try:
        return reader(row)
    except (ValueError, TypeError) as error:
        return f"{what}: {error}"


def number(value: Any, name: str) -> int:
    """A whole number from 112, 112.0 (how Mongo stores what JavaScript wrote), '112' or {"$numberInt": "112"}."""
    if isinstance(value, dict) and len(value) == 1:
        value = next((inner for key, inner in value.items() if key.startswith("$number")), value)
    try:
        if isinstance(value, bool) or value is None or float(value) != int(float(value)):
            raise ValueError
        return int(float(value))
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} is not a whole number: {str(value)[:60]!r}") from None


def read_list(value: Any, name: str) -> list[Any]:
    """A list from BSON, or the JSON of one from CSV; nothing at all is an empty list."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = _python_list(value, name)
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list but {type(value).__name__}")
    return value


def _python_list(text: str, name: str) -> Any:
    """What pandas makes of a column of lists: `['youtube']`."""
    try:
        if text.startswith("[") and len(text) <= MAX_LITERAL:
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    raise ValueError(f"{name} is not a JSON list: {text[:60]!r}")


def names(value: Any) -> list[str]:
    """Authors, as a list or joined with commas."""
    if isinstance(value, str) and not value.startswith("["):
        return [name.strip() for name in value.split(", ") if name.strip()]
    return [name for one in read_list(value, "authors") if (name := str(one).strip())]


def keys(value: Any, name: str) -> list[str]:
    """Keys of entities, each once."""
    return list(dict.fromkeys(key for one in read_list(value, name) if (key := str(one).strip())))


def numbers(value: Any, name: str) -> list[int]:
    """Whole numbers, from a list, from the text of one, or from a single one; each once."""
    if isinstance(value, str) and value and not value.startswith("["):
        value = [part for part in re.split(r"[\s,;]+", value) if part]  # as a spreadsheet leaves it
    elif isinstance(value, int | float | dict):
        value = [value]
    return list(dict.fromkeys(number(one, name) for one in read_list(value, name)))


def same(row: dict[str, Any]) -> Same:
    """A row of incident links: an incident, an address that is the same, and whose it is."""
    incident, address = number(row.get("incident_id"), "incident_id"), row.get("sameAs")
    if not isinstance(address, str) or not address.strip():
        raise ValueError(f"no address in sameAs: {str(address)[:60]!r}")
    other = named_by(address.strip())
    if other is None or other[0] == "aiid":
        raise ValueError(f"not the address of an incident that is known here: {address[:200]!r}")
    return Same(incident, other)
