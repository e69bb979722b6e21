"""What an entry said on a day, or at a moment: its own texts and facts as they stood then."""

from datetime import UTC, date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kb.change_words import as_text, field_label
from kb.markdown import render as render_markdown
from kb.models import Entry
from kb.provenance import FACT, values
from kb.versions import AS_OF, end_of, stamp_of, version_of

SAID = ("kind", "title", "slug", "summary", "body", "facts", "occurred_on", "occurred_precision")
ABOUT = ("licence", "attribution", "language", "status", "visibility")


def as_of(request: HttpRequest, entry: Entry, written: str) -> HttpResponse:
    """The entry as it stood when a day was over, by UTC, or at a moment of it, for a reader who may see it today.

    What is neither, or still to come, is told with status 400; when this reader could not have read it, it is 404.
    """
    now = timezone.now()
    try:
        moment, stamp, by_day = _read(written)
    except (ValueError, OverflowError):
        return _refused(request, entry, f"“{written[:40]}” is not a date: write 2024-02-14.")
    if moment.date() > now.date() or (moment > now and not by_day):
        return _refused(request, entry, f"{stamp} is still to come.")
    version = version_of(entry, moment, request.user)
    if version is None:
        return _refused(request, entry, f"On {stamp} there was nothing of it to be read here.", 404)
    then = Entry(**{name: getattr(version, name) for name in (*SAID, *ABOUT)})
    body = render_markdown(then.body)
    facts = [(field_label(name), as_text(value)) for name, value in values(then).items() if name.startswith(FACT)]
    context = {
        "entry": then,
        "present": entry,
        "info": then.info,
        "moment": moment,
        "by_day": by_day,
        "stamp": stamp,
        "body": body,
        "has_math": 'class="math' in body,
        "facts": facts,
        "since": version.history_date,
        "address": request.build_absolute_uri(f"{entry.get_absolute_url()}?{AS_OF}={stamp}"),
    }
    response = render(request, "entries/as_of.html", context)
    # The present one is the page to be found.
    response["X-Robots-Tag"] = "noindex"
    return response


def _read(written: str) -> tuple[datetime, str, bool]:
    """The moment that is meant, as it is written in an address, and whether a whole day was: then it is its end."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        moment = datetime.fromisoformat(written)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment, stamp_of(moment), False
    return end_of(day), day.isoformat(), True


def _refused(request: HttpRequest, entry: Entry, message: str, status: int = 400) -> HttpResponse:
    context = {"entry": entry, "info": entry.info, "message": message}
    return render(request, "entries/no_such_day.html", context, status=status)
