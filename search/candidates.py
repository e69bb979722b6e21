"""The first step of ranking: the passages that either half of the index names for a question, scored by both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from search import long_queries
from search.encoder import Encoder
from search.engines.base import Engine, Hit, Ids, Vectors
from search.fusion import Scores, Weights

# Passages asked of each half. Scaling looks at all candidates, and shallow lists make it unsteady.
DEPTH = 400
# Long documents can fill a list with few entries; then we ask for more, at most this many times as much.
DEEPEST = 16
ENTRIES_WANTED = 100
# Of each piece of a long query. Together the pieces name more than one question does.
PIECE_DEPTH = 100


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What was found for `query`: parallel arrays, by passage id.

    `by_words` and `by_meaning` tell which half named the passage. `vectors` (n, dimension) are those of the passages; of a search by words alone they are (n, 0).
    """

    query: str
    ids: Ids
    entry_ids: Ids
    bm25: Scores
    cosine: Scores
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
) -> Candidates:
    """The `depth` best passages of each half that has weight, more where fewer than `wanted` entries are among them.

    What only one half named gets its true score from the other. A query longer than the model reads is searched piece
    by piece. Raises SemanticUnavailable where meaning has weight and cannot be searched.
    """
    asked = long_queries.pieces(query)
    if len(asked) > 1:
        depth = min(depth, PIECE_DEPTH)
    vectors = _vectors(asked, encoder) if weights.semantic else np.empty((0, 0), np.float32)
    nearest = [_deep(partial(engine.nearest, vector, filter), depth, wanted) for vector in vectors]
    words = [_deep(partial(engine.keyword, text, filter), depth, wanted) for text in asked] if weights.keyword else []
    entry_of = {hit.id: hit.entry_id for hits in (*words, *nearest) for hit in hits}
    ids = sorted(entry_of)
    stored = _stored(engine, ids, vectors.shape[1])
    return Candidates(
        query,
        np.array(ids, np.int64),
        np.array([entry_of[id] for id in ids], np.int64),
        long_queries.merged(
            [_bm25(engine, text, hits, ids, bool(nearest)) for text, hits in zip(asked, words, strict=False)], len(ids)
        ),
        long_queries.merged([_cosine(stored, *pair, ids) for pair in zip(vectors, nearest, strict=True)], len(ids)),
        _named(ids, words),
        _named(ids, nearest),
        stored,
    )


def _vectors(asked: Sequence[str], encoder: Encoder) -> Vectors:
    return encoder.encode_query(asked[0])[None] if len(asked) == 1 else encoder.encode(asked)


def _deep(search: Callable[[int], list[Hit]], depth: int, wanted: int) -> list[Hit]:
    """`depth` hits, or more where fewer than `wanted` entries are among them."""
    k = depth
    while True:
        hits = search(k)
        if len(hits) < k or k >= depth * DEEPEST or len({hit.entry_id for hit in hits}) >= wanted:
            return hits
        k *= 4


def _stored(engine: Engine, ids: list[int], dimension: int) -> Vectors:
    """Zeros for a passage that just one half holds, as while it is being changed."""
    known = engine.vectors(ids) if dimension else {}
    nothing = np.zeros(dimension, np.float32)
    return np.array([known.get(id, nothing) for id in ids], np.float32).reshape(len(ids), dimension)


def _bm25(engine: Engine, text: str, hits: list[Hit], ids: list[int], others: bool) -> Scores:
    found = {hit.id: hit.score for hit in hits}
    if others and found:
        found |= engine.keyword_scores(text, [id for id in ids if id not in found])
    return np.array([found.get(id, 0.0) for id in ids], np.float64)


def _cosine(stored: Vectors, vector: Vectors, hits: list[Hit], ids: list[int]) -> Scores:
    found = {hit.id: hit.score for hit in hits}
    return np.array([found.get(id, dot) for id, dot in zip(ids, (stored @ vector).tolist(), strict=True)], np.float64)


def _named(ids: list[int], lists: list[list[Hit]]) -> NDArray[np.bool_]:
    named = {hit.id for hits in lists for hit in hits}
    return np.array([id in named for id in ids], np.bool_)
