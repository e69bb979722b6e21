"""From a question to ranked entries: ask both halves of the index, fuse their scores, group passages by entry."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.encoder import Encoder
from search.engines.base import Engine, Hit, Ids
from search.errors import SemanticUnavailable
from search.fusion import BY_MODE, Scores, Weights, parts

logger = logging.getLogger(__name__)

Mode = Literal["hybrid", "keyword", "vector"]

# Passages asked of each half. Scaling looks at all candidates, and shallow lists make it unsteady.
DEPTH = 400
# Long documents can fill a list with few entries; then we ask for more, at most this many times as much.
DEEPEST = 16
ENTRIES_WANTED = 100
SEMANTIC_DOWN = "Search by meaning is not available right now: these results match your words only."


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage and why it is here: `score` is `keyword` plus `semantic`, what its words and its meaning gave."""

    id: int
    score: float
    keyword: float
    semantic: float


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """An entry with its matching passages, best first; its scores are those of the best."""

    entry_id: int
    score: float
    keyword: float
    semantic: float
    passages: list[RankedPassage]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Entries, best first, ties by id; notices are for the reader."""

    entries: list[RankedEntry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def rank(
    query: str,
    engine: Engine,
    encoder: Encoder,
    *,
    filter: Ids | None = None,
    mode: Mode = "hybrid",
    limit: int | None = None,
    depth: int = DEPTH,
) -> Ranking:
    """The entries that answer `query`, inside `filter` (sorted entry ids, None for all).

    A passage that only one half found gets its true score from the other half too. When the semantic half cannot
    answer, whatever the mode, the result is that of the keywords with a notice.
    """
    if not query.strip():
        return Ranking()
    weights = BY_MODE[mode]
    wanted = max(limit or 0, ENTRIES_WANTED)
    notices: list[str] = []
    try:
        found = _candidates(query, engine, encoder, filter, weights, depth, wanted)
    except Exception as error:
        if not weights.semantic:
            raise
        # Whatever broke on the way to meaning, words can still be searched, and the reader is told.
        _log(error)
        notices.append(SEMANTIC_DOWN)
        weights = BY_MODE["keyword"]
        found = _candidates(query, engine, encoder, filter, weights, depth, wanted)
    entries = _grouped(found, weights)
    return Ranking(entries[:limit], notices)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Passages that either half found, with their scores in both; parallel arrays, by passage id."""

    ids: Ids
    entry_ids: Ids
    bm25: Scores
    cosine: Scores


def _candidates(
    query: str, engine: Engine, encoder: Encoder, filter: Ids | None, weights: Weights, depth: int, wanted: int
) -> _Candidates:
    vector = encoder.encode_query(query) if weights.semantic else None
    nearest = [] if vector is None else _deep(lambda k: engine.nearest(vector, filter, k), depth, wanted)
    keyword = _deep(lambda k: engine.keyword(query, filter, k), depth, wanted) if weights.keyword else []
    entry_of = {hit.id: hit.entry_id for hit in (*keyword, *nearest)}
    ids = sorted(entry_of)
    bm25 = {hit.id: hit.score for hit in keyword}
    cosine = {hit.id: hit.score for hit in nearest}
    if keyword and vector is not None:
        bm25 |= engine.keyword_scores(query, [id for id in ids if id not in bm25])
        stored = engine.vectors([id for id in ids if id not in cosine])
        cosine |= {id: float(np.dot(vector, other)) for id, other in stored.items()}
    return _Candidates(
        np.array(ids, np.int64),
        np.array([entry_of[id] for id in ids], np.int64),
        np.array([bm25.get(id, 0.0) for id in ids], np.float64),
        np.array([cosine.get(id, 0.0) for id in ids], np.float64),
    )


def _deep(search: Callable[[int], list[Hit]], depth: int, wanted: int) -> list[Hit]:
    """`depth` hits, or more where fewer than `wanted` entries are among them."""
    k = depth
    while True:
        hits = search(k)
        if len(hits) < k or k >= depth * DEEPEST or len({hit.entry_id for hit in hits}) >= wanted:
            return hits
        k *= 4


def _grouped(found: _Candidates, weights: Weights) -> list[RankedEntry]:
    keyword, semantic = parts(found.bm25, found.cosine, weights)
    score = keyword + semantic
    passages: dict[int, list[RankedPassage]] = {}
    for row in np.lexsort((found.ids, -score)).tolist():
        passages.setdefault(int(found.entry_ids[row]), []).append(
            RankedPassage(int(found.ids[row]), float(score[row]), float(keyword[row]), float(semantic[row]))
        )
    entries = [
        RankedEntry(entry_id, own[0].score, own[0].keyword, own[0].semantic, own) for entry_id, own in passages.items()
    ]
    return sorted(entries, key=lambda entry: (-entry.score, entry.entry_id))


def _log(error: Exception) -> None:
    if isinstance(error, SemanticUnavailable):
        logger.warning("search by meaning is not available: %s", error)
    else:
        logger.error("search by meaning failed", exc_info=error)
