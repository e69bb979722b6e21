"""What the notes ask: the questions of all of them on one page, note by note."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kb.facets import as_html, facets
from kb.kinds import KINDS, Kind
from kb.listing import Listing, chips
from kb.models import Entry, Fact
from kb.models.facts import ASKS
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from kb.views.parts import render_part

PAGE_SIZE = 25


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """`/notes/questions/`: the visible notes that have questions, the newest first, narrowed down like any list."""
    listing = Listing.from_params(request.GET, Kind.NOTE)
    is_staff = sees_hidden(request.user)
    name, value = ASKS
    some = Fact.objects.filter(name=name, value=value).values("entry")
    asking = Entry.objects.visible_to(request.user).filter(kind=Kind.NOTE, pk__in=some)
    left = unless_written(("asking", listing.filter, listing.sort, is_staff), lambda: listing.left(asking))
    page = Paginator(left, PAGE_SIZE).get_page(request.GET.get("page"))
    ids = listing.ids(asking, left, page.start_index() - 1, page.end_index()) if len(left) else []
    context = {
        "info": KINDS[Kind.NOTE],
        "listing": listing,
        "page": page,
        "notes": asking.defer("body").prefetch_related("tags").in_order(ids),
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": listing.address(listing.filter),
        "chips": chips(listing.filter, listing.address),
        "facets": unless_written(
            ("questions", listing.filter, listing.sort, listing.view, is_staff),
            lambda: as_html(facets(asking, left, listing.filter, listing.address, for_staff=is_staff)),
        ),
    }
    status = 400 if listing.problems else 200
    return render_part(request, "questions/list.html", "questions/_results.html", context, status)
