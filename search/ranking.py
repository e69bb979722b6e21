"""From a question to ranked entries: ask both halves of the index, fuse their scores, group passages by entry."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, overload

import numpy as np

from search.candidates import DEPTH, ENTRIES_WANTED, Candidates, gather
from search.encoder import Encoder
from search.engines.base import Engine, Ids
from search.errors import SemanticUnavailable
from search.feedback import with_feedback
from search.fusion import BY_MODE, Parts, Scores, Weights, parts

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


class RankedEntries(Sequence[RankedEntry]):
    """Entries, best first, made of columns when they are looked at: most of what a search finds is only counted."""

    def __init__(self, of: Ids, ids: Ids, score: Scores, keyword: Scores, semantic: Scores) -> None:
        """Of each passage, best first: its entry, its id and its scores."""
        own, first, inverse = np.unique(of, return_index=True, return_inverse=True)
        places = np.argsort(first)
        self.ids = own[places]
        rank = np.empty(len(own), np.int64)
        rank[places] = np.arange(len(own))
        group = rank[inverse]
        order = np.argsort(group, kind="stable")
        self._columns = [column[order] for column in (ids, score, keyword, semantic)]
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(group))])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def passages(self) -> int:
        """How many passages they have together."""
        return int(self._starts[-1])

    @overload
    def __getitem__(self, at: int) -> RankedEntry: ...
    @overload
    def __getitem__(self, at: slice) -> list[RankedEntry]: ...
    def __getitem__(self, at: int | slice) -> RankedEntry | list[RankedEntry]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        rows = slice(self._starts[at], self._starts[at + 1])
        passages = [
            RankedPassage(*row) for row in zip(*(column[rows].tolist() for column in self._columns), strict=True)
        ]
        return RankedEntry(int(self.ids[at]), *passages[0][1:], passages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Entries, best first, ties by id; notices are for the reader."""

    entries: Sequence[RankedEntry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def ids(self) -> Ids:
        """Of the entries."""
        if isinstance(self.entries, RankedEntries):
            return self.entries.ids
        return np.array([ranked.entry_id for ranked in self.entries], np.int64)

    @property
    def passages(self) -> int:
        """How many the entries have together."""
        if isinstance(self.entries, RankedEntries):
            return self.entries.passages
        return sum(len(ranked.passages) for ranked in self.entries)


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
    return Ranking(entries if limit is None else entries[:limit], notices)


def fused(found: Candidates, weights: Weights) -> Parts:
    """What words and meaning give to the score of each candidate."""
    if not weights.keyword or not weights.semantic:
        return parts(found.bm25, found.cosine, weights)
    # A passage that has all the words is worth more than one that says one of them often.
    bm25 = found.bm25 * (1 + found.coverage)
    return with_feedback(bm25, found.cosine, found.vectors, weights)


def ordered(found: Sequence[Candidates], fuse: Callable[[Candidates], Parts]) -> RankedEntries:
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
    return RankedEntries(*(column[order] for column in (entry_ids, ids, score, keyword, semantic)))


def _log(error: Exception) -> None:
    if isinstance(error, SemanticUnavailable):
        logger.warning("search by meaning is not available: %s", error)
    else:
        logger.error("search by meaning failed", exc_info=error)
