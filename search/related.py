"""Entries near an entry, of every kind, by the vectors that are stored already: no model is needed."""

import logging

import numpy as np

from kb.kinds import KINDS
from kb.models import Entry
from search import index
from search.engines.base import Engine, Ids
from search.errors import SearchError
from search.query import User

log = logging.getLogger(__name__)

# An entry has several passages, and the nearest passages are often those of one entry.
PASSAGES_PER_ENTRY = 8


def related_to(entry: Entry, user: User, per_kind: int = 3) -> dict[str, list[Entry]]:
    """By kind, up to `per_kind` visible entries whose passages are nearest to this entry's; nothing where it has none.

    Empty when the index cannot answer: a page without neighbours is still a page.
    """
    engine = index.reader()
    try:
        vectors = engine.vectors(list(entry.passages.values_list("pk", flat=True)))
        if not vectors:
            return {}
        centre = np.mean(list(vectors.values()), axis=0)
        centre = (centre / np.linalg.norm(centre)).astype(np.float32)
        nearest = {kind: _nearest(engine, centre, _others(entry, kind, user), per_kind) for kind in KINDS}
    except SearchError as error:
        log.warning("no related entries for %s: %s", entry.pk, error)
        return {}
    entries = Entry.objects.visible_to(user).for_lists().in_bulk([id for ids in nearest.values() for id in ids])
    return {kind: [entries[id] for id in ids if id in entries] for kind, ids in nearest.items()}


def _others(entry: Entry, kind: str, user: User) -> Ids:
    ids = Entry.objects.visible_to(user).filter(kind=kind).exclude(pk=entry.pk).order_by("pk")
    return np.fromiter(ids.values_list("pk", flat=True), np.int64)


def _nearest(engine: Engine, centre: np.ndarray, among: Ids, count: int) -> list[int]:
    if not among.size:
        return []
    hits = engine.nearest(centre, among, count * PASSAGES_PER_ENTRY)
    return list(dict.fromkeys(hit.entry_id for hit in hits))[:count]
