"""The first step of ranking: the passages that either half of the index names for a question, scored by both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from search import long_queries
from search.encoder import Encoder
from search.engines.base import Engine, Hit, Ids, Vectors
from search.fusion import Scores, Weights

# Passages asked of each half. Scaling looks at all candidates, and shallow lists make it unsteady; with twice as many
# nothing was found better, and each costs time in every step.
DEPTH = 200
# Long documents can fill a list with few entries; then we ask for more, at most this many times as much.
DEEPEST = 16
ENTRIES_WANTED = 100
# Asked for each piece of a long query: together the pieces name more than one question does.
PIECE_DEPTH = 100

# To look passages up among the words costs by their number, and of the later ones the words change nothing: so many of
# those that only meaning named are given their BM25, and for so many of the highest BM25 it is asked what they cover.
LOOKED_UP = 150
COVERED = 100


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What was found for `query`, a whole one or a piece of it: parallel arrays, by passage id.

    `coverage` is how much of the query's words a passage has, from 0 to 1; a search by both halves asks it of the
    `COVERED` highest by BM25.
    `by_words` and `by_meaning` tell which half named the passage. `vectors` (n, dimension) are those of the passages;
    of a search by words alone they are (n, 0).
    """

    query: str
    ids: Ids
    entry_ids: Ids
    bm25: Scores
    cosine: Scores
    coverage: Scores
    by_words: NDArray[np.bool_]
    by_meaning: NDArray[np.bool_]
    vectors: Vectors

    def only(self, kept: NDArray[np.bool_]) -> "Candidates":
        """Those of the marked rows."""
        return Candidates(
            self.query,
            self.ids[kept],
            self.entry_ids[kept],
            self.bm25[kept],
            self.cosine[kept],
            self.coverage[kept],
            self.by_words[kept],
            self.by_meaning[kept],
            self.vectors[kept],
        )


def gather(
    query: str,
    engine: Engine,
    encoder: Encoder,
    filter: Ids | None,
    weights: Weights,
    depth: int = DEPTH,
    wanted: int = ENTRIES_WANTED,
) -> list[Candidates]:
    """What is found for the query, or for each of the pieces of one that is longer than the model reads.

    Those are the `depth` best passages of each half that has weight, and where fewer than `wanted` entries are among
    them the best of each of the entries that follow. What only words named gets its true cosine, and the first
    `LOOKED_UP` of what only meaning named their true BM25. Raises SemanticUnavailable where meaning has weight and
    cannot be searched.
    """
    asked = long_queries.pieces(query)
    if len(asked) > 1:
        depth = min(depth, PIECE_DEPTH)
    vectors = long_queries.vectors(asked, encoder) if weights.semantic else np.empty((len(asked), 0), np.float32)
    return [
        _found(text, vector, engine, filter, weights, depth, wanted)
        for text, vector in zip(asked, vectors, strict=True)
    ]


def _found(
    text: str, vector: Vectors, engine: Engine, filter: Ids | None, weights: Weights, depth: int, wanted: int
) -> Candidates:
    # Where all entries of a filter are wanted, one long list is asked for and not several.
    at_once = filter is not None and len(filter) <= wanted
    nearest = _deep(partial(engine.nearest, vector, filter), depth, wanted, at_once) if weights.semantic else []
    words = _deep(partial(engine.keyword, text, filter), depth, wanted, at_once) if weights.keyword else []
    entry_of = {hit.id: hit.entry_id for hit in (*words, *nearest)}
    ids = sorted(entry_of)
    bm25 = {hit.id: hit.score for hit in words}
    if words and weights.semantic:
        bm25 |= engine.keyword_scores(text, [hit.id for hit in nearest[:LOOKED_UP] if hit.id not in bm25])
    coverage = engine.coverage(text, _first(bm25)) if words and weights.semantic else {}
    cosine = {hit.id: hit.score for hit in nearest}
    stored = _stored(engine, ids, len(vector))
    by_words, by_meaning = {hit.id for hit in words}, set(cosine)
    return Candidates(
        text,
        np.array(ids, np.int64),
        np.array([entry_of[id] for id in ids], np.int64),
        np.array([bm25.get(id, 0.0) for id in ids], np.float64),
        np.array([cosine.get(id, dot) for id, dot in zip(ids, (stored @ vector).tolist(), strict=True)], np.float64),
        np.array([coverage.get(id, 0.0) for id in ids], np.float64),
        np.array([id in by_words for id in ids], np.bool_),
        np.array([id in by_meaning for id in ids], np.bool_),
        stored,
    )


def _first(bm25: dict[int, float]) -> list[int]:
    """The passages of the highest scores: those that it matters for whether they have all the words."""
    return sorted(bm25, key=lambda id: (-bm25[id], id))[:COVERED]


def _deep(search: Callable[[int], list[Hit]], depth: int, wanted: int, at_once: bool) -> list[Hit]:
    """`depth` hits, and where fewer than `wanted` entries are among them one of each of the entries that follow, as far
    down as DEEPEST allows; looked for step by step, or `at_once`."""
    deepest = depth * DEEPEST
    k = deepest if at_once else depth
    while True:
        hits = search(k)
        if len(hits) < k or k >= deepest or len({hit.entry_id for hit in hits}) >= wanted:
            return _thinned(hits, depth)
        k *= 2


def _thinned(hits: list[Hit], depth: int) -> list[Hit]:
    """The first `depth` hits, and of those after them the first of each entry that has none before it. Where few
    entries have many passages, each further one would take time in every step that follows; what they say of an entry
    that has better ones hardly moves it (docs/search.md)."""
    later: dict[int, Hit] = {}
    known = {hit.entry_id for hit in hits[:depth]}
    for hit in hits[depth:]:
        if hit.entry_id not in known:
            later.setdefault(hit.entry_id, hit)
    return [*hits[:depth], *later.values()]


def _stored(engine: Engine, ids: list[int], dimension: int) -> Vectors:
    """Zeros for a passage that just one half holds, as while it is being changed."""
    known = engine.vectors(ids) if dimension else {}
    nothing = np.zeros(dimension, np.float32)
    return np.array([known.get(id, nothing) for id in ids], np.float32).reshape(len(ids), dimension)
