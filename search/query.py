"""A search as a person or a program asks it, answered with entries: the one path behind page, API and command."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from kb.filters import BadFilter, EntryFilter
from kb.models import Entry, Reference
from kb.rights import QUOTE_CHARS, may_show_whole
from search import health, index
from search.allowed import allowed, visible
from search.analysis import query_terms
from search.errors import SearchError
from search.highlight import matched_terms
from search.models import Passage
from search.ranking import Mode, RankedEntry, Ranking, rank

MODES = get_args(Mode)
MAX_LIMIT = 100
PASSAGES_SHOWN = 3
INDEX_DOWN = "Search is not available right now: the index cannot be read. Lists and pages are all there."
INDEX_GONE = "The index is being built anew: results are not complete yet. Lists and pages are all there."

log = logging.getLogger(__name__)

User = AbstractBaseUser | AnonymousUser | None


@dataclass(frozen=True)
class SearchQuery:
    """What was asked. `offset` counts results that were shown before."""

    text: str
    filter: EntryFilter = field(default_factory=EntryFilter)
    mode: Mode = "hybrid"
    limit: int = 20
    offset: int = 0

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
        return cls(text, EntryFilter.from_params(params), mode, int(limit), int(cursor))  # type: ignore[arg-type]


@dataclass(frozen=True)
class PassageHit:
    """A passage that matched: `text` is code points `start` to `end` of the stored text of `source`.

    `marks` are the ranges within `text` whose words were asked for. `page` is the number of the page that the first of
    them is on, or that the text begins on; None where the source has no pages.
    """

    text: str
    start: int
    end: int
    source: str
    reference: Reference | None
    marks: list[tuple[int, int]]
    score: float
    page: int | None = None


@dataclass(frozen=True)
class Hit:
    """An entry that was found, and why: its score from 0 to 1, and what words and meaning each gave to it."""

    entry: Entry
    score: float
    keyword: float
    semantic: float
    words: list[str]
    passages: list[PassageHit]


@dataclass(frozen=True)
class Results:
    """`total` counts what this reader may see; `waiting` how many entries the index has yet to take in."""

    hits: list[Hit]
    total: int
    next_cursor: str
    notices: list[str]
    waiting: int


def search(query: SearchQuery, user: User) -> Results:
    """The entries that answer the query, best first, of those that the reader may see."""
    waiting = health.waiting(user)
    if not query.text:
        return Results([], 0, "", [], waiting)
    within = allowed(query.filter, user)
    notices = [INDEX_GONE] if health.is_lost() else []
    try:
        ranking = rank(query.text, index.reader(), index.encoder(), filter=within, mode=query.mode)
    except SearchError:
        log.exception("the index cannot be searched")
        ranking = Ranking(notices=[INDEX_DOWN])
    # Inside `within` is only what the database has just named; without it, the index may know more than there is.
    entries = ranking.entries if within is not None else _visible(ranking, user)
    shown = entries[query.offset : query.offset + query.limit]
    more = query.offset + query.limit < len(entries)
    next_cursor = str(query.offset + query.limit) if more else ""
    notices += ranking.notices
    return Results(_hits(shown, query.text, user), len(entries), next_cursor, notices, waiting)


def _visible(ranking: Ranking, user: User) -> list[RankedEntry]:
    """What the index found, as far as it is still there and this reader's to see."""
    ids = visible([ranked.entry_id for ranked in ranking.entries], user)
    return [ranked for ranked in ranking.entries if ranked.entry_id in ids]


def _hits(shown: list[RankedEntry], text: str, user: User) -> list[Hit]:
    # Tags and identifiers are in the JSON alone, and are fetched for it: see `answer`.
    known = Entry.objects.visible_to(user).defer("body", "facts", "provenance")
    entries = known.in_bulk([ranked.entry_id for ranked in shown])
    ids = [passage.id for ranked in shown for passage in ranked.passages[:PASSAGES_SHOWN]]
    passages = Passage.objects.select_related("reference").defer("reference__text").in_bulk(ids)
    asked = len(query_terms(text))
    hits = []
    for ranked in shown:
        entry = entries.get(ranked.entry_id)
        if entry is None:
            continue
        found = [
            _passage_hit(passages[passage.id], text, passage.score)
            for passage in ranked.passages[:PASSAGES_SHOWN]
            if passage.id in passages
        ]
        hits.append(
            Hit(entry, ranked.score, ranked.keyword, ranked.semantic, _words(entry, found, text)[:asked], found)
        )
    return hits


def _passage_hit(passage: Passage, query: str, score: float) -> PassageHit:
    text, start = passage.text, passage.start
    marks = matched_terms(query, text)
    if passage.reference and not may_show_whole(passage.reference.text_licence):
        first = _quote_start(text, marks)
        text = text[first : first + QUOTE_CHARS]
        start += first
        marks = [(a - first, b - first) for a, b in marks if a >= first and b <= first + QUOTE_CHARS]
    page = passage.reference.page_at(start + (marks[0][0] if marks else 0)) if passage.reference else None
    return PassageHit(text, start, start + len(text), passage.source, passage.reference, marks, score, page)


def _quote_start(text: str, marks: list[tuple[int, int]]) -> int:
    """Where a short quote begins: at the sentence or word before the first word that was asked for."""
    if len(text) <= QUOTE_CHARS or not marks:
        return 0
    latest = max(0, min(marks[0][0], len(text) - QUOTE_CHARS))
    sentence = max(text.rfind(end, 0, latest) for end in (". ", "? ", "! ", "\n"))
    if sentence >= 0 and marks[0][1] - sentence < QUOTE_CHARS:
        return sentence + 1 + (len(text[sentence + 1 :]) - len(text[sentence + 1 :].lstrip()))
    word = text.rfind(" ", 0, latest) + 1
    # Scripts without spaces have no such place: there the quote may begin anywhere.
    return word if marks[0][1] - word <= QUOTE_CHARS else latest


def _words(entry: Entry, passages: list[PassageHit], query: str) -> list[str]:
    """The words of the query, as found in the title and the passages shown, each once."""
    texts = [(entry.title, matched_terms(query, entry.title)), *((passage.text, passage.marks) for passage in passages)]
    found = [text[a:b].lower() for text, marks in texts for a, b in marks]
    return list(dict.fromkeys(found))
