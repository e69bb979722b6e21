"""A search as a person or a program asks it, answered with entries: the one path behind page, API and command."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from kb.filters import BadFilter, EntryFilter
from kb.models.entries import User
from kb.numbers import among
from kb.unless_written import one_look
from search import facets, health, index, vocabulary
from search.allowed import allowed, visible
from search.errors import SearchError, SemanticUnavailable
from search.facets import Facet
from search.hits import Hit, PassageHit, hits
from search.models import Passage
from search.ranking import DEPTH, Mode, RankedEntry, Ranking, rank
from search.reranker import RERANKER_DOWN, reranked
from search.spelling import did_you_mean
from search.text import embedded_text

MODES = get_args(Mode)
MAX_LIMIT = 100
INDEX_DOWN = "Search is not available right now: the index cannot be read. Lists and pages are all there."
INDEX_GONE = "The index is being built anew: results are not complete yet. Lists and pages are all there."

__all__ = ["MAX_LIMIT", "MODES", "Hit", "PassageHit", "Results", "SearchQuery", "search"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchQuery:
    """What was asked. `offset` counts results that were shown before; `passages` is how many of each entry are wanted,
    `facets` asks for counts of what was found."""

    text: str
    filter: EntryFilter = field(default_factory=EntryFilter)
    mode: Mode = "hybrid"
    limit: int = 20
    offset: int = 0
    facets: bool = False
    passages: int = 3

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "SearchQuery":
        """From a query string or JSON. Raises BadFilter naming the parameter that makes no sense."""
        mode = params.get("mode", "").strip() or "hybrid"
        if mode not in MODES:
            raise BadFilter("mode", f"There is no mode “{mode}”: choose {', '.join(MODES)}.")
        limit = params.get("limit", "").strip() or "20"
        if not limit.isdecimal() or len(limit) > 9 or not 1 <= int(limit) <= MAX_LIMIT:
            raise BadFilter("limit", f"limit must be a whole number from 1 to {MAX_LIMIT}, not “{limit}”.")
        cursor = params.get("cursor", "").strip() or "0"
        if not cursor.isdecimal() or len(cursor) > 6:
            raise BadFilter("cursor", "This cursor is not one that a search gave: start again without it.")
        text = params.get("q", "").replace("\0", " ").strip()
        counted = params.get("facets", "").strip().lower() in ("true", "1", "yes")
        return cls(text, EntryFilter.from_params(params), mode, int(limit), int(cursor), counted)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Results:
    """`total` counts the ranked entries that this reader may see: those closest to the question, or, where `is_all`,
    all that have a word of it. `waiting` is how many entries the index has yet to take in, `did_you_mean` the query
    spelled as the collection spells it, empty where it is. `facets` counts the ranked entries, if it was asked to.
    """

    hits: list[Hit]
    total: int
    next_cursor: str
    notices: list[str]
    waiting: int
    is_all: bool = False
    did_you_mean: str = ""
    facets: list[Facet] | None = None


@one_look()
def search(query: SearchQuery, user: User) -> Results:
    """The entries that answer the query, best first, of those that the reader may see."""
    waiting = health.waiting(user)
    if not query.text:
        return Results([], 0, "", [], waiting, facets=[] if query.facets else None)
    within = allowed(query.filter, user)
    notices = [INDEX_GONE] if health.is_lost() else []
    suggestion = ""
    try:
        engine, model = index.opened()
        ranking = rank(query.text, engine, model, filter=within, mode=query.mode)
        if not query.offset:
            suggestion = did_you_mean(query.text, vocabulary.current(), engine, within, user)
    except SearchError:
        log.exception("the index cannot be searched")
        ranking = Ranking(notices=[INDEX_DOWN])
    # The index may know more than there is, or than this reader may see.
    ids = ranking.ids
    seen = visible(ids, user)
    may_be_seen = np.flatnonzero(among(ids, seen)).tolist()
    shown, more_notices = _shown(query, ranking.entries, may_be_seen)
    more = query.offset + query.limit < len(may_be_seen)
    return Results(
        hits=hits(shown, query.text, query.passages, user),
        total=len(may_be_seen),
        next_cursor=str(query.offset + query.limit) if more else "",
        notices=[*notices, *ranking.notices, *more_notices],
        waiting=waiting,
        is_all=query.mode == "keyword" and ranking.passages < DEPTH,
        did_you_mean=suggestion,
        facets=facets.count(seen, query.filter) if query.facets else None,
    )


def _shown(query: SearchQuery, found: Sequence[RankedEntry], places: list[int]) -> tuple[list[RankedEntry], list[str]]:
    """Those of the entries found, at these places, that the query asks for; in the order of the re-ranking model, where
    there is one, and what the reader should know of it. The model reads only what may be seen.

    The other two modes are answered as asked: by words or by meaning alone.
    """
    asked = slice(query.offset, query.offset + query.limit)
    as_found = [found[at] for at in places[asked]]
    model = index.reranker()
    if model is None or query.mode != "hybrid":
        return as_found, []
    try:
        return reranked(query.text, [found[at] for at in places], model, _read)[asked], []
    except SemanticUnavailable as error:
        log.warning("results are not re-ranked: %s", error)
        return as_found, [RERANKER_DOWN]


def _read(passage_ids: Sequence[int]) -> dict[int, str]:
    """What a model reads of passages, by id."""
    rows = Passage.objects.filter(pk__in=passage_ids).values_list("pk", "entry__title", "text")
    return {pk: embedded_text(title, text) for pk, title, text in rows}
