"""All entries of a kind, to look through and narrow down."""

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from kb.kinds import KINDS
from kb.listing import ORDERS, Listing, chips, tag_choices, year_choices
from kb.models import Entry
from kb.views.downloads import download
from kb.views.parts import render_part

PAGE_SIZE = 25


def browse(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All entries of a kind, filtered and ordered as the address says.

    What makes no sense in it is told beside the list that the rest of it gives, with status 400.
    """
    listing = Listing.from_params(request.GET, kind)
    entries = Entry.objects.visible_to(request.user)
    if (wanted := request.GET.get("format", "")) and not listing.problems:
        return download(request, listing.apply(entries), wanted, KINDS[kind].path)
    page = Paginator(listing.apply(entries).for_lists(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "info": KINDS[kind],
        "listing": listing,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": listing.address(listing.filter),
        "chips": chips(listing.filter, listing.address),
        "tags": tag_choices(entries, listing.filter, listing.address),
        "years": year_choices(entries, listing.filter, listing.address),
        "orders": [(name, label) for name, (label, _) in ORDERS.items()],
        "typed": {name: request.GET.get(name, "") for name in ("since", "until")},
    }
    status = 400 if listing.problems else 200
    return render_part(request, "entries/list.html", "entries/_results.html", context, status)
