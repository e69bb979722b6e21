"""A dry run: every batch is written as an import would, looked at, and taken back.

Each batch is a short transaction of its own, so that others can write meanwhile. What a batch cannot see of those
before it, because they were taken back, is put there again before it is written: the entries that its records would
meet, with their identifiers and what the source said of them. Of each entry only that much is remembered, in a file of
the job's own, which grows by a line a batch and is gone when the dry run is over.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from ingest.logbook import key_of
from ingest.records import DuplicateRecord, EntryRecord, Record, SameRecord
from ingest.writing.batch import Result, write
from ingest.writing.entries import draft_of
from ingest.writing.identity import Pair, holders, identifiers, record_key
from ingest.writing.outcome import By, Outcome, Written
from ingest.writing.rows import found
from ingest.writing.sameness import component, wait
from ingest.writing.source_records import saw_refused
from kb.merging import merge_entries
from kb.models import Entry, ExternalId, Job, SourceRecord

TELLING = 40  # characters of a text from which on an equal one is no coincidence


@dataclass
class Foreseen:
    """An entry as the dry run would have left it: `pk` where it exists, and what it would be known by.

    `records` are key, digest and place of what the source said of it, and whether this dry run met that; `absorbed` are
    existing entries that would have been merged into it; `key` is that of the record which would have made it; `met`
    whether the source has it.
    """

    pk: int | None
    kind: str
    title: str
    source: str
    content_hash: str
    text: str
    key: str = ""
    ids: list[Pair] = field(default_factory=list)
    records: list[tuple[str, str, str, bool]] = field(default_factory=list)
    absorbed: list[int] = field(default_factory=list)
    met: bool = False


@dataclass
class Seen:
    """What one batch came to: entries by name, the names that are no more, the stored rows that it met, and the
    identifiers that wait to be one."""

    at: int
    entries: dict[str, Foreseen] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    waiting: list[list[Pair]] = field(default_factory=list)


def text_mark(entry: Entry) -> str:
    """What tells whether another entry is this one under another name: its text, where there is enough of it."""
    said = entry.body if len(entry.body) >= TELLING else entry.content_hash
    return hashlib.sha256(f"{entry.kind} {said}".encode()).hexdigest()


class Rehearsal:
    """The memory of one dry run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.entries: dict[str, Foreseen] = {}
        self.rows: set[int] = set()
        self._of_pair: dict[Pair, str] = {}
        self._of_key: dict[str, str] = {}
        self._waiting: dict[Pair, list[list[Pair]]] = {}
        self._pending: Seen | None = None
        if self._position:
            for seen in self._kept():
                self._learn(seen)
        else:
            self.forget()

    @classmethod
    def is_lost(cls, job: Job) -> bool:
        """Whether the dry run was begun and what it remembered is gone, so that it has to begin anew."""
        begun = job.cursor.get("position") and not job.cursor.get("told")
        return bool(begun) and not _file(job).is_file()

    def forget(self) -> None:
        """Remove what was remembered: the dry run is over, or begins anew."""
        shutil.rmtree(_file(self.job).parent, ignore_errors=True)

    def write(self, records: Sequence[Record], by: By) -> list[Result]:
        """What would become of each record. The entries of the results that are not stored have no id."""
        self._settle_pending()
        last_entry, last_row = _last(Entry), _last(SourceRecord)
        with transaction.atomic():
            names = self._restore(records, by)
            withdrawn = [f"{one.namespace} {one.value}" for one in records if isinstance(one, DuplicateRecord)]
            before = set(found(SourceRecord.objects.filter(source=by.source), "key", withdrawn))
            results = write(records, by)
            saw_refused(records, results, by)
            seen = self._looked_at(records, results, by, names, last_entry)
            kept = {row.pk for row in found(SourceRecord.objects.all(), "pk", [row.pk for row in before])}
            met = set(SourceRecord.objects.filter(job=self.job).values_list("pk", flat=True))
            seen.rows = sorted(pk for pk in met | {row.pk for row in before} - kept if pk <= last_row)
            transaction.set_rollback(True)
        self._absorb(seen)
        for result in results:
            if isinstance(result, Written) and result.entry and (result.entry.pk or 0) > last_entry:
                result.entry.pk = None
        results = [_without_fields(result) for result in results]
        self._pending = seen
        self._append(seen)
        return results

    def take_like(self, entry: Entry) -> Foreseen | None:
        """The one entry that the dry run would have made with the same text, if there is exactly one; not again."""
        made = self._made.get(text_mark(entry), [])
        return made.pop() if len(made) == 1 else None

    def met(self, row: SourceRecord) -> bool:
        """Whether the dry run met this record, or its entry under another key."""
        self._settle_pending()
        return row.pk in self.rows or row.entry_id in self._stored_and_met

    @cached_property
    def _made(self) -> dict[str, list[Foreseen]]:
        """By their texts, the entries that the dry run would have made; to be asked when it is over."""
        self._settle_pending()
        made: dict[str, list[Foreseen]] = {}
        for one in self.entries.values():
            if one.pk is None:
                made.setdefault(one.text, []).append(one)
        return made

    @cached_property
    def _stored_and_met(self) -> set[int]:
        """The existing entries that the source has; to be asked when it is over."""
        self._settle_pending()
        return {pk for one in self.entries.values() if one.met for pk in (one.pk, *one.absorbed) if pk}

    @property
    def _position(self) -> int:
        return int(self.job.cursor.get("position", 0))

    def _settle_pending(self) -> None:
        """Believe what the batch before came to, now that it is known whether it was counted."""
        if self._pending and self._pending.at < self._position:
            self._learn(self._pending)
        self._pending = None

    def _learn(self, seen: Seen) -> None:
        for name in (*seen.gone, *seen.entries):
            self._forget_one(name)
        self.rows.update(seen.rows)
        for ids in seen.waiting:
            for pair in ids:
                self._waiting.setdefault(pair, []).append(ids)
        for name, one in seen.entries.items():
            self.entries[name] = one
            self._of_pair |= dict.fromkeys(one.ids, name)
            self._of_key |= {key: name for key, *_ in one.records}

    def _forget_one(self, name: str) -> None:
        if one := self.entries.pop(name, None):
            for pair in one.ids:
                self._of_pair.pop(pair, None)
            for key, *_ in one.records:
                self._of_key.pop(key, None)

    def _restore(self, records: Sequence[Record], by: By) -> dict[int, str]:
        """Put there what these records would meet; the name of each entry by its id in this transaction."""
        pairs = self._with_waiting(pair for record in records for pair in _named(record))
        names = dict.fromkeys(self._of_pair[pair] for pair in pairs if pair in self._of_pair)
        keys = (_nameless(record, by) for record in records if isinstance(record, EntryRecord))
        names |= dict.fromkeys(self._of_key[key] for key in keys if key in self._of_key)
        return {self._put(name, self.entries[name], by).pk: name for name in names}

    def _with_waiting(self, pairs: Iterable[Pair]) -> list[Pair]:
        """The identifiers, and those that wait to be the same, which are made to wait in this transaction too."""
        known = dict.fromkeys(pairs)
        ahead = list(known)
        put: set[int] = set()
        while ahead:
            more = [pair for pair in component(ahead) if pair not in known]
            for ids in (ids for pair in ahead for ids in self._waiting.get(pair, ())):
                if id(ids) not in put:
                    put.add(id(ids))
                    wait(ids, "")
                    more += [pair for pair in ids if pair not in known]
            known |= dict.fromkeys(more)
            ahead = more
        return list(known)

    def _put(self, name: str, one: Foreseen, by: By) -> Entry:
        entry = Entry.objects.filter(pk=one.pk).first() if one.pk else None
        if entry is None:
            said: dict[str, Any] = {
                "kind": one.kind,
                "title": one.title,
                "source": one.source,
                "content_hash": one.content_hash,
            }
            (entry,) = Entry.objects.bulk_create([Entry(**said, slug=f"rehearsal of {self.job.pk} {name}")])
        for other in Entry.objects.filter(pk__in=one.absorbed):
            merge_entries(other, entry)
        held = holders(one.ids)
        missing = [pair for pair in one.ids if pair not in held]
        ExternalId.objects.bulk_create([ExternalId(entry=entry, namespace=ns, value=value) for ns, value in missing])
        of: dict[str, Any] = {"source": by.source, "collection": by.collection}
        for key, digest, place, met in one.records:
            told = {"entry": entry, "digest": digest, "place": place, "vanished_at": None}
            told |= {"job": self.job, "seen_at": timezone.now()} if met else {}
            SourceRecord.objects.update_or_create(**of, key=key, defaults=told)
        return entry

    def _looked_at(
        self, records: Sequence[Record], results: Sequence[Result], by: By, names: dict[int, str], last_entry: int
    ) -> Seen:
        """The entries that the batch was about, as it leaves them."""
        seen = Seen(self._position)
        for number, (record, result) in enumerate(zip(records, results, strict=True)):
            if isinstance(record, SameRecord) and isinstance(result, Written) and result.outcome == Outcome.WAITING:
                seen.waiting.append(list(record.ids))
            if not isinstance(result, Written) or result.entry is None or result.entry.pk is None:
                continue
            entry = result.entry
            name = names.setdefault(entry.pk, str(entry.pk) if entry.pk <= last_entry else f"new {seen.at} {number}")
            one = seen.entries.get(name) or self._known(name) or _as_foreseen(entry, key_of(record), last_entry)
            seen.entries[name] = one
            if isinstance(record, EntryRecord):
                one.met = True
                if result.outcome == Outcome.UPDATED:
                    one.title, one.content_hash, one.text = entry.title, entry.content_hash, text_mark(entry)
        touched = [pk for pk, name in names.items() if name in seen.entries]
        for row in found(ExternalId.objects.all(), "entry_id", touched):
            seen.entries[names[row.entry_id]].ids.append((row.namespace, row.value))
        ours = SourceRecord.objects.filter(source=by.source, collection=by.collection)
        for said in found(ours, "entry_id", touched):
            seen.entries[names[said.entry_id]].records.append(
                (said.key, said.digest, said.place, said.job_id == self.job.pk)
            )
        return seen

    def _absorb(self, seen: Seen) -> None:
        """Note which entries, stored or foreseen, have lost their identifiers to those that the batch was about."""
        pairs = [pair for one in seen.entries.values() for pair in one.ids]
        stored = {pair: entry.pk for pair, entry in holders(pairs).items()}
        for one in seen.entries.values():
            for pair in one.ids:
                other = self._of_pair.get(pair)
                if other and other not in seen.entries and other not in seen.gone:
                    seen.gone.append(other)
                    one.absorbed += self.entries[other].absorbed
                holder = stored.get(pair)
                if holder and holder != one.pk and holder not in one.absorbed:
                    one.absorbed.append(holder)

    def _known(self, name: str) -> Foreseen | None:
        known = self.entries.get(name)
        return replace(known, ids=[], records=[], absorbed=list(known.absorbed)) if known else None

    def _append(self, seen: Seen) -> None:
        path = _file(self.job)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(seen)) + "\n")

    def _kept(self) -> Iterable[Seen]:
        """What each batch that was counted came to; of one that was tried again, the last."""
        lines: dict[int, Seen] = {}
        if not _file(self.job).is_file():
            return []
        with _file(self.job).open(encoding="utf-8") as file:
            for line in file:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # torn by what ended the process, so its batch was not counted
                if said["at"] < self._position:
                    entries = {name: _foreseen(one) for name, one in said["entries"].items()}
                    waiting = [[(ns, value) for ns, value in ids] for ids in said["waiting"]]
                    lines[said["at"]] = Seen(said["at"], entries, said["gone"], said["rows"], waiting)
        return lines.values()


