"""What every source promises, and what it may be told."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ingest.records import NAMESPACE, Record
from kb.kinds import KINDS


class SourceError(Exception):
    """The source cannot be read at all; the text says what is wrong with what, and what to do about it.

    Trying again without a change is no use. A single bad record is a BadRecord in the stream instead.
    """


@dataclass(frozen=True)
class Options:
    """How to read a source: `kind` of its entries, `namespace` of its ids, `map` of our fields to its columns, `sheet`
    of a workbook; `kept` is "only" for what was fetched before, without asking anybody again.

    '' and {} leave it to the source.
    """

    kind: str = ""
    namespace: str = ""
    map: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""
    kept: str = ""

    @classmethod
    def read(cls, source: str, given: Mapping[str, Any], takes: Iterable[str]) -> "Options":
        """Checked options from what was typed or posted; SourceError names an option that is wrong or not taken."""
        given = {name: value for name, value in given.items() if value}
        if unused := sorted(set(given) - set(takes)):
            known = ", ".join(sorted(takes)) or "no options"
            raise SourceError(f"the source {source} does not take {', '.join(unused)}; it takes {known}")
        kind = str(given.get("kind", "")).strip().lower().replace("-", "_")
        if kind and kind not in KINDS:
            raise SourceError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        namespace = str(given.get("namespace", ""))
        if namespace and not NAMESPACE.fullmatch(namespace):
            raise SourceError(f"namespace must be 1 to 40 of a-z, 0-9, '-', '_', '.', not {namespace!r}")
        kept = str(given.get("kept", ""))
        if kept not in ("", "only"):
            raise SourceError(f"kept must be 'only' or left out, not {kept!r}")
        return cls(kind, namespace, read_map(given.get("map", {})), str(given.get("sheet", "")).strip(), kept)


def read_map(given: object) -> dict[str, str]:
    """`["title=Head line"]` or `{"title": "Head line"}` as the latter; SourceError says what is wrong with it."""
    if isinstance(given, Mapping):
        return {str(name).strip(): str(column).strip() for name, column in given.items()}
    if not isinstance(given, list | tuple):
        raise SourceError(f"map must be a list of field=column, not {given!r}")
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, column = (part.strip() for part in str(text).partition("="))
        if not (name and equals and column):
            raise SourceError(f"map must be field=column, such as title=Headline, not {text!r}")
        if name in pairs:
            raise SourceError(f"map names the field {name} twice")
        pairs[name] = column
    return pairs


class Source(Protocol):
    """A file, folder or archive as a stream of records.

    `name` is the registry's; `takes` are the options it understands; `notices` are what whoever imports should be told
    once, complete when the records have been read. `collection` names the set that the location is the whole of: what
    an earlier import of that set had and this one lacks has vanished upstream. It is None where the location is no
    whole of anything. A source that `fetches` takes an address as its location; for the others, a file at an address
    is downloaded first.
    """

    name: str
    takes: frozenset[str]
    fetches: bool
    notices: list[str]
    collection: str | None

    def count(self) -> int | None:
        """How many records will come, bad ones included; None when only reading them all would tell."""

    def records(self) -> Iterator[Record]:
        """Every record, in an order that is the same for the same content, so an import can resume by skipping.

        What cannot be read is a BadRecord in its place and stops nothing. May be called again, to start anew.
        """

    def fingerprint(self) -> str:
        """Equal as long as the content at the location is untouched; cheap, so ask before resuming."""


def slugify(text: str) -> str:
    """`text` as a slug of its own script: letters and digits in lower case, joined by '-'; '' when it has neither.

    >>> slugify("ML/Künstliche Neuronen.md")
    'ml-künstliche-neuronen-md'
    """
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:200].rstrip("-")
