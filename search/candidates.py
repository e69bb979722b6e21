"""The first step of ranking: the passages that either half of the index names for a question, scored by both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.numbers import distinct
from search import long_queries
from search.encoder import Encoder
from search.engines.base import Engine, Hits, Ids, Vectors
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
    with engine.steady():
        return [
            _found(text, vector, engine, filter, weights, depth, wanted)
            for text, vector in zip(asked, vectors, strict=True)
        ]


def _found(
    text: str, vector: Vectors, engine: Engine, filter: Ids | None, weights: Weights, depth: int, wanted: int
) -> Candidates:
    # Where all entries of a filter are wanted, one long list is asked for and not several.
    at_once = filter is not None and len(filter) <= wanted
    nearest = words = Hits.none()
    if weights.semantic:
        nearest = _deep(partial(engine.nearest, vector, filter), depth, wanted, at_once)
    if weights.keyword:
        words = _deep(partial(engine.keyword, text, filter), depth, wanted, at_once)
    ids = distinct(np.concatenate([words.ids, nearest.ids]))
    of_words, of_nearest = np.searchsorted(ids, words.ids), np.searchsorted(ids, nearest.ids)
    by_words, by_meaning = (np.zeros(len(ids), np.bool_) for _ in range(2))
    by_words[of_words] = by_meaning[of_nearest] = True
    entry_ids = _placed(ids, (of_words, words.entry_ids), (of_nearest, nearest.entry_ids))
    bm25 = _placed(ids, (of_words, words.scores))
    coverage = np.zeros(len(ids))
    if len(words) and weights.semantic:
        unscored = of_nearest[:LOOKED_UP]
        _look_up(partial(engine.keyword_scores, text), ids, ids[unscored[~by_words[unscored]]], bm25)
        _look_up(partial(engine.coverage, text), ids, _first(ids, bm25), coverage)
    stored = engine.vectors(ids).of_all(ids) if len(vector) else np.zeros((len(ids), 0), np.float32)
    cosine = (stored @ vector).astype(np.float64)
    cosine[of_nearest] = nearest.scores
    return Candidates(text, ids, entry_ids, bm25, cosine, coverage, by_words, by_meaning, stored)


def _placed(ids: Ids, *parts: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
    """An array as long as `ids` with each part's values at its places, zeros elsewhere."""
    found = np.zeros(len(ids), parts[0][1].dtype)
    for places, values in parts:
        found[places] = values
    return found


def _look_up(ask: Callable[[list[int]], dict[int, float]], ids: Ids, some: Ids, into: Scores) -> None:
    """Ask what these of the passages have, and write that to their places."""
    if found := ask(some.tolist()):
        into[np.searchsorted(ids, np.fromiter(found, np.int64))] = np.fromiter(found.values(), np.float64)


def _first(ids: Ids, bm25: Scores) -> Ids:
    """The passages of the highest scores: those that it matters for whether they have all the words."""
    return ids[np.lexsort((ids, -bm25))[: min(COVERED, np.count_nonzero(bm25))]]


def _deep(search: Callable[[int], Hits], depth: int, wanted: int, at_once: bool) -> Hits:
    """`depth` hits, and where fewer than `wanted` entries are among them one of each of the entries that follow, as far
    down as DEEPEST allows; looked for step by step, or `at_once`."""
    deepest = depth * DEEPEST
    k = deepest if at_once else depth
    while True:
        hits = search(k)
        if len(hits) < k or k >= deepest or len(set(hits.entry_ids.tolist())) >= wanted:
            return _thinned(hits, depth)
        k *= 2


def _thinned(hits: Hits, depth: int) -> Hits:
    """The first `depth` hits, and of those after them the first of each entry that has none before it. Where few
    entries have many passages, each further one would take time in every step that follows; what they say of an entry
    that has better ones hardly moves it (docs/search.md)."""
    if len(hits) <= depth:
        return hits
    kept = np.ones(len(hits), np.bool_)
    kept[depth:] = False
    _, first = np.unique(hits.entry_ids, return_index=True)
    kept[first] = True
    return hits[kept]
