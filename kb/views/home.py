"""The first page."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.linked_data import of_site, script
from kb.listing import ORDERS, tag_choices
from kb.models import Entry

NEWEST = 4
TAGS = 40
CARD = ("slug", "title", "kind", "occurred_on", "occurred_precision", "status", "visibility")


def home(request: HttpRequest) -> HttpResponse:
    """What is in here: how many of each kind, the newest, and the commonest tags."""
    entries = Entry.objects.visible_to(request.user)
    counts = dict(entries.order_by().values_list("kind").annotate(Count("pk")))
    shelves = [
        {
            "info": info,
            "count": counts.get(kind, 0),
            "newest": entries.filter(kind=kind).order_by(*ORDERS["newest"][1]).only(*CARD)[:NEWEST],
        }
        for kind, info in KINDS.items()
    ]
    tags = tag_choices(entries, EntryFilter(), lambda filter: filter.tag)[:TAGS]
    return render(
        request,
        "home.html",
        {
            "shelves": shelves,
            "tags": tags,
            "total": sum(counts.values()),
            "linked_data": script(of_site(request.build_absolute_uri)),
        },
    )
