"""The entries near a description, part by part: candidates by words and meaning, measured by cosine alone.

A ranking's scores are relative to the other candidates and cannot say that nothing is close; a cosine can. So ranking
names candidates, and the best cosine between any part of the description and any passage of theirs is their strength.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.description import Part
from search.encoder import Encoder
from search.engines.base import Engine, Ids, Vectors
from search.errors import SemanticUnavailable
from search.models import Passage
from search.ranking import SEMANTIC_DOWN, rank

# All parts are compared by meaning; words are looked up for the most telling of them.
TELLING = 8
PASSAGES_ASKED = 64
PASSAGES_COMPARED = 4


@dataclass(frozen=True, slots=True)
class Near:
    """An entry and the passage of it that is nearest to a part of the description.

    `strength` is their cosine; None where there was no model, and the entry shares words with the part.
    """

    entry_id: int
    passage_id: int
    strength: float | None
    part: Part


@dataclass(frozen=True)
class Nearby:
    """What is near, the nearest first, by kind; `vectors` of the parts by their number, none without a model."""

    kinds: dict[str, list[Near]] = field(default_factory=dict)
    vectors: dict[int, Vectors] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def nearby(
    parts: Sequence[Part],
    engine: Engine,
    encoder: Encoder,
    among: dict[str, Ids],
    limit: int,
    always: Collection[int] = (),
) -> Nearby:
    """Up to `limit` entries of each kind, chosen from `among` (sorted entry ids by kind); of `always`, all that are
    among them."""
    try:
        vectors = {part.number: encoder.encode_query(part.text) for part in parts}
        kinds = {
            kind: _by_meaning(parts, np.stack(list(vectors.values())), engine, encoder, ids, limit, always)
            for kind, ids in among.items()
        }
    except SemanticUnavailable:
        kinds = {kind: _by_words(parts, engine, encoder, ids, limit, always) for kind, ids in among.items()}
        return Nearby(kinds, {}, [SEMANTIC_DOWN])
    return Nearby(kinds, vectors)


def _by_meaning(
    parts: Sequence[Part],
    vectors: Vectors,
    engine: Engine,
    encoder: Encoder,
    among: Ids,
    limit: int,
    always: Collection[int],
) -> list[Near]:
    kept = set(always).intersection(among.tolist())
    if not among.size:
        return []
    entry_of: dict[int, int] = {}
    best: list[float] = []
    for vector in vectors:
        hits = engine.nearest(vector, among, PASSAGES_ASKED)
        best.append(hits[0].score if hits else -1.0)
        entry_of |= {hit.id: hit.entry_id for hit in hits}
    for row in np.argsort(-np.array(best), kind="stable")[:TELLING].tolist():
        for ranked in rank(parts[row].text, engine, encoder, filter=among, limit=limit).entries:
            entry_of |= {passage.id: ranked.entry_id for passage in ranked.passages[:PASSAGES_COMPARED]}
    if kept:
        entry_of |= dict(Passage.objects.filter(entry__in=kept).values_list("pk", "entry_id"))
    stored = engine.vectors(sorted(entry_of))
    if not stored:
        return []
    ids = list(stored)
    cosines = np.stack([stored[id] for id in ids]) @ vectors.T
    nearest: dict[int, Near] = {}
    for row in np.argsort(-cosines.max(axis=1), kind="stable").tolist():
        entry_id = entry_of[ids[row]]
        column = int(cosines[row].argmax())
        if entry_id not in nearest:
            nearest[entry_id] = Near(entry_id, ids[row], float(cosines[row, column]), parts[column])
    first = list(nearest.values())[:limit]
    shown = {near.entry_id for near in first}
    return first + [near for near in nearest.values() if near.entry_id in kept and near.entry_id not in shown]


def _by_words(
    parts: Sequence[Part], engine: Engine, encoder: Encoder, among: Ids, limit: int, always: Collection[int]
) -> list[Near]:
    """By the words of the whole description, as it stands."""
    if not among.size:
        return []
    text = "\n\n".join(part.text for part in parts)
    ranking = rank(text, engine, encoder, filter=among, mode="keyword", limit=limit)
    passage_of = {ranked.entry_id: ranked.passages[0].id for ranked in ranking.entries}
    kept = set(always).intersection(among.tolist()) - passage_of.keys()
    for entry_id, passage_id in Passage.objects.filter(entry__in=kept).order_by("pk").values_list("entry_id", "pk"):
        passage_of.setdefault(entry_id, passage_id)
    return [Near(entry_id, passage_id, None, parts[0]) for entry_id, passage_id in passage_of.items()]
