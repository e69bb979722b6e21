"""Tables and JSON lines as entries: which of their columns is which field, and a row as a record."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from ingest.records import (
    NAMESPACE,
    BadRecord,
    EntryRecord,
    ReferenceRecord,
    RoleRecord,
    entry_or_bad,
    keep_valid,
)
from ingest.sources.base import Options, SourceError
from ingest.sources.markdown_text import split_tags
from kb.dates import PartialDate, parse_date
from kb.kinds import KINDS
from kb.roles import Role

# field -> the names of columns that are taken for it when nobody says which, the likeliest first.
GUESSES = {
    "title": ("title", "name", "headline", "incident title"),
    "summary": ("summary", "description", "abstract", "summary oneliner", "short description"),
    "body": ("body", "text", "content", "full description", "markdown"),
    "date": ("date", "occurred on", "occurred", "incident date", "published", "published on", "year"),
    "url": ("url", "link", "source url", "website", "href"),
    "tags": ("tags", "keywords", "topics", "labels"),
    "id": ("id", "identifier", "incident id"),
    "publisher": ("publisher", "source domain", "venue", "outlet"),
    "slug": ("slug",),
    "language": ("language", "lang"),
    "kind": ("kind",),
    "developer": ("developer", "developers", "alleged developer"),
    "deployer": ("deployer", "deployers", "alleged deployer"),
    "harmed": ("harmed", "harmed parties", "alleged harmed or nearly harmed parties"),
    "system": ("system", "systems", "system name", "product"),
    "company": ("company", "companies", "organization", "organisation"),
    "author": ("author", "authors"),
}
FACT = "facts."


@dataclass(frozen=True)
class Mapped:
    """Which column is which field, what kind the rows are of, and whose ids theirs are."""

    columns: Mapping[str, str]
    kind: str
    namespace: str
    notices: tuple[str, ...] = ()


def map_columns(options: Options, columns: Collection[str], path: Path) -> Mapped:
    """The mapping that `options` ask for, or one guessed from names; SourceError says what there is to choose from."""
    known = ", ".join(columns)
    chosen = dict(options.map) or guess(columns)
    for name, column in chosen.items():
        if name not in GUESSES and not (name.startswith(FACT) and name != FACT):
            raise SourceError(f"there is no field {name!r} to map; there are {', '.join(GUESSES)} and facts.NAME")
        if column not in columns:
            raise SourceError(f"{path.name} has no column {column!r} (for {name}); it has {known}")
    if "title" not in chosen:
        raise SourceError(f"say which column is the title (--map title=COLUMN); {path.name} has {known}")
    notices = []
    if not options.map:
        notices.append(
            "no mapping was given; read as " + ", ".join(f"{name}={column}" for name, column in chosen.items())
        )
    kind = options.kind or _kind_of(chosen)
    facts = KINDS[kind].facts.model_fields
    for name in chosen:
        if name.startswith(FACT) and name.removeprefix(FACT) not in facts and "kind" not in chosen:
            raise SourceError(f"an entry of kind {kind} has no {name}; its facts are {', '.join(facts)}")
    if not options.kind and "kind" not in chosen:
        notices.append(f"no kind was given; read as {kind}")
    namespace = options.namespace or _namespace_of(path)
    if "id" in chosen and not options.namespace:
        notices.append(f"no namespace was given for the ids; {namespace} was taken from the file's name")
    return Mapped(chosen, kind, namespace, tuple(notices))


def guess(columns: Collection[str]) -> dict[str, str]:
    """The fields that the names of `columns` suggest, each column for one field at most."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(" ".join(re.split(r"[\W_]+", column.lower())).strip(), column)
    chosen = {}
    for name, guesses in GUESSES.items():
        if column := next((by_name[guess] for guess in guesses if guess in by_name), ""):
            chosen[name] = column
    return chosen


def _kind_of(chosen: Collection[str]) -> str:
    if {"developer", "deployer", "harmed"} & set(chosen):
        return "incident"
    return "case_study" if "company" in chosen else "note"


def _namespace_of(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40].rstrip("-")
    return name if NAMESPACE.fullmatch(name) else "table"


def entry_from(get: Callable[[str], Any], mapped: Mapped, key: str, pages: set[str]) -> EntryRecord | BadRecord:
    """The row whose values `get(column)` returns (None: not there) as an entry, or why it makes none.

    A case study or note without an id of its own is known by its address, which becomes its `page`. `pages` are the
    addresses that earlier rows are known by; a row that shares one has it among its references only.
    """
    warnings: list[str] = []
    got = {name: get(column) for name, column in mapped.columns.items()}
    values = {name: value for name, value in got.items() if value not in (None, [], {}) and str(value).strip()}
    fields: dict[str, Any] = {
        name: values[name] for name in ("title", "summary", "body", "slug", "language") if name in values
    }
    fields["kind"] = re.sub(r"[\s-]+", "_", str(values.get("kind", mapped.kind)).strip().lower())
    fields["occurred"] = _date(values.get("date"), warnings)
    tags = values.get("tags", [])
    fields["tags"] = split_tags(tags) if isinstance(tags, str) else _several(tags)
    fields["roles"] = keep_valid(
        RoleRecord,
        ({"role": role, "name": name} for role in Role.values for name in _several(values.get(role, []))),
        "entity",
        warnings,
    )
    about = {"title": values["title"]} if isinstance(values.get("title"), str) else {}
    about |= {"publisher": values["publisher"]} if "publisher" in values else {}
    fields["references"] = keep_valid(
        ReferenceRecord, ({"url": url, **about} for url in _urls(values.get("url"))), "url", warnings
    )
    if "id" in values:
        fields["external_ids"] = [(mapped.namespace, str(values["id"]))]
    elif fields["kind"] != "incident" and fields["references"] and fields["references"][0].url not in pages:
        pages.add(fields["references"][0].url)
        fields["page"] = fields["references"].pop(0)
    facts = {name.removeprefix(FACT): value for name, value in values.items() if name.startswith(FACT)}
    fields["facts"] = _fit(facts, str(fields["kind"]), warnings)
    return entry_or_bad(key, **fields, warnings=warnings)


def _fit(facts: dict[str, Any], kind: str, warnings: list[str]) -> dict[str, Any]:
    """`facts` as the kind has them: a text is parted where the kind has a list, and what it has not is left out."""
    known = KINDS[kind].facts.model_fields if kind in KINDS else {}
    fitting = {}
    for name, value in facts.items():
        if name not in known:
            warnings.append(f"fact {name!r} left out: an entry of kind {kind} has none")
        elif get_origin(known[name].annotation) is list:
            fitting[name] = _several(value)
        else:
            fitting[name] = value
    return fitting


def _several(value: Any) -> list[Any]:
    """A list, or the parts of a text between `;` and `|`. Commas stay: `Apple, Inc.` is one name."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;|]", value) if part.strip()]
    return value if isinstance(value, list) else [value]


def _urls(value: Any) -> list[Any]:
    """The addresses in a value. Blanks part them; `;` and `|` may belong to one."""
    if isinstance(value, str):
        return [url.rstrip(";,") for url in value.split()]
    return value if isinstance(value, list) else [] if value is None else [value]


def _date(value: Any, warnings: list[str]) -> PartialDate | None:
    if value is None:
        return None
    # Spreadsheets and data frames write the year 2024 as a number with a fraction.
    text = re.sub(r"^(\d{4})\.0+$", r"\1", str(value).strip()) if isinstance(value, str | float) else value
    try:
        return parse_date(text) if text != "" else None
    except ValueError as error:
        warnings.append(f"date left out: {error}")
        return None
