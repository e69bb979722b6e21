"""`GET /api/v1/search`, `/entries/{id}/related` and `/entries/{id}/bridges`."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema

from kb.as_json import Names, entry_json, on_this_site
from kb.entries_api import BIGGEST_ID, FilterParams
from kb.json_answer import JsonAnswer
from kb.models import Entry
from search.answer import passage_json, result_json
from search.api_answers import BridgesOut, RelatedOut, SearchOut
from search.bridges import LEAST, Bridge, bridges_of
from search.query import SearchQuery, search
from search.related import related_to

router = Router()
related_router = Router()


class SearchParams(Schema):
    q: str = Field(
        "", description="what is looked for, in your own words", examples=["a support chatbot that can issue refunds"]
    )
    mode: str = Field("hybrid", description="hybrid, keyword or vector")
    limit: str = Field("20", description="1 to 100")
    cursor: str = Field("", description="next_cursor of the page before")
    facets: str = Field("", description="true to have what was found counted by kind, year, tag, entity, category …")


class RelatedParams(Schema):
    per_kind: int = Field(3, ge=1, le=20, description="entries of each kind at most")


@router.get("", summary="Search by words and meaning", response=SearchOut)
def find(request: HttpRequest, asked: Query[SearchParams], filters: Query[FilterParams]) -> JsonAnswer:
    """Entries that answer the question, best first, each with the passages that matched and why.

    `total` counts the ranked entries, those closest to the question, and `facets` counts the same. Each passage names
    the sentence that matched best, and an address that opens the entry there.
    """
    query = SearchQuery.from_params({**filters.dict(), **asked.dict()})
    return JsonAnswer(result_json(search(query, request.user), on_this_site(request)))


@related_router.get("/{int:entry_id}/related", summary="Entries nearest in meaning, by kind", response=RelatedOut)
def related(request: HttpRequest, entry_id: int, asked: Query[RelatedParams]) -> JsonAnswer:
    """Neither the entry nor what is the same as it."""
    found = related_to(_visible(request, entry_id), request.user, asked.per_kind)
    names = Names.read([one.pk for ones in found.values() for one in ones])
    absolute = on_this_site(request)
    return JsonAnswer({kind: [entry_json(one, absolute, names) for one in ones] for kind, ones in found.items()})


@related_router.get(
    "/{int:entry_id}/bridges", summary="What its reader should know of other kinds, and why", response=BridgesOut
)
def bridges(request: HttpRequest, entry_id: int, asked: Query[RelatedParams]) -> JsonAnswer:
    """To a case study the incidents to know about, to an incident who shipped the same, to a note both.

    `strength` is 0 for unrelated things and 1 for the same; what is below `least` is left out.
    """
    spans = bridges_of(_visible(request, entry_id), request.user, asked.per_kind)
    names = Names.read([one.entry.pk for span in spans for one in span.bridges])
    found = [
        {"kind": span.kind, "label": span.label, "bridges": [_bridge(request, one, names) for one in span.bridges]}
        for span in spans
    ]
    return JsonAnswer({"results": found, "least": LEAST})


def _bridge(request: HttpRequest, bridge: Bridge, names: Names) -> dict[str, Any]:
    absolute = on_this_site(request)
    return {
        "entry": entry_json(bridge.entry, absolute, names),
        "strength": round(bridge.strength, 4),
        "passage": passage_json(bridge.passage, absolute) if bridge.passage else None,
    }


def _visible(request: HttpRequest, entry_id: int) -> Entry:
    """The entry without what hangs on it, if this reader may see it; Http404 otherwise."""
    entries = Entry.objects.visible_to(request.user)
    found = entries.filter(pk=entry_id).first() if entry_id <= BIGGEST_ID else None
    if found is None:
        raise Http404(f"There is no entry {entry_id}.")
    return found
