"""From what an entry is known as to its page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from kb.models import Entry


def known_as(request: HttpRequest, namespace: str, value: str) -> HttpResponse:
    """`/known-as/<namespace>/<value>`: to the entry with this external id, where there is one for this reader."""
    entry = Entry.objects.visible_to(request.user).with_external_id(namespace, value).first()
    if entry is None:
        raise Http404(f"There is no entry that {namespace} calls {value}.")
    return redirect(entry)
