"""What matching knows of an entry: read from the database, or straight from a source's record."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from django.db.models.functions import Left

from ingest.records import EntryRecord
from kb.dates import PartialDate, Precision
from kb.external import named_by
from kb.models import EntityRole, Entry, EntryReference, ExternalId

TEXT = 8_000  # characters of a body that are read: who copies a text copies its beginning
AT_ONCE = 500

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """One entry. `text` is summary and beginning of the body, `entities` are names as written, `references` what it
    rests on (`name_of_article`), `identifiers` its external ids."""

    id: int
    kind: str
    title: str
    text: str = ""
    occurred: PartialDate | None = None
    entities: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    identifiers: frozenset[Pair] = frozenset()


def of_entries(ids: Iterable[int]) -> Iterator[Account]:
    """What the stored entries with these ids tell, in the order of their ids; those that are gone are left out."""
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), AT_ONCE):
        yield from _read(wanted[first : first + AT_ONCE])


def of_record(record: EntryRecord, id: int) -> Account:
    """What a record that is stored nowhere tells, as the entry would once it is."""
    return Account(
        id,
        record.kind,
        record.title,
        _text(record.summary, record.body[:TEXT]),
        record.occurred,
        frozenset(role.name for role in record.roles),
        frozenset(name_of_article(reference.address) for reference in record.references),
        frozenset(record.external_ids),
    )


def name_of_article(address: str) -> str:
    """What a reference is compared by: its canonical address, or what that is the page of, as in `aiid 639`."""
    named = named_by(address)
    return " ".join(named) if named else address


def _read(ids: Sequence[int]) -> Iterator[Account]:
    entities: defaultdict[int, list[str]] = defaultdict(list)
    references: defaultdict[int, list[str]] = defaultdict(list)
    identifiers: defaultdict[int, list[Pair]] = defaultdict(list)
    for entry_id, name in EntityRole.objects.filter(entry__in=ids).values_list("entry_id", "entity__name"):
        entities[entry_id].append(name)
    cited = EntryReference.objects.filter(entry__in=ids, reference__canonical_url__isnull=False)
    for entry_id, address in cited.order_by().values_list("entry_id", "reference__canonical_url"):
        references[entry_id].append(name_of_article(address or ""))
    for entry_id, namespace, value in ExternalId.objects.filter(entry__in=ids).values_list(
        "entry_id", "namespace", "value"
    ):
        identifiers[entry_id].append((namespace, value))
    entries = Entry.objects.filter(pk__in=ids).order_by("pk").annotate(start=Left("body", TEXT))
    fields = ("pk", "kind", "title", "summary", "start", "occurred_on", "occurred_precision")
    for pk, kind, title, summary, start, day, precision in entries.values_list(*fields):
        yield Account(
            pk,
            kind,
            title,
            _text(summary, start),
            PartialDate(day, cast(Precision, precision or "day")) if day else None,
            frozenset(entities[pk]),
            frozenset(references[pk]),
            frozenset(identifiers[pk]),
        )


def _text(summary: str, body: str) -> str:
    """Both, unless the body begins with the summary."""
    return body if summary and body.startswith(summary) else f"{summary}\n{body}".strip()
