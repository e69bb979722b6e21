"""Precedents of what somebody is about to build: what went wrong before, who did it well, what was read about it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch

from kb.filters import EntryFilter
from kb.kinds import KINDS, Kind
from kb.models import Classification, Entry, Reference
from kb.models.entries import User
from kb.places import place_url
from kb.rights import QUOTE_CHARS, may_show_whole, sees_hidden
from search import closeness, health, index, themes
from search.allowed import allowed
from search.best_sentence import best_sentences, has_prose
from search.checklist import Item, checklist
from search.closeness import Scale
from search.description import Part, clean_description, parts_of
from search.engines.base import Ids
from search.errors import SearchError, SemanticUnavailable
from search.grouping import Grouping, Label
from search.highlight import matched_terms
from search.models import Passage
from search.nearby import Near, Nearby, nearby
from search.query import INDEX_DOWN

log = logging.getLogger(__name__)

SHOWN = {Kind.INCIDENT: 12, Kind.CASE_STUDY: 8, Kind.NOTE: 6}
# Without a model nothing tells close from far, so only the first few are worth a look.
SHOWN_BY_WORDS = 5
LEARNT_FROM = 4
BY_WORDS = "shares words"


@dataclass(frozen=True)
class Quote:
    """The sentence that earned an entry its place: code points `start` to `end` of the stored text of `source`, of a
    text that may not be republished at most QUOTE_CHARS. `marks` are ranges within it whose words were asked for;
    `address` opens the entry's page there."""

    text: str
    start: int
    end: int
    source: str
    reference: Reference | None
    marks: list[tuple[int, int]]
    page: int | None = None
    address: str = ""


@dataclass(frozen=True)
class Precedent:
    """An entry near the description. `strength` is the best cosine of a passage of it with a part of the description
    (None without a model), `closeness` says it in words."""

    entry: Entry
    strength: float | None
    closeness: str
    quote: Quote
    part: Part


@dataclass(frozen=True)
class Group:
    """Entries of one kind that have something in common: a category, a technique, a tag; or nothing (origin none)."""

    label: Label
    precedents: list[Precedent]


@dataclass(frozen=True)
class Shelf:
    """What was found of one kind. `best` is the strength of the nearest entry, also where that is not close."""

    kind: str
    groups: list[Group] = field(default_factory=list)
    best: float | None = None

    @property
    def nothing_close(self) -> bool:
        return not self.groups

    @property
    def precedents(self) -> list[Precedent]:
        return [one for group in self.groups for one in group.precedents]


@dataclass(frozen=True)
class Precedents:
    """Everything that can be said of a description. `threshold` is the cosine that the best match had to reach."""

    text: str
    parts: list[Part]
    shelves: dict[str, Shelf]
    checklist: list[Item]
    notices: list[str]
    threshold: float | None = None

    @property
    def nothing_close(self) -> bool:
        return all(shelf.nothing_close for shelf in self.shelves.values())

    def because(self, one: Precedent) -> Part | None:
        """The part of the description that led to it, where the description has several and meaning was compared."""
        return one.part if len(self.parts) > 1 and one.strength is not None else None

    @property
    def all(self) -> list[Precedent]:
        return [one for shelf in self.shelves.values() for one in shelf.precedents]


def precedents(text: str, user: User, always: Collection[int] = ()) -> Precedents:
    """The precedents that this reader may see; entries of `always` that are among them are there, close or not.

    Raises BadDescription for nothing and for too much.
    """
    text = clean_description(text)
    parts = parts_of(text)
    notices: list[str] = []
    try:
        found, scale = _look(parts, user, always)
    except SearchError:
        log.exception("the index cannot be searched")
        found, scale = Nearby(notices=[INDEX_DOWN]), None
    notices += found.notices
    if told := health.waiting_notice(health.waiting(user)):
        notices.append(told)
    chosen = _close_enough(found, scale, len(parts), always)
    hits = _precedents([near for nears in chosen.values() for near in nears], found, scale, user)
    shelves = {
        kind: _shelf(kind, [hits[near.entry_id] for near in nears if near.entry_id in hits], found, text, user)
        for kind, nears in chosen.items()
    }
    threshold = scale.overall.threshold(closeness.ACCIDENTS, len(parts)) if scale else None
    return Precedents(text, parts, shelves, _checklist(shelves, found), notices, threshold)


def _visible_ids(user: User) -> dict[str, Ids]:
    found = {kind: allowed(EntryFilter(kind=kind), user) for kind in KINDS}
    return {kind: ids for kind, ids in found.items() if ids is not None}


def _look(parts: Sequence[Part], user: User, always: Collection[int]) -> tuple[Nearby, Scale | None]:
    (engine, encoder), among = index.opened(), _visible_ids(user)
    found = nearby(parts, engine, encoder, among, limit=max(SHOWN.values()) * 2, always=always)
    if not found.vectors:
        return found, None
    try:
        return found, closeness.scale(_visible_ids(None) if sees_hidden(user) else among)
    except SemanticUnavailable as error:
        log.warning("nothing tells close from far: %s", error)
        return found, None


