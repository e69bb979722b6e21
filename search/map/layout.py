"""The map as it was computed last: which entry lies where, and which words it has. What may be shown of it, the
database says (`search.map.seen`)."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from kb.models.entries import User
from kb.rights import sees_hidden
from search.engines.base import Ids
from search.models import Audience, MapLayout

# `x` and `y` from 0 to 1, to the right and down; the number of the place around it; how far the entry was indexed when
# it was put there (Indexing.indexed); whether it came after the computation.
POINT = np.dtype([("entry", "<i8"), ("x", "<f4"), ("y", "<f4"), ("place", "<u1"), ("indexed", "<i4"), ("placed", "?")])
TERM = np.dtype("<i4")


@dataclass(frozen=True, eq=False)
class Layout:
    """Rows of POINT by entry id; the words of row n are `words[t]` for t in `terms[starts[n]:starts[n + 1]]`."""

    points: np.ndarray
    words: list[str]
    terms: Ids
    starts: Ids
    fingerprint: str
    figures: dict[str, Any]
    made_at: datetime
    placed: int

    def rows_of(self, entry_ids: Ids) -> Ids:
        """Which rows these entries (sorted ids) are, without those that are not on the map; sorted."""
        return np.flatnonzero(np.isin(self.points["entry"], entry_ids, assume_unique=True))

    def terms_of(self, rows: Ids) -> tuple[Ids, Ids]:
        """The terms of these rows, one after the other, and beside each the position in `rows` that it belongs to."""
        counts = (self.starts[1:] - self.starts[:-1])[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.terms[self.starts[rows][owner] + within], owner

    def merged(self, rows: Ids, added: np.ndarray, terms: list[list[int]]) -> tuple[np.ndarray, list[list[int]]]:
        """The points of these rows and those that are added, each with its terms, by entry id."""
        points = np.concatenate([self.points[rows], added])
        own = [self.terms[self.starts[row] : self.starts[row + 1]].tolist() for row in rows.tolist()]
        order = np.argsort(points["entry"])
        all_terms = own + terms
        return points[order], [all_terms[at] for at in order.tolist()]


def current(user: User) -> Layout | None:
    """The map for this reader; None where none was computed yet. Read anew only when it is another."""
    changed_at = dict(MapLayout.objects.values_list("audience", "changed_at"))
    audience = Audience.STAFF.value if sees_hidden(user) else Audience.EVERYBODY.value
    if audience not in changed_at:
        audience = Audience.EVERYBODY.value
    return _read(audience, changed_at[audience]) if audience in changed_at else None


def pack(points: np.ndarray, terms: list[list[int]]) -> dict[str, bytes]:
    """The fields of a MapLayout that hold points and their terms."""
    starts = np.cumsum([0, *map(len, terms)])
    flat = [term for some in terms for term in some]
    return {"points": points.tobytes(), "terms": np.array([*starts, *flat], TERM).tobytes()}


def unpack(row: MapLayout) -> Layout:
    points = np.frombuffer(bytes(row.points), POINT)
    packed = np.frombuffer(bytes(row.terms), TERM).astype(np.int64)
    starts, terms = packed[: len(points) + 1], packed[len(points) + 1 :]
    return Layout(points, row.words, terms, starts, row.fingerprint, row.figures, row.made_at, row.placed)


@lru_cache(maxsize=4)
def _read(audience: str, changed_at: datetime) -> Layout | None:
    row = MapLayout.objects.filter(audience=audience).first()
    return unpack(row) if row else None
