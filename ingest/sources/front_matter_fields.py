"""Front matter as the fields of an entry: what each key may hold, and what is said about the others."""

from collections.abc import Iterable
from typing import Any

from ingest.records import MAX_ITEMS, LinkRecord, ReferenceRecord, RoleRecord, keep_valid
from ingest.sources import markdown_text
from kb.roles import Role

# What stands for itself. `created` and `license` are how other tools write the same.
PLAIN = {
    "title": "title",
    "kind": "kind",
    "date": "occurred",
    "created": "occurred",
    "summary": "summary",
    "language": "language",
    "licence": "licence",
    "license": "licence",
    "attribution": "attribution",
    "status": "status",
    "visibility": "visibility",
}
READ_ELSEWHERE = {"slug"}
REFERENCE = {
    "url": "url",
    "title": "title",
    "publisher": "publisher",
    "authors": "authors",
    "author": "authors",
    "date": "published",
    "published": "published",
    "archive_url": "archive_url",
    "language": "language",
}


def entry_fields(stated: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """The fields of an EntryRecord that `stated` fills; what is left out of it is told in `warnings`."""
    fields: dict[str, Any] = {}
    for key, value in stated.items():
        if value is None or value == "" or key in READ_ELSEWHERE:
            continue
        if key in PLAIN:
            fields[PLAIN[key]] = value
        elif key in READERS:
            name, read = READERS[key]
            fields[name] = read(value, warnings)
        else:
            warnings.append(f"unknown key {key!r} was left out")
    return fields


def references_in(text: str, warnings: list[str]) -> list[ReferenceRecord]:
    """The web links in a text as references."""
    found = markdown_text.links(text)
    if len(found) > MAX_ITEMS:
        warnings.append(f"{len(found)} links in the text; the first {MAX_ITEMS} became references")
    return keep_valid(
        ReferenceRecord, ({"url": url, "title": title} for url, title in found[:MAX_ITEMS]), "link", warnings
    )


def _tags(value: Any, warnings: list[str]) -> list[Any]:
    return markdown_text.split_tags(value) if isinstance(value, str) else _list(value)


def _roles(value: Any, warnings: list[str]) -> list[RoleRecord]:
    named = [(role, name) for role, names in _pairs(value, "entities", warnings) for name in _list(names)]
    for role in dict.fromkeys(role for role, _ in named if role not in Role.values):
        warnings.append(f"entities: {role!r} is not a role ({', '.join(Role.values)}); left out")
    items = ({"role": role, "name": name} for role, name in named if role in Role.values)
    return keep_valid(RoleRecord, items, "entity", warnings)


def _ids(value: Any, warnings: list[str]) -> list[tuple[str, str]]:
    return [
        (space, str(one))
        for space, ids in _pairs(value, "ids", warnings)
        for one in _list(ids)
        if one not in (None, "")
    ]


def _facts(value: Any, warnings: list[str]) -> dict[str, Any]:
    return {name: fact for name, fact in _pairs(value, "facts", warnings) if fact is not None}


def _references(value: Any, warnings: list[str]) -> list[ReferenceRecord]:
    items = []
    for number, item in enumerate(_list(value), start=1):
        item = item if isinstance(item, dict) else {"url": item}
        if unknown := sorted(set(item) - set(REFERENCE)):
            warnings.append(f"reference {number}: unknown keys {', '.join(unknown)} were left out")
        fields = {REFERENCE[key]: part for key, part in item.items() if key in REFERENCE and part is not None}
        if "authors" in fields:
            fields["authors"] = _list(fields["authors"])
        items.append(fields)
    return keep_valid(ReferenceRecord, items, "reference", warnings)


def _links(value: Any, warnings: list[str]) -> list[LinkRecord]:
    """`see_also: [a-slug, aiid:112]`: a target with a colon is an id in a namespace."""
    items = []
    for relation, targets in _pairs(value, "links", warnings):
        for target in _list(targets):
            space, colon, of = str(target).partition(":")
            items.append({"relation": relation, "target": (space, of.strip()) if colon else target})
    return keep_valid(LinkRecord, items, "link", warnings)


def _pairs(value: Any, key: str, warnings: list[str]) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    warnings.append(f"{key} must be a list of `name: value`; left out")
    return []


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


READERS = {
    "tags": ("tags", _tags),
    "entities": ("roles", _roles),
    "ids": ("external_ids", _ids),
    "facts": ("facts", _facts),
    "references": ("references", _references),
    "links": ("links", _links),
}
