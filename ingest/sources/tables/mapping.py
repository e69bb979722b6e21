"""Tables and JSON lines as entries: which of their columns is which field, and a row as a record."""

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from pydantic import ValidationError

from ingest.records import (
    NAMESPACE,
    BadRecord,
    EntryRecord,
    ReferenceRecord,
    RoleRecord,
    date_or_warn,
    entry_or_bad,
    keep_valid,
    why,
)
from ingest.sources.base import Options, SourceError
from ingest.sources.lists import listed
from ingest.sources.markdown.own_words import split_tags
from ingest.sources.tables.mapping_guesses import FACT, GUESSED, GUESSES, SLASHED, first_of, guess, guess_facts, plain
from ingest.sources.tables.sheet import Linked
from kb.dates import PartialDate
from kb.kinds import KINDS, clean_facts
from kb.roles import Role

MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\((https?://[^\s)]+)\)")


class NoTitleColumn(SourceError):
    """Nothing says which of the `columns` is the title."""

    def __init__(self, message: str, columns: Sequence[str]) -> None:
        super().__init__(message)
        self.columns = tuple(columns)


@dataclass(frozen=True)
class Mapped:
    """Which column is which field, what kind the rows are of, and whose ids theirs are.

    `first` is "day" or "month" where dates such as 03/04/2024 are known to begin with that.
    """

    columns: Mapping[str, str]
    kind: str
    namespace: str
    notices: tuple[str, ...] = ()
    first: str = ""


def map_columns(
    options: Options, columns: Sequence[str], path: Path, samples: Mapping[str, Sequence[Any]] | None = None
) -> Mapped:
    """The mapping that `options` ask for, or one guessed from names and from the `samples` of what columns hold.

    SourceError says what there is to choose from.
    """
    known = listed(columns)
    samples = samples or {}
    chosen = dict(options.map) or guess(columns, samples)
    for name, column in chosen.items():
        if name not in GUESSES and not (name.startswith(FACT) and name != FACT):
            raise SourceError(f"there is no field {name!r} to map; there are {', '.join(GUESSES)} and facts.NAME")
        if column not in columns:
            raise SourceError(f"{path.name} has no column {column!r} (for {name}); it has {known}")
    if "title" not in chosen:
        raise NoTitleColumn(f"say which column is the title (--map title=COLUMN); {path.name} has {known}", columns)
    kind = options.kind or _kind_of(chosen, columns)
    if not options.map and "kind" not in chosen:
        chosen |= guess_facts(kind, [column for column in columns if column not in chosen.values()])
    notices = []
    if not options.map:
        pairs = ", ".join(f"{name}={column}" for name, column in chosen.items())
        notices.append(f"no mapping was given; read as {pairs}")
    used = set(chosen.values())
    if unread := [column for column in columns if column not in used]:
        notices.append(f"columns that are not read: {listed(unread)}")
    facts = KINDS[kind].facts.model_fields
    for name in chosen:
        if name.startswith(FACT) and name.removeprefix(FACT) not in facts and "kind" not in chosen:
            raise SourceError(f"an entry of kind {kind} has no {name}; its facts are {', '.join(facts)}")
    if not options.kind and "kind" not in chosen:
        notices.append(f"no kind was given; read as {kind}")
    namespace = options.namespace or _namespace_of(path)
    if "id" in chosen and not options.namespace:
        notices.append(f"no namespace was given for the ids; {namespace} was taken from the file's name")
    first = first_of(samples.get(chosen.get("date", ""), ()))
    if first:
        notices.append(f"dates such as 03/04/2024 are read {first} first, as others in the column must be")
    return Mapped(chosen, kind, namespace, tuple(notices), first)


def is_known(options: Options) -> Callable[[str], bool]:
    """Whether a name is one that the given mapping names or, when none is given, one that would be guessed."""
    if options.map:
        return set(options.map.values()).__contains__
    return lambda name: plain(name) in GUESSED


def _kind_of(chosen: Collection[str], columns: Collection[str]) -> str:
    if {"developer", "deployer", "harmed"} & set(chosen) or any("incident" in plain(name) for name in columns):
        return "incident"
    return "case_study" if "company" in chosen else "note"


def _namespace_of(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40].rstrip("-")
    return name if NAMESPACE.fullmatch(name) else "table"


def entry_from(get: Callable[[str], Any], mapped: Mapped, key: str, pages: set[str]) -> EntryRecord | BadRecord:
    """The row whose values `get(column)` returns (None: not there) as an entry, or why it makes none.

    A case study or note is known by its address too, which becomes its `page`. `pages` are the addresses that earlier
    rows are known by; a row that shares one has it among its references only.
    """
    warnings: list[str] = []
    got = {name: get(column) for name, column in mapped.columns.items()}
    got |= {name: str(value).lower() for name, value in got.items() if isinstance(value, bool)}
    values = {name: value for name, value in got.items() if value not in (None, [], {}) and str(value).strip()}
    fields: dict[str, Any] = {
        name: values[name] for name in ("title", "summary", "body", "slug", "language") if name in values
    }
    fields["kind"] = re.sub(r"[\s-]+", "_", str(values.get("kind", mapped.kind)).strip().lower())
    fields["occurred"] = _date(values.get("date"), mapped.first, warnings)
    tags = _listed(values.get("tags", []))
    fields["tags"] = split_tags(tags) if isinstance(tags, str) else _several(tags)
    fields["roles"] = keep_valid(
        RoleRecord,
        ({"role": role, "name": name} for role in Role.values for name in _several(values.get(role, []))),
        "entity",
        warnings,
    )
    about = {"title": values["title"]} if isinstance(values.get("title"), str) else {}
    about |= {"publisher": values["publisher"]} if "publisher" in values else {}
    addresses = _urls(values.get("url")) or _link_of(values.get("title"))
    fields["references"] = keep_valid(ReferenceRecord, ({"url": url, **about} for url in addresses), "url", warnings)
    if "id" in values:
        fields["external_ids"] = [(mapped.namespace, _without_fraction(values["id"]))]
    if fields["kind"] != "incident" and fields["references"] and fields["references"][0].url not in pages:
        pages.add(fields["references"][0].url)
        fields["page"] = fields["references"].pop(0)
    facts = {name.removeprefix(FACT): value for name, value in values.items() if name.startswith(FACT)}
    fields["facts"] = _fit(facts, str(fields["kind"]), warnings)
    if any("\ufffd" in value for value in values.values() if isinstance(value, str)):
        warnings.append("holds characters that could not be read; they are shown as \ufffd")
    return entry_or_bad(key, **fields, warnings=warnings)


def _fit(facts: dict[str, Any], kind: str, warnings: list[str]) -> dict[str, Any]:
    """`facts` as the kind has them: a text is parted where the kind has a list, and what it cannot hold is left out."""
    known = KINDS[kind].facts.model_fields if kind in KINDS else {}
    fitting: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in known:
            warnings.append(f"fact {name!r} left out: an entry of kind {kind} has none")
            continue
        is_list = get_origin(known[name].annotation) is list
        fact = [_text(part) for part in _several(value)] if is_list else _text(value)
        try:
            fitting |= clean_facts(kind, {name: fact})
        except ValidationError as error:
            warnings.append(f"fact {name!r} left out: {why(error)}")
    return fitting


def _text(value: Any) -> Any:
    """A number as its text, and the parts of a list as one."""
    if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
        return "; ".join(str(part) for part in value)
    return str(value) if isinstance(value, int | float | dt.date) else value


def _several(value: Any) -> list[Any]:
    """A list, or the parts of a text between `;`, `|` and lines. Commas stay: `Apple, Inc.` is one name."""
    value = _listed(value)
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;|\n]", value) if part.strip()]
    return [_name_of(part) for part in value] if isinstance(value, list) else [value]


def _name_of(value: Any) -> Any:
    """What an object such as `{"id": 7, "name": "lifts"}` is called; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return next((value[key] for key in ("name", "title", "label", "value", "text") if value.get(key)), value)


def _listed(value: Any) -> Any:
    """The list that a text such as `["one", "two"]` is in JSON; anything else as it is."""
    if isinstance(value, str) and value.startswith("[") and value.rstrip().endswith("]"):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return found if isinstance(found, list) else value
    return value


def _urls(value: Any) -> list[Any]:
    """The addresses in a value. Blanks part them; `;` and `|` may belong to one."""
    value = _listed(value)
    if isinstance(value, Linked) and not re.match("https?://", value.strip(), re.IGNORECASE):
        return [value.url]
    if isinstance(value, str):
        if found := MARKDOWN_LINK.findall(value):
            return found
        return [url.rstrip(";,") for url in value.split()]
    if isinstance(value, list):
        return [part.get("url") or part.get("href") if isinstance(part, dict) else part for part in value]
    return [] if value is None else [value]


def _link_of(value: Any) -> list[str]:
    return [value.url] if isinstance(value, Linked) else []


def _without_fraction(value: Any) -> str:
    """An id as text: `12` where a spreadsheet made 12.0 of it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _date(value: Any, first: str, warnings: list[str]) -> PartialDate | None:
    if value is None:
        return None
    # Spreadsheets and data frames write the year 2024 as a number with a fraction.
    text = re.sub(r"^(\d{4})\.0+$", r"\1", str(value).strip()) if isinstance(value, str | float) else value
    if first and isinstance(text, str) and (match := SLASHED.match(text)):
        day, month = (match[1], match[2]) if first == "day" else (match[2], match[1])
        if int(month) <= 12:
            text = f"{match[3][1:]}-{month}-{day}"
    return date_or_warn(text, "date", warnings)
