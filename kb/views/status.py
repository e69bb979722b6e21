"""What is in here, and whether search is up to date."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views import View

from kb.kinds import KINDS
from kb.models import EntityRole, Entry, EntryReference


class StatusPage(View):
    """How much is in here, where it comes from, and whether the index is up to date.

    `index` is the dotted name of a function (user) -> {"pending", "gone", "passages", "model"}, `encoders` of one
    (is_staff) -> {"in_use", "tuned", "rows", "proposal"}; they belong to another app.
    """

    index = ""
    encoders = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        entries = Entry.objects.visible_to(request.user)
        counts = dict(entries.order_by().values_list("kind").annotate(Count("pk")))
        context = {
            "counted": [{"info": info, "count": counts.get(kind, 0)} for kind, info in KINDS.items()],
            "references": EntryReference.objects.filter(entry__in=entries).values("reference").distinct().count(),
            "entities": EntityRole.objects.filter(entry__in=entries).values("entity").distinct().count(),
            "sources": _sources(entries),
            "index": import_string(self.index)(request.user) if self.index else None,
            "encoders": import_string(self.encoders)(request.user.is_staff) if self.encoders else None,
        }
        return render(request, "status.html", context)


def _sources(entries: Any) -> list[dict[str, Any]]:
    """Who owns the texts, under which licence, and how many entries those are."""
    rows = entries.order_by().values("source", "licence", "attribution").annotate(count=Count("pk"))
    return sorted(rows, key=lambda row: (-row["count"], row["source"], row["licence"]))
