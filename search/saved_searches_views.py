"""The pages of saved searches: save one, open it again, rename, take in, delete. All of it by plain forms."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kb import throttle
from kb.kinds import KINDS
from kb.listing import chips, sensible
from search import keeping, saved_searches
from search.addresses import search_address
from search.models import KEPT_DAYS, SavedSearch
from search.query import SearchQuery


@never_cache
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the search that is posted, with its filters, and go to its address."""
    query, _ = sensible(SearchQuery.from_params, request.POST.dict())
    back = search_address(query)
    if not query.text or len(query.text) > saved_searches.MAX_CHARS:
        problem = f"A search that is saved has words, and {saved_searches.MAX_CHARS:,} characters at most."
        return _not_saved(request, back if len(back) < 2000 else reverse("search"), problem, 400)
    try:
        throttle.count(request, "save", throttle.SAVED_AN_HOUR, 3600)
        row, token = saved_searches.save(query, request.POST.get("title", ""), request.user)
    except throttle.TooMuch as error:
        return _not_saved(request, back, str(error), 429, error.wait_s)
    except (keeping.NoRoom, saved_searches.NotNow) as error:
        return _not_saved(request, back, str(error), keeping.status_of(error))
    response = redirect(row)
    keeping.let_edit(response, row, token)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_saved(request: HttpRequest, saved_id: str) -> HttpResponse:
    """What the search finds today, with what is new marked; a POST renames it, takes in what is new, or deletes it."""
    row = keeping.row_of(SavedSearch, saved_id)
    token = keeping.token_in(request, row)
    may_edit = keeping.may_edit(row, request.user, token)
    if request.method == "POST":
        return _changed(request, row) if may_edit else _not_yours(request, row)
    try:
        throttle.count(request, "saved-search", throttle.LOOKED_UP_A_MINUTE, 60)
    except throttle.TooMuch as error:
        return _not_saved(request, search_address(saved_searches.query_of(row)), str(error), 429, error.wait_s)
    opened = saved_searches.open_again(row, request.user)
    keeping.touch(row)
    edit = reverse("saved-search-edit", args=[row.pk, token]) if may_edit and token else ""
    context = {
        "saved": row,
        "opened": opened,
        "asked": _asked(opened.query),
        "search": search_address(opened.query),
        "feed": search_address(opened.query, path="search-feed"),
        "may_edit": may_edit,
        "kept_days": KEPT_DAYS,
        "address": request.build_absolute_uri(row.get_absolute_url()),
        "edit_address": request.build_absolute_uri(edit) if edit else "",
        "copy": saved_searches.params_of(opened.query),
    }
    return _unlisted(render(request, "search/saved.html", context))


def _changed(request: HttpRequest, row: SavedSearch) -> HttpResponse:
    if "delete" in request.POST:
        row.delete()
        return redirect("search")
    if "seen" in request.POST:
        try:
            throttle.count(request, "saved-search", throttle.LOOKED_UP_A_MINUTE, 60)
            saved_searches.take_in(row, request.user)
        except throttle.TooMuch as error:
            return _not_saved(request, row.get_absolute_url(), str(error), 429, error.wait_s)
        except saved_searches.NotNow as error:
            return _not_saved(request, row.get_absolute_url(), str(error), 503)
    elif "title" in request.POST:
        row.title = keeping.title_of(request.POST["title"])
        row.save(update_fields=["title"])
    return redirect(row)


def _asked(query: SearchQuery) -> list[str]:
    """What the search is narrowed down by, in words."""
    kind = [KINDS[query.filter.kind].plural] if query.filter.kind else []
    mode = {"keyword": ["Words only"], "vector": ["Meaning only"]}.get(query.mode, [])
    return [*kind, *(chip.label for chip in chips(query.filter, lambda _: "")), *mode]


def _not_yours(request: HttpRequest, row: SavedSearch) -> HttpResponse:
    return render(request, "precedents/not_yours.html", {"saved": row}, status=403)


def _not_saved(request: HttpRequest, back: str, problem: str, status: int, wait_s: int = 0) -> HttpResponse:
    context: dict[str, Any] = {"problem": problem, "back": back}
    response = _unlisted(render(request, "search/not_saved.html", context, status=status))
    if wait_s:
        response["Retry-After"] = str(wait_s)
    return response


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    return response
