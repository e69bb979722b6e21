"""All entries of a kind, to look through and narrow down."""

import re

from django.core.paginator import Page, Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from kb.among import ByIds
from kb.facets import as_html, facets
from kb.kinds import KINDS
from kb.linked_data import of_list, script
from kb.listing import MOST_PAGES, ORDERS, VIEWS, Listing, chips
from kb.models import Entry
from kb.models.entries import EntryQuerySet
from kb.rights import sees_hidden
from kb.table import lines
from kb.unless_written import unless_written
from kb.views.downloads import download
from kb.views.parts import is_part, render_part

SAID = ("kind", "title", "slug", "occurred_on", "occurred_precision", "status", "visibility")
SEVERAL = re.compile(r"(\d{1,6})-(\d{1,6})", re.ASCII)


def browse(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All entries of a kind, filtered, ordered and shown as the address says.

    `page` is a page or, as in `1-3`, several that are shown together. What makes no sense in the address is told beside
    the list that the rest of it gives, with status 400.
    """
    listing = Listing.from_params(request.GET, kind)
    entries = Entry.objects.visible_to(request.user)
    if (wanted := request.GET.get("format", "")) and not listing.problems:
        return download(request, listing.apply(entries), wanted, KINDS[kind].path)
    is_staff = sees_hidden(request.user)
    left = unless_written(("left", listing.filter, listing.sort, is_staff), lambda: listing.left(entries))
    paginator = Paginator(left, VIEWS[listing.view][1])
    first, page = _pages(paginator, request.GET.get("page", ""))
    start = (first - 1) * paginator.per_page + 1
    ids = listing.ids(entries, left, start - 1, page.end_index())
    found = {entry.pk: entry for entry in _entries(ids, is_staff, listing.view == "list")}
    shown = [found[id] for id in ids if id in found]
    if listing.view == "list":
        prefetch_related_objects(shown, "tags")
    absolute = request.build_absolute_uri
    of_this = of_list(KINDS[kind].plural, absolute(), shown, absolute, total=paginator.count, first=start)
    context = {
        "info": KINDS[kind],
        "listing": listing,
        "page": page,
        "first": first,
        "before": first - 1,
        "entries": shown,
        "lines": lines(shown) if listing.view == "table" else [],
        "start": start,
        "linked_data": script(of_this),
        # Of what joins a list, the first has the focus.
        "fresh_at": (page.number - first) * paginator.per_page + 1 if is_part(request) and first < page.number else 0,
        "left": min(paginator.per_page, paginator.count - page.end_index()),
        "by_date": listing.sorted("oldest" if listing.sort == "newest" else "newest"),
        "by_title": listing.sorted("title"),
        "by_reports": listing.sorted("reports"),
        "more": f"{first}-{page.number + 1}" if page.has_next() and page.number - first + 1 < MOST_PAGES else "",
        "pages": paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": listing.address(listing.filter),
        "feed": "feed.atom" + listing.address(listing.filter).removeprefix("."),
        "chips": chips(listing.filter, listing.address),
        "facets": unless_written(
            ("browse", listing.filter, listing.sort, listing.view, is_staff),
            lambda: as_html(facets(entries, left, listing.filter, listing.address, for_staff=is_staff)),
        ),
        "orders": [(name, label) for name, (label, _) in ORDERS.items()],
        "typed": {name: request.GET.get(name, "") for name in ("since", "until")},
    }
    status = 400 if listing.problems else 200
    return render_part(request, "entries/list.html", "entries/_results.html", context, status)


def _shown(ids: list[int], hidden_too: bool, summaries: bool) -> EntryQuerySet:
    entries = Entry.objects.shown(hidden_too=hidden_too).filter(pk__among=ids).order_by()
    return entries.only(*SAID, "summary") if summaries else entries.only(*SAID)


_entries = ByIds(_shown)


def _pages(paginator: Paginator, written: str) -> tuple[int, Page]:
    """The number of the first page that is shown, and the last page; the nearest there are."""
    several = SEVERAL.fullmatch(written)
    page = paginator.get_page(several[2] if several else written)
    if not several:
        return page.number, page
    return min(max(int(several[1]), page.number - MOST_PAGES + 1, 1), page.number), page
