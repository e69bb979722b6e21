"""Searches that were saved: what each found then, and what is new among its answers today."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from kb.listing import sensible, short_params
from kb.models import Entry
from kb.models.entries import User
from kb.rights import sees_hidden
from search import keeping
from search.models import SavedSearch
from search.query import INDEX_DOWN, INDEX_GONE, Results, SearchQuery, search
from search.ranking import SEMANTIC_DOWN

MAX_CHARS = 5000
SHOWN = 40
# More than is shown, so that what only moves up a few places is not taken for new.
NOTED = 80
INCOMPLETE = (INDEX_DOWN, INDEX_GONE, SEMANTIC_DOWN)


class NotNow(Exception):
    """What a search finds just now is not all, so nothing can be told from it; the message is for the reader."""


@dataclass(frozen=True)
class Opened:
    """What a saved search finds today. `new` and `changed` are entry ids that were not among its answers, or said
    something else, at `since`. Nothing can be told of that where what is found just now is not complete."""

    saved: SavedSearch
    query: SearchQuery
    results: Results
    new: frozenset[int]
    changed: frozenset[int]
    since: datetime
    is_complete: bool

    @property
    def fresh(self) -> int:
        return len(self.new) + len(self.changed)


def params_of(query: SearchQuery) -> dict[str, str]:
    """The query as its address has it, without what is empty."""
    mode = "" if query.mode == "hybrid" else query.mode
    params = {"q": query.text, **short_params(query.filter), "mode": mode}
    return {name: value for name, value in params.items() if value}


def query_of(saved: SavedSearch) -> SearchQuery:
    """What it asks; a filter that makes no sense any more is left out."""
    query, _ = sensible(SearchQuery.from_params, saved.asked)
    return replace(query, limit=SHOWN)


def save(query: SearchQuery, title: str, user: User) -> tuple[SavedSearch, str]:
    """Keep a search with what it finds; the row, and the token that lets its holder change it.

    Raises NotNow where that is not all there is, and keeping.NoRoom where too much is kept already.
    """
    found = _noted(query, user)
    token, digest = keeping.new_token()
    now = timezone.now()
    saved = SavedSearch(
        edit_digest=digest,
        title=keeping.title_of(title),
        asked=params_of(query),
        found=found,
        found_at=now,
        opened_at=now,
    )
    keeping.keep(saved, user)
    return saved, token


def open_again(saved: SavedSearch, user: User) -> Opened:
    """What it finds today, the closest first, of what this reader may see."""
    query = query_of(saved)
    results = search(query, user)
    new: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    is_complete = not _incomplete(results)
    if is_complete:
        # What was hidden when it was noted is new to whoever could not see it.
        known_to = saved.found.items() if sees_hidden(user) else _public(saved).items()
        before = {int(id): known["hash"] for id, known in known_to}
        shown = [hit.entry.pk for hit in results.hits]
        now = dict(Entry.objects.filter(pk__in=shown).values_list("pk", "content_hash"))
        new = frozenset(now.keys() - before.keys())
        changed = frozenset(id for id in now.keys() & before.keys() if now[id] != before[id])
    return Opened(saved, query, results, new, changed, saved.found_at, is_complete)


def _public(saved: SavedSearch) -> dict[str, Any]:
    return {id: known for id, known in saved.found.items() if known["public"]}


def take_in(saved: SavedSearch, user: User) -> None:
    """From now on, nothing of what is found today is new. What is hidden from this reader stays as it was noted.

    Raises NotNow, and Http404 where it was deleted meanwhile.
    """
    hidden = {id: known for id, known in saved.found.items() if not known["public"]}
    saved.found = hidden | _noted(query_of(saved), user)
    saved.found_at = timezone.now()
    if not SavedSearch.objects.filter(pk=saved.pk).update(found=saved.found, found_at=saved.found_at):
        raise Http404("There is nothing saved by that address.")


def _noted(query: SearchQuery, user: User) -> dict[str, Any]:
    results = search(replace(query, limit=NOTED, offset=0), user)
    if notice := _incomplete(results):
        raise NotNow(notice)
    entries = Entry.objects.filter(pk__in=[hit.entry.pk for hit in results.hits])
    rows = entries.only("content_hash", "status", "visibility")
    return {str(entry.pk): keeping.noted(entry) for entry in rows}


def _incomplete(results: Results) -> str:
    return next((notice for notice in results.notices if notice in INCOMPLETE), "")
