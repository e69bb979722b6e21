"""What an entry said before, version by version."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.versions import steps, versions
from kb.views.entry import find, moved

PAGE_SIZE = 20


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """`/entries/<slug>/history/`: every version that this reader may see, and what it made otherwise."""
    entry = find(request, slug)
    if entry is None:
        return redirect(reverse("entry-history", args=[moved(request, slug).slug]), permanent=True)
    found = versions(entry, request.user)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    # And the one before the page's last, to compare that with.
    first = max(0, page.start_index() - 1)
    shown = list(found[first : first + PAGE_SIZE + 1])
    context = {
        "entry": entry,
        "info": entry.info,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "steps": steps(entry, shown, has_older=len(shown) > PAGE_SIZE),
    }
    return render(request, "entries/history.html", context)
