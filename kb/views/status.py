"""What is in here, and whether search is up to date."""

from operator import attrgetter
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views import View

from kb import held
from kb.job_words import source_label
from kb.kinds import KINDS
from kb.models import Change, Entry, SourceRecord
from kb.models.entries import EntryQuerySet
from kb.numbers import Numbers, distinct
from kb.rights import sees_hidden
from kb.unless_written import unless_written


class StatusPage(View):
    """How much is in here, where it comes from, how fresh it is, and whether the index is up to date.

    `index` is the dotted name of a function (user) -> {"pending", "gone", "passages", "model"}, `encoders` of one
    (is_staff) -> {"in_use", "tuned", "rows", "proposal"}; they belong to another app.
    """

    index = ""
    encoders = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        counted = unless_written(("status", sees_hidden(request.user)), lambda: _counted(request.user))
        context = {
            **counted,
            "index": import_string(self.index)(request.user) if self.index else None,
            "encoders": import_string(self.encoders)(request.user.is_staff) if self.encoders else None,
        }
        return render(request, "status.html", context)


def _counted(user: Any) -> dict[str, Any]:
    entries = Entry.objects.visible_to(user)
    ids = held.ids(entries)
    counts = held.entries().counts(ids, attrgetter("kind"))
    change = Change.objects.made().visible_to(user).only("created_at").first()
    return {
        "changed_at": change.created_at if change else None,
        "counted": [{"info": info, "count": counts[kind]} for kind, info in KINDS.items()],
        "references": len(distinct(held.references().within(ids))),
        "entities": len(distinct(held.entities().within(ids))),
        "sources": _sources(entries, ids),
    }


def _sources(entries: EntryQuerySet, ids: Numbers) -> list[dict[str, Any]]:
    """Who owns the texts, under which licence, how many entries those are, of which day the newest is, and when an
    import last read them."""
    texts, of = held.texts()
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for at, count in held.commonest(of.within(ids)).items():
        source, licence, attribution, day = texts[at]
        key = source, licence, attribution
        if key not in rows:
            rows[key] = dict(zip(("source", "licence", "attribution"), key, strict=True)) | {"count": 0, "newest": None}
        row = rows[key]
        row["count"] += count
        row["newest"] = max(day, row["newest"] or day) if day else row["newest"]
    read = SourceRecord.objects.filter(entry__in=entries.values("pk")).order_by().values_list("source")
    read_at = dict(read.annotate(Max("seen_at")))
    found = [
        {**row, "label": source_label(row["source"]), "read_at": read_at.get(row["source"])} for row in rows.values()
    ]
    return sorted(found, key=lambda row: (-row["count"], row["source"], row["licence"]))
