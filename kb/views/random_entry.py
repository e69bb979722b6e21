"""Any entry at all."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kb.filters import BadFilter, EntryFilter
from kb.models import Entry


@never_cache
@require_safe
def random_entry(request: HttpRequest) -> HttpResponse:
    """`/random/`: to an entry that this reader may see, each as likely as any other; `?kind=` to one of a kind."""
    try:
        wanted = EntryFilter.from_params({"kind": request.GET.get("kind", "")})
    except BadFilter as error:
        raise Http404(str(error)) from error
    found = wanted.apply(Entry.objects.visible_to(request.user)).order_by("pk")
    count = found.count()
    place = secrets.randbelow(count) if count else 0
    chosen = list(found.only("slug")[place : place + 1])
    if not chosen:
        raise Http404("There is nothing in here yet.")
    return redirect(chosen[0])
