"""Bridges from an entry to what its reader should know of another kind: to a case study the incidents of the same
technique and failure, to an incident the teams who shipped the same thing, to a note both. Each with the sentence that
explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.models import Entry
from search import index, similar, vocabulary
from search.engines.base import Vectors
from search.errors import SearchError
from search.explaining import Weight
from search.hits import PassageHit, passage_hit
from search.models import Passage
from search.query import User
from search.related import Near, neighbours, shown

# Which kinds a kind is joined to, and what the reader is told that they are.
JOINED = {
    "incident": {"case_study": "Who shipped the same, and what they did about it"},
    "case_study": {"incident": "The incidents to know about"},
    "note": {"incident": "Where this went wrong", "case_study": "Where this was put to work"},
}
MOST = 3
# How far from unrelated (0) to the same (1) a bridge has to reach: docs/explaining.md says how that was found.
LEAST = 0.32
STRONG, CLEAR = 0.5, 0.41


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
    near = neighbours(entry, user, max(per_kind, most))
    joined = JOINED.get(entry.kind, {})
    close = {kind: _close(near.get(kind, []), most) for kind in joined}
    entries = shown({**near, **close}, user)
    passages = _passages(entry, [one.entry_id for ones in close.values() for one in ones], entries)
    spans = [
        Span(
            kind,
            label,
            [
                Bridge(entries[one.entry_id], _strength(one.cosine), passages.get(one.entry_id))
                for one in close[kind]
                if one.entry_id in entries
            ],
        )
        for kind, label in joined.items()
    ]
    related = {
        kind: [entries[one.entry_id] for one in ones if one.entry_id in entries][:per_kind]
        for kind, ones in near.items()
        if kind not in joined
    }
    return Around([span for span in spans if span.bridges], related)


def _close(near: Sequence[Near], most: int) -> list[Near]:
    return [one for one in near if _strength(one.cosine) >= LEAST][:most]


def _strength(cosine: float) -> float:
    floor = similar.unrelated()
    return max(0.0, (cosine - floor) / (1 - floor)) if floor < 1 else 0.0


def _passages(entry: Entry, ids: Sequence[int], entries: Mapping[int, Entry]) -> dict[int, PassageHit]:
    """Of each entry the own passage that is nearest in meaning, with the sentence that has most of this one's words."""
    rows = Passage.objects.filter(entry__in=ids, source__in=similar.OWN).order_by("entry_id", "-source", "start")
    own: dict[int, list[Passage]] = {}
    for row in rows if ids else ():
        own.setdefault(row.entry_id, []).append(row)
    try:
        mine = similar.vectors([entry.pk]).get(entry.pk)
        vectors = index.reader().vectors([row.pk for found in own.values() for row in found])
    except SearchError:
        return {}
    weight: Weight = vocabulary.current().idf
    said = f"{entry.title}. {entry.summary}"
    return {
        id: passage_hit(entries[id], _best(mine, found, vectors), said, 0.0, weight)
        for id, found in own.items()
        if id in entries
    }


def _best(mine: Vectors | None, rows: Sequence[Passage], vectors: Mapping[int, Vectors]) -> Passage:
    if mine is None:
        return rows[0]
    return max(rows, key=lambda row: float(mine @ vectors[row.pk]) if row.pk in vectors else -1.0)
