"""Published sameness of what is not here yet: it waits, and holds as soon as one of its identifiers arrives."""

from collections.abc import Iterable, Mapping, Sequence

from ingest.records import EntryRecord
from ingest.writing.identity import Pair, holders, identifiers
from ingest.writing.rows import found_pairs
from kb import provenance
from kb.models import Entry, Link, Origin, UnresolvedSame

RELATED = "related"
STEPS = 8  # from one identifier to the next that are gone when something arrives

Edge = tuple[Pair, Pair]  # that of whoever published it, and what is the same


def edges(ids: Sequence[Pair]) -> list[Edge]:
    """What a published sameness says, two by two: its first identifier is that of whoever published it."""
    return [(ids[0], other) for other in ids[1:]]


def wait(ids: Sequence[Pair], source: str) -> None:
    """Remember that these are one, until one of them is here."""
    rows = [
        UnresolvedSame(namespace=own[0], value=own[1], other_namespace=other[0], other_value=other[1], source=source)
        for own, other in edges(ids)
    ]
    UnresolvedSame.objects.bulk_create(rows, ignore_conflicts=True)


def forget(ids: Sequence[Pair]) -> None:
    """Wait no more for what is said of these."""
    said = set(edges(ids))
    UnresolvedSame.objects.filter(pk__in=[row.pk for row in _waiting(ids[:1]) if _edge(row) in said]).delete()


def with_waiting(records: Sequence[EntryRecord]) -> list[EntryRecord]:
    """The records, each with what it is known by as well according to what waits."""
    known = [identifiers(record) for record in records]
    more = what_else(known)
    return [
        record.model_copy(update={"external_ids": [*record.external_ids, *others]}) if others else record
        for record, others in zip(records, more, strict=True)
    ]


def what_else(known: Sequence[Sequence[Pair]]) -> list[list[Pair]]:
    """For each list of identifiers the others that wait to be the same.

    Whoever published a sameness counts by numbers of its own: two of these are two, so that a thing which has one gets
    no second one by way of a number that both share elsewhere.
    """
    near = component(pair for pairs in known for pair in pairs)
    return [_else(pairs, near) if near else [] for pairs in known]


def component(pairs: Iterable[Pair]) -> Mapping[Pair, list[Edge]]:
    """By identifier what waits for it, in the order in which it was said; of these identifiers, and of all that are
    said to be the same as one of them."""
    near: dict[Pair, list[Edge]] = {}
    seen: set[int] = set()
    rows: list[UnresolvedSame] = []
    wanted, asked = {*pairs}, set()
    for _ in range(STEPS):
        fresh = [row for row in _waiting(wanted) if row.pk not in seen]
        if not fresh:
            break
        asked |= wanted
        seen |= {row.pk for row in fresh}
        rows += fresh
        wanted = {end for row in fresh for end in _edge(row)} - asked
    for row in sorted(rows, key=lambda row: row.pk):
        for end in _edge(row):
            near.setdefault(end, []).append(_edge(row))
    return near


def settle(pairs: Iterable[Pair]) -> None:
    """Forget what waited for these, where both sides are here by now; where they are two entries, link them."""
    rows = list(_waiting({*pairs}))
    held = holders(end for row in rows for end in _edge(row)) if rows else {}
    settled = []
    for row in rows:
        one, other = (held.get(end) for end in _edge(row))
        if one and other:
            settled.append(row.pk)
            if one != other:
                relate(one, other)
    if settled:
        UnresolvedSame.objects.filter(pk__in=settled).delete()


def relate(one: Entry, other: Entry) -> bool:
    """Link the two, unless a curator took that link away; whether it was made.

    It is no source's own: neither record names it, and what its record does not name a source takes back.
    """
    if provenance.row_key(other.pk, RELATED) in provenance.removed(one, "links"):
        return False
    said = {"origin": Origin.IMPORTED}
    return Link.objects.get_or_create(entry=one, target=other, relation=RELATED, defaults=said)[1]


def _else(pairs: Sequence[Pair], near: Mapping[Pair, list[Edge]]) -> list[Pair]:
    names = dict.fromkeys(pairs)
    ahead = list(names)
    while ahead:
        for own, other in near.get(ahead.pop(0), ()):
            for end in (own, other):
                numbered = end == own and end[0] in {namespace for namespace, _ in names}
                if end not in names and not numbered:
                    names[end] = None
                    ahead.append(end)
    return list(names)[len(dict.fromkeys(pairs)) :]


def _edge(row: UnresolvedSame) -> Edge:
    return (row.namespace, row.value), (row.other_namespace, row.other_value)


def _waiting(pairs: Iterable[Pair]) -> Iterable[UnresolvedSame]:
    wanted = list(pairs)
    rows = {row.pk: row for row in found_pairs(UnresolvedSame.objects.all(), "value", wanted)}
    others = found_pairs(UnresolvedSame.objects.all(), "other_value", wanted, namespace="other_namespace")
    return (rows | {row.pk: row for row in others}).values()
