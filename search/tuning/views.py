"""What staff can say to the proposal to adapt the encoder."""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kb import jobs
from kb.models import Job
from search.tuning import proposal


@staff_member_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Queue the job, unless one is under way, and show it."""
    job = Job.objects.filter(kind="tune", state__in=proposal.OPEN).first() or jobs.enqueue("tune", {}, request.user)
    return redirect(job)


@staff_member_required
@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """Leave the encoder as it is, and do not ask again before there is as much new again."""
    proposal.decline()
    messages.info(request, "The encoder stays as it is. This is proposed again when the collection has grown further.")
    return redirect("status")
