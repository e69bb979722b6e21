"""The lines of JSON that `manage.py export jsonl` writes, here or in another instance: everything as it was there."""

import json
from typing import Any

from ingest.records import (
    MAX_NAME,
    BadRecord,
    ClassificationRecord,
    EntryRecord,
    LinkRecord,
    ReferenceRecord,
    RoleRecord,
    date_or_warn,
    entry_or_bad,
    keep_valid,
)
from ingest.sources.base import Options

HEAD = "precedent"
VERSION = 1
PLAIN = ("kind", "title", "slug", "summary", "body", "language", "status", "visibility", "licence", "facts")
REFERENCE = ("url", "urn", "title", "publisher", "authors", "archive_url", "language", "role")


def version_of(line: bytes) -> int | None:
    """The version of the export whose first line this is; None for any other line."""
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    head = said.get(HEAD) if isinstance(said, dict) and len(said) == 1 else None
    number = head.get("version") if isinstance(head, dict) else None
    return number if isinstance(number, int) else None


def entry_from_own(row: dict[str, Any], options: Options, key: str) -> EntryRecord | BadRecord:
    """The entry that a line after the first holds, or why it holds none.

    What is only quoted of a reference's text is not its text, and what was suggested elsewhere is suggested there.
    """
    warnings: list[str] = []
    fields: dict[str, Any] = {name: row[name] for name in PLAIN if row.get(name)}
    fields["kind"] = row.get("kind") or options.kind
    fields["occurred"] = date_or_warn(row.get("date"), "date", warnings)
    fields["tags"] = row.get("tags") or []
    fields["external_ids"] = row.get("ids") or []
    fields["attribution"] = _attribution(row)
    fields["roles"] = keep_valid(RoleRecord, _dicts(row, "roles"), "entity", warnings)
    told = [_reference(one, warnings) for one in _dicts(row, "references")]
    fields["references"] = keep_valid(ReferenceRecord, told, "reference", warnings)
    labels = [
        {"taxonomy": one.get("taxonomy"), "category": one.get("path"), "evidence": one.get("evidence")}
        for one in _dicts(row, "classifications")
        if one.get("origin") != "suggested"
    ]
    fields["classifications"] = keep_valid(ClassificationRecord, labels, "classification", warnings)
    links = [{"relation": one.get("relation"), "target": one.get("to")} for one in _dicts(row, "links")]
    fields["links"] = keep_valid(LinkRecord, links, "link", warnings)
    return entry_or_bad(key, **fields, warnings=warnings)


def _reference(said: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    fields = {name: said[name] for name in REFERENCE if said.get(name)}
    if not said.get("text_is_quote"):
        fields |= {name: said[name] for name in ("text", "text_licence") if said.get(name)}
    return fields | {"published": date_or_warn(said.get("date"), "date of a reference", warnings)}


def _attribution(row: dict[str, Any]) -> str:
    """Who has to be named for the entry: for its text first, then for what else hangs on it."""
    names = [str(row.get("attribution") or "")]
    for one in _dicts(row, "attributions"):
        named = ", ".join(str(one[name]) for name in ("attribution", "licence") if one.get(name))
        if named and one.get("fields") != ["text"]:
            names.append(named)
    joined = "; ".join(dict.fromkeys(name for name in names if name))
    return joined if len(joined) <= MAX_NAME else joined[: MAX_NAME - 1] + "…"


def _dicts(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = row.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
