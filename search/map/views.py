"""The map's page, its points as data, and what is written beside a point."""

import hashlib
import json
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from kb.filters import BadFilter
from kb.json_answer import JsonAnswer
from kb.kinds import KINDS
from kb.listing import sensible
from kb.models import Entry
from kb.problems import problem
from kb.rights import sees_hidden
from kb.views.narrowing import Narrowing
from kb.views.parts import is_part, render_part
from search import index
from search.map import drawing
from search.map.asked import Asked
from search.map.groups import COLOURS, Grouping, grouping
from search.map.region import SIDES
from search.map.seen import Seen, seen

PAGE_SIZE = 25
UNITS = 10_000
CARD = ("slug", "title", "kind", "occurred_on", "occurred_precision", "status", "visibility")


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """The whole map, and what is in the region that the address names.

    What makes no sense in the address is told beside what the rest of it gives, with status 400.
    """
    asked, problems = sensible(Asked.from_params, request.GET.dict())
    found = seen(asked.filter, request.user)
    context: dict[str, Any] = {
        "asked": asked,
        "problems": problems,
        "seen": found,
        "total": len(found.rows) if found else 0,
        "whole": asked.address(request.path, region=None),
        "rest": asked.params(region=None),
        "sides": [(side, label, request.GET.get(side, "")) for side, label in SIDES.items()],
        **(_region(request, found, asked) if found and asked.region else {}),
    }
    if not is_part(request):
        context |= _frame(request, asked) | (_picture(request, found, asked) if found else {})
    response = render_part(request, "map/map.html", "map/_region.html", context, 400 if problems else 200)
    if is_part(request):
        response["HX-Push-Url"] = asked.address(request.path)
    return response


@require_safe
@gzip_page
def points(request: HttpRequest) -> HttpResponse:
    """The points that this reader may see, in columns, and the places.

    Asked for anew each time, since an entry may be withdrawn; mostly the answer is that nothing changed.
    """
    try:
        asked = Asked.from_params(request.GET.dict())
    except BadFilter as error:
        return problem(422, str(error), parameter=error.name)
    found = seen(asked.filter, request.user)
    columns = _columns(found, grouping(asked.colour, found, asked.filter, request.user)) if found else {}
    body = json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    response = get_conditional_response(request, etag=etag) or HttpResponse(body, "application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-store" if sees_hidden(request.user) else "no-cache"
    return response


@require_safe
def point(request: HttpRequest, entry_id: int) -> HttpResponse:
    """What is written beside a point: title, address, kind and date."""
    entry = Entry.objects.visible_to(request.user).filter(pk=entry_id).only(*CARD).first()
    if entry is None:
        raise Http404("There is no such entry.")
    said = {"title": entry.title, "url": entry.get_absolute_url(), "kind": entry.info.label, "when": entry.occurred}
    response = JsonAnswer(said)
    response["Cache-Control"] = "private, no-store" if entry.is_hidden else "no-cache"
    return response


def _frame(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What is around the picture: what is chosen, and what could be."""
    kept = {} if asked.colour == "kind" else {"colour": asked.colour}
    return {
        "narrowing": Narrowing.of(
            request, asked.filter, kept, lambda filter: asked.address(filter=filter, region=None)
        ),
        "colours": [(label, asked.address(colour=name), name == asked.colour) for name, label in COLOURS.items()],
    }


def _picture(request: HttpRequest, found: Seen, asked: Asked) -> dict[str, Any]:
    """The picture, its legend, its places as a table, and how it was made."""
    groups = grouping(asked.colour, found, asked.filter, request.user)
    places = found.places()
    picture = drawing.picture(found, groups, [place for place, _ in places])
    made = index.made_with()
    return {
        "points_address": asked.address(reverse("map-points"), region=None),
        "picture": picture,
        "names": [(name, asked.address(region=name.place.region)) for name in picture.names],
        "box": drawing.box(asked.region) if asked.region else None,
        "places": [
            {
                "place": place,
                "address": asked.address(region=place.region),
                "count": len(inside),
                "kinds": np.bincount(found.kinds[inside], minlength=len(KINDS)).tolist(),
            }
            for place, inside in places
        ],
        "groups": [
            (group, asked.address(filter=group.filter, region=None) if group.filter else "") for group in groups.groups
        ],
        "field": groups.field,
        "variance": [100 * share for share in found.layout.figures["variance"]],
        "is_old": made is not None and made[0] != found.layout.fingerprint,
        "placed": int(found.points["placed"].sum()),
    }


def _region(request: HttpRequest, found: Seen, asked: Asked) -> dict[str, Any]:
    """What is in the region: the entries, newest first, and the words that they share."""
    assert asked.region is not None
    inside = found.inside(asked.region)
    page = Paginator(found.newest(inside), PAGE_SIZE).get_page(request.GET.get("page"))
    entries = Entry.objects.visible_to(request.user).for_lists().in_bulk(page.object_list)
    return {
        "page": page,
        "entries": [entries[pk] for pk in page.object_list if pk in entries],
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": asked.address(request.path),
        "words": found.shared(inside),
        "outside": len(found.rows_all) - len(inside),
    }


def _columns(found: Seen, groups: Grouping) -> dict[str, Any]:
    points = found.points
    return {
        "id": points["entry"].tolist(),
        "x": (points["x"] * UNITS).round().astype(int).tolist(),
        "y": (points["y"] * UNITS).round().astype(int).tolist(),
        "kind": found.kinds.tolist(),
        "group": groups.of.tolist(),
        "units": UNITS,
        "places": [
            {"name": place.name, "x": round(place.x * UNITS), "y": round(place.y * UNITS), **place.region.params()}
            for place, _ in found.places()
        ],
    }
