"""Bridges from an entry to what its reader should know of another kind: to a case study the incidents of the same
technique and failure, to an incident the teams who shipped the same thing, to a note both. Each with the sentence that
explains it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kb import held
from kb.models import Entry
from kb.models.entries import User
from search import index, similar, vocabulary
from search.engines.base import Vectors
from search.errors import SearchError
from search.hits import PassageHit, passage_hit
from search.models import Passage
from search.related import Near, meaning, neighbours, shown

# Which kinds a kind is joined to, and what the reader is told that they are.
JOINED = {
    "incident": {"case_study": "Who shipped the same, and what they did about it"},
    "case_study": {"incident": "The incidents to know about"},
    "note": {"incident": "Where this went wrong", "case_study": "Where this was put to work"},
}
MOST = 3
# How far from unrelated (0) to the same (1) a bridge has to reach: docs/explaining.md says how that was found.
LEAST = 0.34
STRONG, CLEAR = 0.55, 0.44
# What all of an entry's tags add where the other has them too, each in proportion to how rare it is.
TAGS_ADD = 0.2


@dataclass(frozen=True)
class Bridge:
    """Another entry, how close it is (0 as unrelated things, 1 the same), and the passage whose sentence shows it."""

    entry: Entry
    strength: float
    passage: PassageHit | None

    @property
    def told(self) -> str:
        """How strong the match is, in a word."""
        return "strong" if self.strength >= STRONG else "clear" if self.strength >= CLEAR else "loose"


@dataclass(frozen=True)
class Span:
    """The bridges to one kind, best first; `label` says what they are to the reader."""

    kind: str
    label: str
    bridges: list[Bridge]


@dataclass(frozen=True)
class Around:
    """What is around an entry: the bridges, and by kind the nearest entries of the kinds that none lead to."""

    bridges: list[Span]
    related: dict[str, list[Entry]]


def bridges_of(entry: Entry, user: User, most: int = MOST) -> list[Span]:
    """The bridges of an entry to what this reader may see; nothing that is not close enough."""
    return around(entry, user, most, most).bridges


def around(entry: Entry, user: User, per_kind: int = 3, most: int = MOST) -> Around:
    """The bridges and the related entries, found in one search."""
    own = meaning(entry)
    near = neighbours(entry, own, user, max(per_kind, most))
    joined = JOINED.get(entry.kind, {})
    close = _closest(entry, {kind: near.get(kind, []) for kind in joined}, most)
    rest = {kind: ones[:per_kind] for kind, ones in near.items() if kind not in joined}
    entries = shown({**rest, **close}, user)
    passages = _passages(entry, own, [one.entry_id for ones in close.values() for one in ones], entries)
    spans = [
        Span(
            kind,
            label,
            [
                Bridge(entries[one.entry_id], one.strength, passages.get(one.entry_id))
                for one in close[kind]
                if one.entry_id in entries
            ],
        )
        for kind, label in joined.items()
    ]
    related = {kind: [entries[one.entry_id] for one in ones if one.entry_id in entries] for kind, ones in rest.items()}
    return Around([span for span in spans if span.bridges], related)


class _Close(NamedTuple):
    entry_id: int
    strength: float


def _closest(entry: Entry, near: Mapping[str, Sequence[Near]], most: int) -> dict[str, list[_Close]]:
    """By kind what is close enough, the strongest first: near in meaning, and nearer with the tags that both have."""
    floor = similar.unrelated()
    shared = _shared_tags(entry, [one.entry_id for ones in near.values() for one in ones])
    found = {}
    for kind, ones in near.items():
        close = []
        for id, cosine in ones:
            meaning = (cosine - floor) / (1 - floor) if floor < 1 else 0.0
            strength = min(1.0, meaning + TAGS_ADD * shared.get(id, 0.0))
            if strength >= LEAST:
                close.append(_Close(id, strength))
        found[kind] = sorted(close, key=lambda one: (-one.strength, one.entry_id))[:most]
    return found


def _shared_tags(entry: Entry, ids: Sequence[int]) -> dict[int, float]:
    """How much of the entry's tags each of the others has, from 0 to 1; a rare tag is more than a common one."""
    tags = held.tags()
    carried = tags.only(tags.among(np.array([entry.pk])).things)
    size = max(vocabulary.current().passages, 2)
    weights = {tag: math.log(1 + size / count) for tag, count in held.commonest(carried.things).items()}
    found: dict[int, float] = {}
    for id, tag in zip(*map(np.ndarray.tolist, carried.among(np.array(ids, np.int64))), strict=True):
        found[id] = found.get(id, 0.0) + weights[tag] / sum(weights.values())
    return found


def _passages(
    entry: Entry, own: Vectors | None, ids: Sequence[int], entries: Mapping[int, Entry]
) -> dict[int, PassageHit]:
    """Of each entry the passage of its own that is nearest in meaning, with the sentence that has most of this one's
    words."""
    if own is None or not ids:
        return {}
    rows = Passage.objects.filter(entry__in=ids, source__in=similar.OWN).order_by("entry_id", "-source", "start")
    of: dict[int, list[Passage]] = {}
    for row in rows:
        of.setdefault(row.entry_id, []).append(row)
    try:
        vectors = index.reader().vectors([row.pk for found in of.values() for row in found])
    except SearchError:
        return {}
    weight = vocabulary.current().idf
    said = f"{entry.title}. {entry.summary}"
    return {
        id: passage_hit(entries[id].get_absolute_url(), _best(own, found, vectors), said, 0.0, weight)
        for id, found in of.items()
        if id in entries
    }


def _best(own: Vectors, rows: Sequence[Passage], vectors: Mapping[int, Vectors]) -> Passage:
    return max(rows, key=lambda row: float(own @ vectors[row.pk]) if row.pk in vectors else -1.0)
