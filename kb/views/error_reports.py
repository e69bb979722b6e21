"""Where readers say what is wrong with an entry."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kb import throttle
from kb.error_reports import ErrorReportForm
from kb.models import Entry
from kb.views.entry import moved

AN_HOUR = 6
SENT = "sent"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_error(request: HttpRequest, slug: str) -> HttpResponse:
    """`/entries/<slug>/report/`: the form. What is sent waits in the admin; the reader is thanked at an address of its
    own, which can be loaded again."""
    entry = Entry.objects.visible_to(request.user).filter(slug=slug).first()
    if entry is None:
        return redirect(reverse("report-error", args=[moved(request, slug).slug]), permanent=True)
    here = reverse("report-error", args=[entry.slug])
    form = ErrorReportForm(request.POST if request.method == "POST" else None)
    problem, status = "", 200
    if request.method == "POST":
        if form.is_from_a_program:
            return redirect(f"{here}?{SENT}=1")
        try:
            if form.is_valid():
                throttle.count(request, "report-error", AN_HOUR, 3600)
                form.save(entry)
                return redirect(f"{here}?{SENT}=1")
            status = 400
        except throttle.TooMuch as error:
            problem, status = str(error), 429
    context = {"entry": entry, "info": entry.info, "form": form, "problem": problem, "is_sent": SENT in request.GET}
    response = render(request, "error_reports/form.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    if status == 429:
        response["Retry-After"] = "3600"
    return response
