"""What is new among the answers to a question, for feed readers.

A search ranks everything there is, so its feed is of the CLOSEST entries alone, and has them by their last change: a
reader is told of an entry once, when it comes among them.
"""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kb import throttle
from kb.feeds import feed_of, refused
from kb.listing import Problem, chips, sensible
from kb.models import Entry
from search.addresses import search_address
from search.query import INDEX_DOWN, INDEX_GONE, SearchQuery, search

CLOSEST = 30
ASKED_A_MINUTE = 30
AGAIN_S = 600


@require_safe
def search_feed(request: HttpRequest) -> HttpResponse:
    """`/search/feed.atom?q=…`, with the filters and the mode of `/search/`.

    Without an index it is 503, so that readers keep what they have; where only words can be matched it says so.
    """
    query, problems = sensible(SearchQuery.from_params, {**request.GET.dict(), "limit": "", "cursor": ""})
    if not query.text:
        problems.append(Problem("q", "Say what to look for: /search/feed.atom?q=…"))
    if problems:
        return refused(problems)
    try:
        throttle.count(request, "search-feed", ASKED_A_MINUTE, 60)
    except throttle.TooMuch as error:
        return _later(str(error), 429, error.wait_s)
    found = search(replace(query, limit=CLOSEST), request.user)
    if down := [notice for notice in found.notices if notice in (INDEX_DOWN, INDEX_GONE)]:
        return _later(down[0], 503, AGAIN_S)
    entries = Entry.objects.visible_to(request.user).filter(pk__in=[hit.entry.pk for hit in found.hits])
    named = [f"“{query.text[:100]}”", *(chip.label for chip in chips(query.filter, lambda _: ""))]
    return feed_of(request, ", ".join(named), search_address(query), entries, notice=" ".join(found.notices))


def _later(words: str, status: int, wait_s: int) -> HttpResponse:
    response = HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status)
    response["Retry-After"] = str(wait_s)
    return response
