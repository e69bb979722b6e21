"""Which stored entry a record is about, if any, and what it is known by."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from ingest.records import MAX_NAME, AttachmentRecord, EntryRecord
from ingest.writing.rows import found, found_pairs
from kb import own_ids, provenance
from kb.addresses import canonical_url
from kb.curating import TEXT
from kb.external import named_by
from kb.models import DeletedEntry, Entry, ExternalId, Proposal
from kb.models.provenance import ProposalState

Pair = tuple[str, str]

WRITERS = 1  # raised when the same record would be written otherwise, so that it is written again
ADDRESS = "url"


def identifiers(record: EntryRecord) -> list[Pair]:
    """What the record is known by: its external ids, and what the address of its own page says."""
    pairs = list(record.external_ids)
    if record.page and record.page.url:
        pair = named_by(record.page.url) or (ADDRESS, fitting(canonical_url(record.page.url)))
        pairs += [pair] if pair not in pairs else []
    return pairs


def find_entries(
    records: Sequence[EntryRecord], hashes: Sequence[str], by_id: Mapping[Pair, Entry], source: str
) -> list[Entry | None]:
    """For each record the entry with one of its identifiers; without any, the same text from the same source.

    An entry that is known by one of them, and by another identifier in a namespace that the record has one in, is
    another one: two incidents of one database may share a page, a paper, or a number elsewhere. `by_id` are the
    `holders` of all identifiers of the records, `hashes` the content hashes of what they say.
    """
    known = [identifiers(record) for record in records]
    namespaces = _namespaces({entry.pk for entry in by_id.values()})
    nameless = [digest for digest, pairs in zip(hashes, known, strict=True) if not pairs]
    same_text = Entry.objects.filter(source=source).order_by("id")
    by_text = {entry.content_hash: entry for entry in found(same_text, "content_hash", nameless)}
    return [
        _holder(record, pairs, by_id, namespaces) if pairs else by_text.get(digest)
        for record, digest, pairs in zip(records, hashes, known, strict=True)
    ]


def holders(pairs: Iterable[Pair]) -> dict[Pair, Entry]:
    """The entry that holds each of the identifiers which one holds."""
    wanted = list(pairs)
    held = {
        (row.namespace, row.value): row.entry
        for row in found_pairs(ExternalId.objects.select_related("entry"), "value", wanted)
    }
    own = [value for namespace, value in wanted if namespace == own_ids.NAMESPACE and (namespace, value) not in held]
    return held | {(own_ids.NAMESPACE, value): entry for value, entry in own_ids.known_here(own).items()}


def to_unite(records: Sequence[EntryRecord]) -> list[tuple[Entry, Entry]]:
    """(kept, other): entries that are one, since a record has identifiers of both and no namespace tells them apart."""
    known = [[pair for pair in record.external_ids if pair[0] != ADDRESS] for record in records]
    several = [pairs for pairs in known if len(pairs) > 1]
    by_id = holders(pair for pairs in several for pair in pairs)
    found_twice: dict[int, tuple[Entry, Entry]] = {}
    for pairs in several:
        held = list({by_id[pair].pk: by_id[pair] for pair in pairs if pair in by_id}.values())
        for kept, other in combinations(held, 2):
            namespaces = _namespaces((kept.pk, other.pk))
            told_apart = not namespaces[kept.pk].isdisjoint(namespaces[other.pk]) or kept_apart(kept, other)
            if not told_apart and other.pk not in found_twice:
                found_twice[other.pk] = (kept, other)
    return list(found_twice.values())


def kept_apart(one: Entry, other: Entry) -> bool:
    """Whether a curator decided that the two are not the same, or took an identifier of one away from the other."""
    pair = {"entry_id": min(one.pk, other.pk), "other_id": max(one.pk, other.pk)}
    if Proposal.objects.filter(**pair, state=ProposalState.DECLINED).exists():
        return True
    for entry, its in ((one, other), (other, one)):
        refused = provenance.removed(entry, "identifiers")
        named = its.external_ids.values_list("namespace", "value") if refused else ()
        if any(provenance.row_key(*name) in refused for name in named):
            return True
    return False


def deleted(records: Sequence[EntryRecord], hashes: Sequence[str]) -> dict[int, str]:
    """Places in `records` of those about an entry that was deleted here, and about none that is here, with its title.

    `hashes` are the content hashes of what the records say.
    """
    known = [
        record.external_ids or identifiers(record) or [(TEXT, digest)]
        for record, digest in zip(records, hashes, strict=True)
    ]
    rows = found_pairs(DeletedEntry.objects.all(), "value", (pair for pairs in known for pair in pairs))
    titles = {(row.namespace, row.value): row.title for row in rows}
    gone = {
        place: title
        for place, pairs in enumerate(known)
        if (title := next((titles[pair] for pair in pairs if pair in titles), ""))
    }
    here = holders(pair for place in gone for pair in known[place])
    return {place: title for place, title in gone.items() if here.keys().isdisjoint(known[place])}


def record_key(record: EntryRecord, digest: str) -> str:
    """What the record is known by in its collection; what it says, where it has no identifier."""
    pairs = identifiers(record)
    return " ".join(pairs[0]) if pairs else f"{TEXT} {digest}"


def digest(record: EntryRecord) -> str:
    """SHA-256 of all that the record says: equal as long as writing it again would change nothing."""
    said = record.model_dump_json(exclude={"key", "warnings", "attachments"})
    parts = [str(WRITERS), said, *(_of_attachment(one) for one in record.attachments)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def fitting(address: str) -> str:
    """An address as an external id can hold it: a long one ends in its hash."""
    if len(address) <= MAX_NAME:
        return address
    mark = hashlib.sha256(address.encode()).hexdigest()
    return f"{address[: MAX_NAME - len(mark) - 1]}#{mark}"


def _of_attachment(one: AttachmentRecord) -> str:
    try:
        status = one.path.stat()
    except OSError:
        return one.name
    return f"{one.name} {status.st_size} {status.st_mtime_ns}"


def _holder(
    record: EntryRecord, pairs: Sequence[Pair], by_id: Mapping[Pair, Entry], namespaces: Mapping[int, set[str]]
) -> Entry | None:
    """The entry that holds the first of the record's identifiers to be held by one that it can be; page last."""
    own = record.external_ids
    for pair in sorted(pairs, key=lambda pair: pair not in own):
        entry = by_id.get(pair)
        if entry is None:
            continue
        shared = {namespace for namespace, value in own if by_id.get((namespace, value)) == entry}
        others = {namespace for namespace, _ in own if namespace != ADDRESS} - shared
        if others.isdisjoint(namespaces[entry.pk]):
            return entry
    return None


def _namespaces(entries: Iterable[int]) -> dict[int, set[str]]:
    """The namespaces, but that of addresses, in which each entry has identifiers."""
    wanted = list(entries)
    namespaces: dict[int, set[str]] = {pk: set() for pk in wanted}
    for row in found(ExternalId.objects.exclude(namespace=ADDRESS), "entry_id", wanted):
        namespaces[row.entry_id].add(row.namespace)
    return namespaces
