"""What an import did, or would do, written down for whoever asks later: counts, problems, and changes by field."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ingest.records import (
    DuplicateRecord,
    EntityRecord,
    EntityRelationRecord,
    EntryRecord,
    Record,
    SameRecord,
    TaxonomyRecord,
)
from ingest.writing.batch import Result
from ingest.writing.outcome import By, Outcome, Refused, Written
from ingest.writing.rows import found
from kb import jobs, provenance
from kb.models import Change, Entry, SlugRedirect
from kb.models.provenance import Action

PREVIEWED = 300  # changes of one kind that are kept of a preview; all are counted
SHOWN_ROWS = 20  # rows of one kind that a preview of a new entry names

# Records that are no entries are counted under these names.
COUNTED_AS: dict[type, str] = {
    EntityRecord: "entities",
    EntityRelationRecord: "relations",
    DuplicateRecord: "duplicates",
    SameRecord: "same",
    TaxonomyRecord: "taxonomies",
}


def key_of(record: Record) -> str:
    """The record's place in its source, for messages, and to find it again."""
    match record:
        case DuplicateRecord():
            return f"duplicate {record.namespace} {record.value}"
        case EntityRecord():
            return f"entity {record.key}"
        case EntityRelationRecord():
            return f"relation {record.key} {record.other}"
        case SameRecord():
            return "same " + " = ".join(" ".join(pair) for pair in record.ids)
        case TaxonomyRecord():
            return f"taxonomy {record.name}"
    return record.key


def note(run: jobs.Run, records: Sequence[Record], results: Sequence[Result], by: By, preview: bool) -> None:
    """Count the results of a batch, and write down its problems and its changes, in the batch's transaction."""
    changes: list[Change] = []
    stored = _stored([result.entry for result in results if isinstance(result, Written) and result.entry])
    for record, result in zip(records, results, strict=True):
        if isinstance(result, Refused):
            run.count("failed")
            run.problem(key_of(record), result.reason, failed=True)
            continue
        if result.said:
            run.problem(key_of(record), result.said)
        if isinstance(record, EntryRecord):
            run.count(result.outcome)
            for warning in record.warnings:
                run.problem(record.key, warning)
        else:
            taken = result.outcome not in (Outcome.LEFT_OUT, Outcome.WAITING)
            run.count(COUNTED_AS[type(record)] if taken else result.outcome)
        changes += _changes(record, result, by, preview, stored)
    for change in changes:
        if change.action not in (Action.CREATED, Action.UPDATED):
            run.count(f"{change.action}s" if change.action == Action.CONFLICT else change.action)
    if preview:
        kept = Counter(run.job.cursor.get("previewed") or {})
        shown = []
        for change in changes:
            if kept[change.action] < PREVIEWED:
                kept[change.action] += 1
                shown.append(change)
        changes = shown
        run.job.cursor = {**run.job.cursor, "previewed": dict(kept)}
    Change.objects.bulk_create(changes)


def _stored(entries: Sequence[Entry]) -> dict[int, int]:
    """By the id of each entry that of the one which stands for it: a later record of its batch may have merged it."""
    ids = {entry.pk for entry in entries if entry.pk}
    stored = {row.pk: row.pk for row in found(Entry.objects.only("pk"), "pk", ids)}
    gone = {entry.slug: entry.pk for entry in entries if entry.pk and entry.pk not in stored}
    return stored | {gone[row.slug]: row.entry_id for row in found(SlugRedirect.objects.all(), "slug", gone)}


def _changes(record: Record, result: Written, by: By, preview: bool, stored: Mapping[int, int]) -> list[Change]:
    entry = result.entry
    if entry is None:
        return []
    said: list[tuple[str, dict[str, Any]]] = list(result.also)
    if isinstance(record, EntryRecord) and result.outcome == Outcome.CREATED:
        named = {"identifiers": result.fields["identifiers"]} if "identifiers" in result.fields else {}
        said.append((Action.CREATED, as_stored(record) | named if preview else {}))
    elif result.fields:
        said.append((Action.UPDATED, result.fields))
    if result.conflicts:
        said.append((Action.CONFLICT, result.conflicts))
    was_hidden = result.was_hidden or provenance.tells_of_hidden(result.fields)
    changes = [change(action, by, entry, fields, key_of(record), preview, was_hidden) for action, fields in said]
    for one in changes:
        one.entry_id = stored.get(entry.pk) if entry.pk else None  # not where it was taken back with the preview
    return changes


def change(
    action: str,
    by: By,
    entry: Entry,
    fields: dict[str, Any],
    key: str,
    preview: bool = False,
    was_hidden: bool = False,
) -> Change:
    """An unsaved row about one entry; `was_hidden` where the entry is not hidden, and something else told of it was."""
    return Change(
        job=by.job,
        entry_id=entry.pk,
        kind=entry.kind,
        title=entry.title,
        action=action,
        fields=fields,
        source=by.source,
        key=key[:300],
        preview=preview,
        was_hidden=was_hidden or entry.is_hidden,
    )


def as_stored(record: EntryRecord) -> dict[str, Any]:
    """The record as its entry would be, in words, as the fields of a Change from nothing."""
    values: dict[str, Any] = {
        "title": record.title,
        "summary": record.summary,
        "body": record.body,
        "occurred": str(record.occurred) if record.occurred else "",
        "status": record.status,
        "visibility": record.visibility,
        "language": record.language,
        "licence": record.licence,
        "attribution": record.attribution,
    }
    values |= {provenance.FACT + name: value for name, value in record.facts.items()}
    rows: dict[str, list[str]] = {
        "tags": record.tags,
        "identifiers": [" ".join(pair) for pair in record.external_ids],
        "roles": [f"{role.role}: {role.name}" for role in record.roles],
        "references": [one.title or one.address for one in ([record.page] if record.page else []) + record.references],
        "classifications": [" / ".join((one.taxonomy, *one.category)) for one in record.classifications],
        "links": [f"{one.relation}: {one.target}" for one in record.links],
        "pictures": [one.name for one in record.attachments],
    }
    said: dict[str, Any] = {name: provenance.told("", value) for name, value in values.items() if value}
    return said | {name: {"added": _few(words)} for name, words in rows.items() if words}


def _few(words: list[str]) -> list[str]:
    rest = len(words) - SHOWN_ROWS
    return words if rest <= 0 else [*words[:SHOWN_ROWS], f"and {rest} more"]
