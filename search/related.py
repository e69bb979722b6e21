"""Entries near an entry, of every kind, by the vectors that are stored already: no model is needed."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Q, QuerySet

from kb import held
from kb.among import ByIds
from kb.kinds import KINDS
from kb.models import Entry, Link, Proposal
from kb.models.entries import User
from kb.models.provenance import ProposalState
from search import index, similar
from search.allowed import visible
from search.engines.base import Engine, Ids, Vectors
from search.errors import SearchError
from search.hits import FIELDS

log = logging.getLogger(__name__)

# An entry has several passages, and the nearest passages are often those of one entry.
PASSAGES_PER_ENTRY = 8
# The nearest passages of all, which hold enough entries of every kind that is not rare.
DEPTH = 400
POOL = 24
# How much of what all entries say alike is taken out before they are put in order; docs/explaining.md has the table.
COMMON_SHARE = 0.5
# Relations by which a source or a curator says that two entries are about one thing.
SAME = ("same", "same_as", "duplicate", "duplicate_of")
SURELY_SAME = 0.8  # score of a proposal
COPY = 0.97  # cosine of two accounts of one day


class Near(NamedTuple):
    """An entry near another, and the cosine of what the two say of themselves."""

    entry_id: int
    cosine: float


def related_to(entry: Entry, user: User, per_kind: int = 3) -> dict[str, list[Entry]]:
    """By kind, up to `per_kind` visible entries that say what is nearest to what this one says; nothing where it is
    not indexed. Neither itself nor what is the same as it.

    Empty when the index cannot answer: a page without neighbours is still a page.
    """
    near = {kind: ones[:per_kind] for kind, ones in neighbours(entry, meaning(entry), user, per_kind).items()}
    entries = shown(near, user)
    return {kind: [entries[one.entry_id] for one in ones if one.entry_id in entries] for kind, ones in near.items()}


def shown(near: Mapping[str, Sequence[Any]], user: User) -> dict[int, Entry]:
    """The entries themselves by id, as far as this reader may see them; `near` has things with an `entry_id`."""
    ids = [one.entry_id for ones in near.values() for one in ones]
    return Entry.objects.visible_to(user).only(*FIELDS).in_bulk(ids)


def meaning(entry: Entry) -> Vectors | None:
    """What the entry says of itself, as a vector; of one that only cites, what it cites. None where it is not
    indexed."""
    if found := similar.vectors([entry.pk]):
        return found[entry.pk]
    cited = list(entry.passages.order_by("pk").values_list("pk", flat=True)[: similar.FIRST])
    try:
        stored = list(index.reader().vectors(cited).values()) if cited else []
    except SearchError as error:
        log.warning("nothing is known of what %s is about: %s", entry.pk, error)
        return None
    return _unit(np.mean(stored, axis=0)) if stored else None


def neighbours(entry: Entry, own: Vectors | None, user: User, per_kind: int) -> dict[str, list[Near]]:
    """As `related_to`, as ids with how near they are to `own`, the meaning of the entry; of each kind at least
    `per_kind` where there are as many, and up to POOL. The work does not grow with the number of entries."""
    if own is None:
        return {}
    try:
        pool = _pool(index.reader(), entry, own, user, per_kind)
    except SearchError as error:
        log.warning("no related entries for %s: %s", entry.pk, error)
        return {}
    said = similar.vectors([id for found in pool.values() for id in found])
    return {kind: _nearest_of(entry, own, pool[kind], said) for kind in KINDS}


def _pool(engine: Engine, entry: Entry, own: Vectors, user: User, per_kind: int) -> dict[str, dict[int, float]]:
    """By kind the entries whose passages are nearest, with the cosines of these, without the entry and its doubles."""
    left_out = {entry.pk, *_same(entry)}
    size = max(POOL, per_kind)
    hits = engine.nearest(own, None, DEPTH)
    best = {hit.entry_id: hit.score for hit in reversed(hits) if hit.entry_id not in left_out}
    pool: dict[str, dict[int, float]] = {kind: {} for kind in KINDS}
    seen = visible(np.fromiter(best, np.int64), user)
    kinds = {id: kind for kind in KINDS for id in held.of_kind(seen, kind).tolist()}
    for id, score in sorted(best.items(), key=lambda one: (-one[1], one[0])):
        if id in kinds and len(pool[kinds[id]]) < size:
            pool[kinds[id]][id] = score
    if len(hits) == DEPTH:
        for kind, found in pool.items():
            if len(found) < per_kind:
                pool[kind] = _searched(engine, own, _ids(kind, left_out, user), size)
    return pool


def _ids(kind: str, left_out: set[int], user: User) -> Ids:
    """Sorted ids of the entries of a kind that this reader may see."""
    rows = Entry.objects.visible_to(user).filter(kind=kind).exclude(pk__in=left_out).order_by("pk")
    return np.fromiter(rows.values_list("pk", flat=True), np.int64)


def _searched(engine: Engine, own: Vectors, among: Ids, count: int) -> dict[int, float]:
    """The `count` entries of `among` with the nearest passages, looking further where a few of them have many."""
    depth = count * PASSAGES_PER_ENTRY
    while among.size:
        hits = engine.nearest(own, among, depth)
        found = {hit.entry_id: hit.score for hit in reversed(hits)}
        if len(found) >= count or len(hits) < depth:
            return dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))[:count])
        depth *= 4
    return {}


def _nearest_of(entry: Entry, own: Vectors, pool: Mapping[int, float], said: Mapping[int, Vectors]) -> list[Near]:
    """The entries of the pool, nearest first by what each has `said` of itself, copies of this one left out."""
    common = similar.common()
    taken = np.zeros_like(own) if common is None else (COMMON_SHARE * common).astype(np.float32)
    mine = _unit(own - taken)
    order, cosines = {}, {}
    for id, score in pool.items():
        other = said.get(id)
        cosines[id] = score if other is None else float(own @ other)
        order[id] = score if other is None else float(mine @ _unit(other - taken))
    copies = _copies(entry, (id for id, cosine in cosines.items() if cosine >= COPY))
    ranked = sorted((id for id in pool if id not in copies), key=lambda id: (-order[id], id))
    return [Near(id, cosines[id]) for id in ranked]


def _links(ids: Iterable[int]) -> QuerySet[Link, Any]:
    either = Q(entry__pk__among=ids) | Q(target__pk__among=ids)
    return Link.objects.filter(either, relation__in=SAME).order_by().values_list("entry_id", "target_id")


def _likely(ids: Iterable[int]) -> QuerySet[Proposal, Any]:
    either = Q(entry__pk__among=ids) | Q(other__pk__among=ids)
    likely = Q(state=ProposalState.ACCEPTED) | Q(state=ProposalState.OPEN, score__gte=SURELY_SAME)
    return Proposal.objects.filter(either, likely).order_by().values_list("entry_id", "other_id")


_pairs = ByIds(_links), ByIds(_likely)


def _same(entry: Entry) -> set[int]:
    """Entries that somebody or something says are the same as this one."""
    return {id for pairs in _pairs for pair in pairs([entry.pk]) for id in pair}


def _copies(entry: Entry, alike: Iterable[int]) -> set[int]:
    """Of entries that say nearly the same, those of the same kind and day that nobody declared to be others."""
    ids = list(alike)
    if not ids or not entry.occurred_on:
        return set()
    declined = Proposal.objects.filter(Q(entry=entry) | Q(other=entry), state=ProposalState.DECLINED)
    others = {id for pair in declined.values_list("entry_id", "other_id") for id in pair}
    rows = Entry.objects.filter(pk__in=ids, kind=entry.kind, occurred_on=entry.occurred_on)
    return set(rows.values_list("pk", flat=True)) - others


def _unit(vector: Vectors) -> Vectors:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