def _named(record: Record) -> list[Pair]:
    """The identifiers by which a record may be about something that is here."""
    match record:
        case EntryRecord():
            return identifiers(record)
        case DuplicateRecord():
            return [(record.namespace, record.value), (record.namespace, record.of)]
        case SameRecord():
            return list(record.ids)
    return []


def _nameless(record: EntryRecord, by: By) -> str:
    """What a record without an identifier is known by; "" for any other."""
    try:
        return "" if identifiers(record) else record_key(record, draft_of(record, by).content_hash)
    except ValidationError:
        return ""


def _as_foreseen(entry: Entry, key: str, last_entry: int) -> Foreseen:
    pk = entry.pk if entry.pk <= last_entry else None
    return Foreseen(pk, entry.kind, entry.title, entry.source, entry.content_hash, text_mark(entry), key)


def _foreseen(said: dict[str, Any]) -> Foreseen:
    lists = {"ids": [(ns, value) for ns, value in said["ids"]], "records": [tuple(one) for one in said["records"]]}
    return Foreseen(**(said | lists))


def _without_fields(result: Result) -> Result:
    """What changes about an entry that is not stored cannot be told field by field: too little is remembered of it."""
    if isinstance(result, Written) and result.outcome != Outcome.CREATED and result.entry and not result.entry.pk:
        return replace(result, fields={})
    return result


def _last(model: Any) -> int:
    return model.objects.aggregate(last=Max("pk"))["last"] or 0


def _file(job: Job) -> Path:
    return Path(settings.KB_DATA_DIR, "scratch", f"rehearsal-{job.pk}", "batches.jsonl")
