"""Entries near an entry, of every kind, by the vectors that are stored already: no model is needed."""

import logging

import numpy as np

from kb.kinds import KINDS
from kb.models import Entry
from search import index
from search.engines.base import Engine, Ids, Vectors
from search.errors import SearchError
from search.query import User

log = logging.getLogger(__name__)

# An entry has several passages, and the nearest passages are often those of one entry.
PASSAGES_PER_ENTRY = 8


def related_to(entry: Entry, user: User, per_kind: int = 3) -> dict[str, list[Entry]]:
    """By kind, up to `per_kind` visible entries whose passages are nearest to this entry's; nothing where it has none.

    Empty when the index cannot answer: a page without neighbours is still a page.
    """
    try:
        engine = index.reader()
        vectors = engine.vectors(list(entry.passages.values_list("pk", flat=True)))
        if not vectors:
            return {}
        centre = np.mean(list(vectors.values()), axis=0)
        centre = (centre / max(float(np.linalg.norm(centre)), 1e-9)).astype(np.float32)
        others = _others(entry, user)
        nearest = {kind: _nearest(engine, centre, others[kind], per_kind) for kind in KINDS}
    except SearchError as error:
        log.warning("no related entries for %s: %s", entry.pk, error)
        return {}
    entries = Entry.objects.visible_to(user).for_lists().in_bulk([id for ids in nearest.values() for id in ids])
    return {kind: [entries[id] for id in ids if id in entries] for kind, ids in nearest.items()}


def _others(entry: Entry, user: User) -> dict[str, Ids]:
    """Sorted ids of the other entries that this reader may see, by kind."""
    ids: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for pk, kind in Entry.objects.visible_to(user).exclude(pk=entry.pk).order_by("pk").values_list("pk", "kind"):
        ids[kind].append(pk)
    return {kind: np.array(pks, np.int64) for kind, pks in ids.items()}


def _nearest(engine: Engine, centre: Vectors, among: Ids, count: int) -> list[int]:
    """The `count` entries of `among` with the nearest passages, looking further where a few of them have many."""
    depth = count * PASSAGES_PER_ENTRY
    while among.size:
        hits = engine.nearest(centre, among, depth)
        found = list(dict.fromkeys(hit.entry_id for hit in hits))
        if len(found) >= count or len(hits) < depth:
            return found[:count]
        depth *= 4
    return []
