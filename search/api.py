"""`GET /api/v1/search` and `/entries/{id}/related`."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from kb.as_json import entry_json
from kb.entries_api import FilterParams, visible_entry
from search.answer import result_json
from search.query import SearchQuery, search
from search.related import related_to

router = Router()
related_router = Router()


class SearchParams(Schema):
    q: str = Field("", description="what is looked for, in your own words")
    mode: str = Field("hybrid", description="hybrid, keyword or vector")
    limit: str = Field("20", description="1 to 100")
    cursor: str = Field("", description="next_cursor of the page before")
    facets: str = Field("", description="true to have what was found counted by kind, year, tag, entity, category …")


class RelatedParams(Schema):
    per_kind: int = Field(3, ge=1, le=20, description="entries of each kind at most")


@router.get("", summary="Search by words and meaning")
def find(request: HttpRequest, asked: Query[SearchParams], filters: Query[FilterParams]) -> dict[str, Any]:
    """Entries that answer the question, best first, each with the passages that matched and why.

    `total` counts the ranked entries, those closest to the question, and `facets` counts the same. Each passage names
    the sentence that matched best, and an address that opens the entry there.
    """
    query = SearchQuery.from_params({**filters.dict(), **asked.dict()})
    return result_json(search(query, request.user), request.build_absolute_uri)


@related_router.get("/{int:entry_id}/related", summary="Entries nearest in meaning, by kind")
def related(request: HttpRequest, entry_id: int, asked: Query[RelatedParams]) -> dict[str, Any]:
    found = related_to(visible_entry(request, entry_id), request.user, asked.per_kind)
    return {kind: [entry_json(one, request.build_absolute_uri) for one in ones] for kind, ones in found.items()}
