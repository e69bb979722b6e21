"""What curators decide on an entry's page: whether a field stays theirs, or follows its source again."""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from kb import curating
from kb.change_words import field_label
from kb.models import Entry


@staff_member_required
@require_POST
def settle(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Decide one conflict of an entry: `field` names it, `take` is there where the import's value is taken."""
    entry = get_object_or_404(Entry, pk=entry_id)
    name, take = request.POST.get("field", ""), "take" in request.POST
    try:
        curating.settle(entry, name, request.user, take=take)
    except ValidationError as error:
        messages.error(request, f"{field_label(name)} cannot be taken: {' '.join(error.messages)}")
    except ValueError:
        messages.info(request, "This was decided already.")
    else:
        messages.info(request, f"{field_label(name)}: {'taken from the import' if take else 'kept as it is here'}.")
    entry.refresh_from_db()
    return redirect(entry)
