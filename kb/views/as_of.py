"""What an entry said on a day: its own texts and facts as they stood then."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kb.change_words import as_text, field_label
from kb.markdown import render as render_markdown
from kb.models import Entry
from kb.provenance import FACT, values
from kb.versions import version_of

AS_OF = "as-of"
SAID = ("kind", "title", "slug", "summary", "body", "facts", "occurred_on", "occurred_precision")
ABOUT = ("licence", "attribution", "language", "status", "visibility")


def as_of(request: HttpRequest, entry: Entry, written: str) -> HttpResponse:
    """The entry as it stood when a day was over, by UTC, for a reader who may see it today.

    What is no day, or still to come, is told with status 400; a day on which this reader could not have read it is 404.
    """
    today = timezone.now().date()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return _refused(request, entry, f"“{written[:40]}” is not a date: write 2024-02-14.")
    if day > today:
        return _refused(request, entry, f"{day.isoformat()} is still to come.")
    version = version_of(entry, day, request.user)
    if version is None:
        raise Http404(f"There was no such entry to be read on {day.isoformat()}.")
    then = Entry(**{name: getattr(version, name) for name in (*SAID, *ABOUT)})
    body = render_markdown(then.body)
    facts = [(field_label(name), as_text(value)) for name, value in values(then).items() if name.startswith(FACT)]
    context = {
        "entry": then,
        "present": entry,
        "info": then.info,
        "day": day,
        "body": body,
        "has_math": 'class="math' in body,
        "facts": facts,
        "since": version.history_date,
        "address": request.build_absolute_uri(f"{entry.get_absolute_url()}?{AS_OF}={day.isoformat()}"),
    }
    response = render(request, "entries/as_of.html", context)
    # The present one is the page to be found.
    response["X-Robots-Tag"] = "noindex"
    return response


def _refused(request: HttpRequest, entry: Entry, message: str) -> HttpResponse:
    context = {"entry": entry, "info": entry.info, "message": message}
    return render(request, "entries/no_such_day.html", context, status=400)
