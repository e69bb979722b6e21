"""Whose word each field of an entry is, and how two states of an entry differ.

`Entry.provenance` maps a field's name to what is known of it, `{"source": "aiid", "job": 12, "licence": "CC-BY-4.0"}`;
a source of "" is a curator here. "*" holds for every field that has no word of its own. Where a curator decided a field
and an import would have it otherwise, `upstream` is what the import has, and `settled` what it had when a curator last
decided against that. "removed" maps the name of a kind of row ("roles") to the keys of those that a curator took away,
which no import brings back.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kb.dates import parse_date
from kb.models import Entry
from kb.models.dates import show_date
from kb.models.entries import Status, Visibility

FACT = "facts."
PLAIN = (
    "kind",
    "title",
    "summary",
    "body",
    "occurred",
    "status",
    "visibility",
    "language",
    "licence",
    "attribution",
    "slug",
)
LONGEST = 2000  # characters of a value that a Change repeats
EVERY = "*"
REMOVED = "removed"


def values(entry: Entry) -> dict[str, Any]:
    """The entry's own fields by name; the date is one, each fact is one, and what is empty is there too."""
    found: dict[str, Any] = {name: getattr(entry, name) for name in PLAIN if name != "occurred"}
    found["occurred"] = show_date(entry.occurred_on, entry.occurred_precision)
    return found | {FACT + name: value for name, value in (entry.facts or {}).items()}


def set_value(entry: Entry, name: str, value: Any) -> None:
    """Give the entry what `values` says of a field, without saving it. An empty fact is no fact."""
    if name == "occurred":
        date = parse_date(value) if isinstance(value, str) and value else None
        entry.occurred_on, entry.occurred_precision = (date.date, date.precision) if date else (None, "")
    elif name.startswith(FACT):
        facts = {key: old for key, old in entry.facts.items() if key != name.removeprefix(FACT)}
        entry.facts = facts | ({name.removeprefix(FACT): value} if value not in ("", [], None) else {})
    else:
        setattr(entry, name, value)


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names whose values differ; an empty value and none are the same."""
    names = dict.fromkeys((*old, *new))
    return [name for name in names if (old.get(name) or None) != (new.get(name) or None)]


def told(old: Any, new: Any) -> dict[str, Any]:
    """A difference as a Change tells it."""
    return {"from": cut(old), "to": cut(new)}


def tells_of_hidden(fields: Mapping[str, Any]) -> bool:
    """Whether the fields of a Change say that its entry was hidden before, or is from then on."""
    said = [(fields.get("status"), Status.PUBLISHED), (fields.get("visibility"), Visibility.PUBLIC)]
    return any(told.get(side) not in ("", None, shown) for told, shown in said if told for side in ("from", "to"))


def cut(value: Any) -> Any:
    """`value`, a long text cut to what a Change repeats of it."""
    return value if not isinstance(value, str) or len(value) <= LONGEST else value[:LONGEST] + " …"


def of_field(entry: Entry, name: str) -> dict[str, Any]:
    """Where the entry's field comes from: `source`, `job`, `licence`, and `upstream` where an import disagrees."""
    known = entry.provenance
    return known.get(name) or known.get(EVERY) or {"source": entry.source}


def is_curated(entry: Entry, name: str) -> bool:
    """Whether a curator decided this field of an entry that an import owns."""
    return name in entry.provenance and not entry.provenance[name].get("source")


def curate(entry: Entry, names: Iterable[str]) -> None:
    """Note that a curator decided these fields, without saving. What an import offered for them is settled."""
    entry.provenance = entry.provenance | {name: {"source": "", **_settled(entry, name)} for name in names}


def _settled(entry: Entry, name: str) -> dict[str, Any]:
    known = entry.provenance.get(name, {})
    if "upstream" in known:
        return {"settled": known["upstream"]}
    return {"settled": known["settled"]} if "settled" in known else {}


def is_settled(entry: Entry, name: str, offered: Any) -> bool:
    """Whether a curator has decided already against having it as an import offers it."""
    known = entry.provenance.get(name, {})
    return "settled" in known and known["settled"] == offered


def conflicts(entry: Entry) -> dict[str, dict[str, Any]]:
    """The fields that a curator decided and whose source says otherwise: name -> kept, offered, source."""
    now = values(entry)
    return {
        name: {"kept": now.get(name), "offered": known["upstream"], "source": known.get("upstream_source", "")}
        for name, known in entry.provenance.items()
        if name not in (EVERY, REMOVED) and "upstream" in known
    }


def take_upstream(entry: Entry, name: str) -> None:
    """Let the entry follow its source again in one field, without saving; ValueError where nothing is offered."""
    known = entry.provenance.get(name, {})
    if "upstream" not in known:
        raise ValueError(f"no import offers another {name} for this entry")
    set_value(entry, name, known["upstream"])
    kept = {key: value for key, value in entry.provenance.items() if key != name}
    entry.provenance = kept | {name: {"source": known.get("upstream_source", entry.source), "job": known.get("job")}}


def remove(entry: Entry, rows: str, key: str) -> None:
    """Note that a curator took away one of the entry's rows, without saving."""
    removed = dict(entry.provenance.get(REMOVED, {}))
    removed[rows] = [*dict.fromkeys((*removed.get(rows, []), key))]
    entry.provenance = entry.provenance | {REMOVED: removed}


def removed(entry: Entry, rows: str) -> frozenset[str]:
    """The keys of the rows that a curator took away."""
    return frozenset(entry.provenance.get(REMOVED, {}).get(rows, ()))


def row_key(*parts: object) -> str:
    """The key of a row within its entry: the ids and words that tell it from the others."""
    return ":".join(str(part) for part in parts)


def attributions(entry: Entry) -> list[dict[str, Any]]:
    """Who has to be named on the entry's page and in exports: `attribution`, `licence`, `source`, `fields`.

    The text's own first; then each other source that gave identifiers, references, roles or classifications.
    """
    return [*_attributed(entry)]


def _attributed(entry: Entry) -> Iterator[dict[str, Any]]:
    if entry.licence or entry.attribution:
        yield {
            "attribution": entry.attribution,
            "licence": entry.licence,
            "source": entry.source,
            "fields": ["text"],
        }
    seen = {(entry.attribution, entry.licence)}
    for record in entry.source_records.all():
        said = (record.attribution, record.licence)
        if any(said) and said not in seen:
            seen.add(said)
            yield {
                "attribution": record.attribution,
                "licence": record.licence,
                "source": record.source,
                "fields": ["identifiers", "references", "roles", "classifications"],
            }
