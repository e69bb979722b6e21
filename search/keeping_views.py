"""The address that lets somebody change what was saved."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from search import keeping
from search.models import Kept


@never_cache
@require_GET
def let_edit(request: HttpRequest, saved_id: str, token: str, of: type[Kept]) -> HttpResponse:
    """Whoever has this address may change what was saved, a row `of` this model, from this browser on."""
    row = keeping.row_of(of, saved_id)
    if not keeping.may_edit(row, None, token):
        raise Http404("There is nothing saved by that address.")
    response = redirect(row)
    keeping.let_edit(response, row, token)
    return response
