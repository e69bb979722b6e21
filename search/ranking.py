"""From a question to ranked entries: ask both halves of the index, fuse their scores, group passages by entry."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from search.candidates import DEPTH, ENTRIES_WANTED, Candidates, gather
from search.encoder import Encoder
from search.engines.base import Engine, Ids
from search.errors import SemanticUnavailable
from search.feedback import with_feedback
from search.fusion import BY_MODE, Parts, Weights, parts

logger = logging.getLogger(__name__)

Mode = Literal["hybrid", "keyword", "vector"]

SEMANTIC_DOWN = "Search by meaning is not available right now: these results match your words only."


class RankedPassage(NamedTuple):
    """A passage and why it is here: `score` is `keyword` plus `semantic`, what its words and its meaning gave."""

    id: int
    score: float
    keyword: float
    semantic: float


class RankedEntry(NamedTuple):
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

    A query longer than the model reads is asked piece by piece; a passage scores what its best piece gives it.
    A passage that one half found is scored by the other too, where that can still move it. When the semantic half
    cannot answer, whatever the mode, the result is that of the keywords with a notice.
    """
    if not query.strip():
        return Ranking()
    weights = BY_MODE[mode]
    wanted = max(limit or 0, ENTRIES_WANTED)
    notices: list[str] = []
    try:
        found = gather(query, engine, encoder, filter, weights, depth, wanted)
    except Exception as error:
        if not weights.semantic:
            raise
        # Whatever broke on the way to meaning, words can still be searched, and the reader is told.
        _log(error)
        notices.append(SEMANTIC_DOWN)
        weights = BY_MODE["keyword"]
        found = gather(query, engine, encoder, filter, weights, depth, wanted)
    entries = ordered(found, lambda each: fused(each, weights))
    return Ranking(entries[:limit], notices)


def fused(found: Candidates, weights: Weights) -> Parts:
    """What words and meaning give to the score of each candidate."""
    if not weights.keyword or not weights.semantic:
        return parts(found.bm25, found.cosine, weights)
    # A passage that has all the words is worth more than one that says one of them often.
    bm25 = found.bm25 * (1 + found.coverage)
    return with_feedback(bm25, found.cosine, found.vectors, weights)


def ordered(found: Sequence[Candidates], fuse: Callable[[Candidates], Parts]) -> list[RankedEntry]:
    """Entries with their passages, best first, from what was found for each piece of a query.

    `fuse` says what words and meaning give to each candidate of a piece.
    """
    given = [fuse(each) for each in found]
    ids, entry_ids = np.concatenate([each.ids for each in found]), np.concatenate([each.entry_ids for each in found])
    keyword, semantic = (np.concatenate(half) for half in zip(*given, strict=True))
    score = keyword + semantic
    order = np.lexsort((ids, entry_ids, -score))
    if len(found) > 1:  # pieces may have named one passage twice
        _, first = np.unique(ids[order], return_index=True)
        order = order[np.sort(first)]
    passages: dict[int, list[RankedPassage]] = {}
    columns = (column[order].tolist() for column in (ids, score, keyword, semantic))
    for entry_id, passage in zip(
        entry_ids[order].tolist(), map(RankedPassage._make, zip(*columns, strict=True)), strict=True
    ):
        passages.setdefault(entry_id, []).append(passage)
    # In the order of their best passages, which is theirs.
    return [RankedEntry._make((entry_id, *own[0][1:], own)) for entry_id, own in passages.items()]


def _log(error: Exception) -> None:
    if isinstance(error, SemanticUnavailable):
        logger.warning("search by meaning is not available: %s", error)
    else:
        logger.error("search by meaning failed", exc_info=error)
