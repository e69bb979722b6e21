"""Front matter as the fields of an entry: what each key may hold, and what is said about the others."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from ingest.records import MAX_ITEMS, ClassificationRecord, LinkRecord, ReferenceRecord, RoleRecord, keep_valid
from ingest.sources.lists import as_list
from ingest.sources.markdown import own_words
from kb.roles import Role

# What stands for itself. `created`, `license` and `description` are how other tools write the same.
PLAIN = {
    "title": "title",
    "kind": "kind",
    "date": "occurred",
    "created": "occurred",
    "summary": "summary",
    "description": "summary",
    "language": "language",
    "licence": "licence",
    "license": "licence",
    "attribution": "attribution",
    "status": "status",
    "visibility": "visibility",
}
SECOND_BEST = {"created", "license", "description"}
# `cssclass` is Obsidian's own; `format` and `attributions` are those of our own exports.
READ_ELSEWHERE = {"slug", "alias", "aliases", "cssclass", "cssclasses", "format", "attributions"}
STATUSES = ("draft", "published")
CLIPPED = ("url", "source", "link")  # where a page was clipped from, by the names that clippers give it
REFERENCE = {
    "url": "url",
    "urn": "urn",
    "title": "title",
    "publisher": "publisher",
    "authors": "authors",
    "author": "authors",
    "date": "published",
    "published": "published",
    "archive_url": "archive_url",
    "language": "language",
    "role": "role",
}


def lower_keys(stated: dict[str, Any]) -> dict[str, Any]:
    """`stated` with its names in lower case; of `Title` and `title`, the one that says something, else the first."""
    lower: dict[str, Any] = {}
    for key, value in stated.items():
        name = key.strip().lower()
        if lower.get(name) in (None, "", []):
            lower[name] = value
    return lower


def entry_fields(stated: dict[str, Any], warnings: list[str], used: Collection[str] = ()) -> dict[str, Any]:
    """The fields of an EntryRecord that `stated` fills, whose keys are in lower case, and `clipped`, the page that the
    note was made from. What is left out is told in `warnings`, but for the keys that were `used` otherwise.
    """
    fields: dict[str, Any] = {}
    clipped = _clipped(stated, warnings)
    for key, value in stated.items():
        if value is None or value in ("", [], {}) or key in READ_ELSEWHERE or key in clipped:
            continue
        if key == "status" and str(value).strip().lower() not in STATUSES:
            warnings.append(f"status {str(value)[:60]!r} was left out: it is neither draft nor published")
        elif key in PLAIN:
            if key not in SECOND_BEST or PLAIN[key] not in fields:
                fields[PLAIN[key]] = value.strip().lower() if key == "status" else value
        elif key in READERS:
            name, read = READERS[key]
            fields[name] = [*fields.get(name, []), *read(value, warnings)] if name == "tags" else read(value, warnings)
        elif key == "publish":
            if value is False or str(value).strip().lower() in ("no", "false"):
                fields.setdefault("visibility", "internal")
        elif key not in used:
            warnings.append(f"unknown key {key!r} was left out")
    if clipped:
        fields["clipped"] = keep_valid(ReferenceRecord, [_reference(clipped)], "source", warnings)
    return fields


def is_known(key: str) -> bool:
    """Whether front matter may hold `key`, in lower case."""
    return key in PLAIN or key in READERS or key in READ_ELSEWHERE or key in (*CLIPPED, "publish")


def _clipped(stated: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """The keys with which a clipper says what page a note was made from; none where it names no address."""
    for key in CLIPPED:
        address = stated.get(key)
        if isinstance(address, str) and re.match(r"https?://\S+$", address.strip()):
            about = {name: stated[name] for name in ("author", "authors", "published", "publisher") if stated.get(name)}
            return {key: address, **about}
    return {}


def _reference(clipped: dict[str, Any]) -> dict[str, Any]:
    fields = {REFERENCE.get(key, "url"): value for key, value in clipped.items()}
    if "authors" in fields:
        fields["authors"] = [str(one).strip("[] ").split("|")[-1] for one in as_list(fields["authors"])]
    return fields


def references_in(text: str, warnings: list[str]) -> list[ReferenceRecord]:
    """The web links in a text as references."""
    found = own_words.links(text)
    if len(found) > MAX_ITEMS:
        warnings.append(f"{len(found)} links in the text; the first {MAX_ITEMS} became references")
    return keep_valid(
        ReferenceRecord, ({"url": url, "title": title} for url, title in found[:MAX_ITEMS]), "link", warnings
    )


def _tags(value: Any, warnings: list[str]) -> list[Any]:
    tags = []
    for one in as_list(value):
        if isinstance(one, str):
            tags += own_words.split_tags(one) if one is value else [one.strip().lstrip("#")]
        elif isinstance(one, int | float) and not isinstance(one, bool):
            tags.append(str(one))
        elif one is not None:
            warnings.append(f"a tag must be text, not {type(one).__name__}; left out")
    return tags


def _roles(value: Any, warnings: list[str]) -> list[RoleRecord]:
    named = [(role, name) for role, names in _pairs(value, "entities", warnings) for name in as_list(names)]
    for role in dict.fromkeys(role for role, _ in named if role not in Role.values):
        warnings.append(f"entities: {role!r} is not a role ({', '.join(Role.values)}); left out")
    items = ({"role": role, "name": name} for role, name in named if role in Role.values)
    return keep_valid(RoleRecord, items, "entity", warnings)


def _ids(value: Any, warnings: list[str]) -> list[tuple[str, str]]:
    found = []
    for space, ids in _pairs(value, "ids", warnings):
        for one in as_list(ids):
            if isinstance(one, list | dict):
                warnings.append(f"ids: what {space} holds must be a text or a list of texts; left out")
            elif one not in (None, ""):
                found.append((space, str(one)))
    return found


def _facts(value: Any, warnings: list[str]) -> dict[str, Any]:
    return {name: fact for name, fact in _pairs(value, "facts", warnings) if fact is not None}


def _references(value: Any, warnings: list[str]) -> list[ReferenceRecord]:
    items = []
    for number, item in enumerate(as_list(value), start=1):
        item = item if isinstance(item, dict) else {"url": item}
        if unknown := sorted(set(item) - set(REFERENCE)):
            warnings.append(f"reference {number}: unknown keys {', '.join(unknown)} were left out")
        fields = {REFERENCE[key]: part for key, part in item.items() if key in REFERENCE and part is not None}
        if "authors" in fields:
            fields["authors"] = as_list(fields["authors"])
        items.append(fields)
    return keep_valid(ReferenceRecord, items, "reference", warnings)


def _classifications(value: Any, warnings: list[str]) -> list[ClassificationRecord]:
    """`- {taxonomy: Harms, path: [Physical, Injury], evidence: …}`."""
    items = []
    for item in as_list(value):
        item = item if isinstance(item, dict) else {"taxonomy": item}
        path = as_list(item.get("path") or item.get("category") or [])
        items.append({"taxonomy": item.get("taxonomy"), "category": path, "evidence": item.get("evidence")})
    return keep_valid(ClassificationRecord, items, "classification", warnings)


def _links(value: Any, warnings: list[str]) -> list[LinkRecord]:
    """`see_also: [a-slug, aiid:112]`: a target with a colon is an id in a namespace."""
    items = []
    for relation, targets in _pairs(value, "links", warnings):
        for target in as_list(targets):
            space, colon, of = str(target).partition(":")
            items.append({"relation": relation, "target": (space, of.strip()) if colon else target})
    return keep_valid(LinkRecord, items, "link", warnings)


def _pairs(value: Any, key: str, warnings: list[str]) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    warnings.append(f"{key} must be a list of `name: value`; left out")
    return []


READERS = {
    "tags": ("tags", _tags),
    "tag": ("tags", _tags),
    "entities": ("roles", _roles),
    "ids": ("external_ids", _ids),
    "facts": ("facts", _facts),
    "classifications": ("classifications", _classifications),
    "references": ("references", _references),
    "links": ("links", _links),
}