def _close_enough(found: Nearby, scale: Scale | None, parts: int, always: Collection[int]) -> dict[str, list[Near]]:
    """By kind, what is shown: all that is close where anything is."""
    if scale is None:
        return {
            kind: [
                near
                for place, near in enumerate(found.kinds.get(kind, []))
                if place < SHOWN_BY_WORDS or near.entry_id in always
            ]
            for kind in KINDS
        }
    best = max((near.strength or -1.0 for nears in found.kinds.values() for near in nears), default=-1.0)
    something = scale.is_close(best, parts)
    chosen = {}
    for kind in KINDS:
        nears = found.kinds.get(kind, [])
        least = scale.least(kind, parts)
        close = [near for near in nears if something and (near.strength or -1.0) >= least][: SHOWN[Kind(kind)]]
        shown = {near.entry_id for near in close}
        chosen[kind] = [near for near in nears if near.entry_id in shown or near.entry_id in always]
    return chosen


def _precedents(nears: Sequence[Near], found: Nearby, scale: Scale | None, user: User) -> dict[int, Precedent]:
    """By entry id, those that the database still has and shows to this reader."""
    ids = [near.entry_id for near in nears]
    categories = Classification.objects.select_related("category__taxonomy", "category__parent__parent")
    entries = (
        Entry.objects.visible_to(user)
        .prefetch_related("tags", "external_ids", "source_records", Prefetch("classifications", categories))
        .in_bulk(ids)
    )
    passages = (
        Passage.objects.select_related("reference")
        .defer("reference__text")
        .in_bulk([near.passage_id for near in nears if near.entry_id in entries])
    )
    shown = [near for near in nears if near.entry_id in entries and near.passage_id in passages]
    asked = [(passages[near.passage_id].text, found.vectors.get(near.part.number), near.part.text) for near in shown]
    precedents = {}
    for near, span in zip(shown, best_sentences(asked), strict=True):
        precedents[near.entry_id] = Precedent(
            entries[near.entry_id],
            near.strength,
            BY_WORDS if scale is None or near.strength is None else scale.word(near.strength),
            _quote(entries[near.entry_id], passages[near.passage_id], *span, near.part),
            near.part,
        )
    return precedents


def _quote(entry: Entry, passage: Passage, start: int, end: int, part: Part) -> Quote:
    """The sentence at `start` to `end` of the passage; of one that has none (code, a table) the entry's summary."""
    if entry.summary.strip() and not has_prose(passage.text):
        marks = matched_terms(part.text, entry.summary)
        address = place_url(entry.get_absolute_url(), "summary", 0, entry.summary)
        return Quote(entry.summary, 0, len(entry.summary), "summary", None, marks, address=address)
    if passage.reference and not may_show_whole(passage.reference.text_licence):
        end = min(end, start + QUOTE_CHARS)
    text = passage.text[start:end]
    first = passage.start + start
    page = passage.reference.page_at(first) if passage.reference else None
    marks = matched_terms(part.text, text)
    address = place_url(entry.get_absolute_url(), passage.source, first, text, passage.reference_id)
    return Quote(text, first, first + len(text), passage.source, passage.reference, marks, page, address)


def _shelf(kind: str, hits: list[Precedent], found: Nearby, text: str, user: User) -> Shelf:
    best = max((near.strength for near in found.kinds.get(kind, []) if near.strength is not None), default=None)
    by_id = {hit.entry.pk: hit for hit in hits}
    entries, vectors = [hit.entry for hit in hits], list(found.vectors.values())
    groupings: list[Grouping] = []
    if kind == Kind.INCIDENT:
        groupings = themes.failures(entries, text, vectors, user) if entries else []
    elif kind == Kind.CASE_STUDY:
        groupings = themes.approaches(entries, text, vectors, user) if entries else []
    elif entries:
        groupings = [Grouping(Label("", "none"), list(by_id))]
    groups = [Group(grouping.label, [by_id[id] for id in grouping.ids]) for grouping in groupings]
    return Shelf(kind, groups, best)


def _checklist(shelves: dict[str, Shelf], found: Nearby) -> list[Item]:
    failures = [
        (group.label.name, [one.entry for one in group.precedents])
        for group in shelves[Kind.INCIDENT].groups
        if group.label.name
    ]
    learnt = [
        (one.entry, one.part, found.vectors.get(one.part.number))
        for kind in (Kind.INCIDENT, Kind.CASE_STUDY)
        for one in _nearest(shelves[kind])[:LEARNT_FROM]
    ]
    return checklist(failures, learnt, [one.entry for one in _nearest(shelves[Kind.NOTE])])


def _nearest(shelf: Shelf) -> list[Precedent]:
    return sorted(shelf.precedents, key=lambda one: -(one.strength or 0.0))
