"""`/api/v1/saved-searches`: the searches that somebody saved, for programs that act for them."""

import re
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, field_validator

from kb import throttle
from kb.entries_api import FilterParams, PageParams
from kb.filters import BadFilter
from kb.tokens import signed_in
from search import keeping, saved_searches
from search.answer import result_json
from search.models import SavedSearch
from search.precedents_api import too_much
from search.query import SearchQuery
from search.text import is_text

router = Router(auth=signed_in)
OPENED = "saved-search"
CURSOR = re.compile(r"([\d:T.+-]{20,40})~([\w-]{1,64})", re.ASCII)


class SearchToSave(FilterParams):
    """A search as `/search` takes it. A parameter that is not known is refused: without it, more would be found."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        description=f"what is looked for, up to {saved_searches.MAX_CHARS:,} characters",
        examples=["a support chatbot that can issue refunds"],
    )
    mode: str = Field("hybrid", description="hybrid, keyword or vector")
    title: str = Field("", max_length=keeping.MAX_TITLE, description="what to call it")

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: object) -> object:
        if isinstance(value, str) and not is_text(value):
            raise ValueError("half of a surrogate pair is no character")
        return value


class SavedOut(Schema):
    id: str
    url: str = Field(description="its page, for whoever has the address")
    title: str
    asked: dict[str, str] = Field(description="the question, its filters and mode, as `/search` takes them")
    created_at: str
    since: str = Field(description="when its answers were noted: when it was saved, or last taken in")


class SavedSearchesOut(Schema):
    results: list[SavedOut]
    total: int
    next_cursor: str | None
    notices: list[str]


class OpenedSearchOut(SavedOut):
    new: list[int] = Field(description="ids of entries that were not among the answers then")
    changed: list[int] = Field(description="ids of entries that said something else then")
    is_complete: bool = Field(description="false while not everything can be found: nothing is new or changed then")
    results: list[dict[str, Any]] = Field(description="what it finds today, as `/search` has it")
    total: int
    notices: list[str]


@router.get("", summary="The searches that you saved, newest first", response=SavedSearchesOut)
def listed(request: HttpRequest, page: Query[PageParams]) -> dict[str, Any]:
    own = keeping.of_owner(SavedSearch, request.user)
    rows = list(_after(own, page.cursor.strip())[: page.limit + 1])
    chosen = rows[: page.limit]
    return {
        "results": [_saved_json(row, request.build_absolute_uri) for row in chosen],
        "total": own.count(),
        "next_cursor": _cursor(chosen[-1]) if len(rows) > len(chosen) else None,
        "notices": [],
    }


@router.post("", summary="Save a search", response={201: SavedOut})
def save(request: HttpRequest, wanted: SearchToSave, response: HttpResponse) -> Any:
    """Keep it with what it finds now, so that what comes later is told as new. At most 500 of one account."""
    query = SearchQuery.from_params(wanted.dict(exclude={"title"}))
    if not query.text or len(query.text) > saved_searches.MAX_CHARS:
        raise BadFilter("q", f"A search that is saved has words, and {saved_searches.MAX_CHARS:,} characters at most.")
    try:
        throttle.count(request, "save", throttle.SAVED_AN_HOUR, 3600)
        row, _ = saved_searches.save(query, wanted.title, request.user)
    except (throttle.TooMuch, keeping.NoRoom, saved_searches.NotNow) as error:
        return too_much(error)
    response["Location"] = request.build_absolute_uri(reverse("api-v1:saved-search", args=[row.pk]))
    return Status(201, _saved_json(row, request.build_absolute_uri))


@router.get("/{saved_id}", summary="What a saved search finds today", response=OpenedSearchOut, url_name="saved-search")
def opened(request: HttpRequest, saved_id: str) -> Any:
    """The closest entries, and which of them are new or changed since; asking takes nothing of that away."""
    row = keeping.row_of(SavedSearch, saved_id)
    try:
        throttle.count(request, OPENED, throttle.LOOKED_UP_A_MINUTE, 60)
    except throttle.TooMuch as error:
        return too_much(error)
    found = saved_searches.open_again(row, request.user)
    keeping.touch(row)
    absolute = request.build_absolute_uri
    return {
        **result_json(found.results, absolute),
        **_saved_json(row, absolute),
        "new": sorted(found.new),
        "changed": sorted(found.changed),
        "is_complete": found.is_complete,
    }


@router.post("/{saved_id}/seen", summary="Take in what is new: from now on it is not", response=SavedOut)
def seen(request: HttpRequest, saved_id: str) -> Any:
    row = _own(request, saved_id)
    try:
        throttle.count(request, OPENED, throttle.LOOKED_UP_A_MINUTE, 60)
        saved_searches.take_in(row, request.user)
    except (throttle.TooMuch, saved_searches.NotNow) as error:
        return too_much(error)
    return _saved_json(row, request.build_absolute_uri)


@router.delete("/{saved_id}", summary="Delete a search that you saved", response={204: None})
def delete(request: HttpRequest, saved_id: str) -> Any:
    _own(request, saved_id).delete()
    return Status(204, None)


def _own(request: HttpRequest, saved_id: str) -> SavedSearch:
    row = keeping.row_of(SavedSearch, saved_id)
    if not keeping.may_edit(row, request.user, token=""):
        raise HttpError(403, "Somebody else saved this search, and only they may change it.")
    return row


def _cursor(row: SavedSearch) -> str:
    """Where a list went to: also when what was there last is gone."""
    return f"{row.created_at.isoformat()}~{row.pk}"


def _after(own: Any, cursor: str) -> Any:
    """Those that come after what the cursor names."""
    if not cursor:
        return own
    form = CURSOR.fullmatch(cursor.replace(" ", "+"))  # as an address has it that nobody quoted
    written, last = form.groups() if form else ("", "")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        problem = "This cursor is not one that a list gave: start again without it."
        raise BadFilter("cursor", problem) from error
    return own.filter(created_at__lte=moment).exclude(created_at=moment, pk__lte=last)


def _saved_json(row: SavedSearch, absolute: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": absolute(row.get_absolute_url()),
        "title": row.title,
        "asked": row.asked,
        "created_at": row.created_at.isoformat(),
        "since": row.found_at.isoformat(),
    }
