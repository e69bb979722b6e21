"""Jobs, for staff: all of them, one as it goes on, and its end before time."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kb import jobs as work
from kb.job_words import job_title, pace, parameters, summary, took
from kb.listing import Chip
from kb.models import Job
from kb.models.jobs import JobState
from kb.views.parts import render_part

PAGE_SIZE = 25
SHOWN_PROBLEMS = 100


@never_cache
@staff_member_required
def jobs(request: HttpRequest) -> HttpResponse:
    """What was and is being done. For staff: parameters and problems may name files of this machine."""
    state = request.GET.get("state", "")
    state = state if state in JobState.values else ""
    found = Job.objects.select_related("created_by").defer("cursor")
    page = Paginator(found.filter(state=state) if state else found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "rows": [{"job": job, "title": job_title(job), "summary": summary(job)} for job in page],
        "state": state,
        "chips": [Chip(JobState(state).label, ".")] if state else [],
        "states": JobState.choices,
        "here": f"?state={state}" if state else "",
    }
    return render_part(request, "jobs/list.html", "jobs/_list.html", context)


@never_cache
@staff_member_required
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """How far one job is; the part that htmx asks for again and again until the job is over."""
    found = get_object_or_404(Job.objects.select_related("created_by"), pk=job_id)
    return render_part(request, "jobs/job.html", "jobs/_job.html", job_context(found))


def job_context(job: Job) -> dict[str, Any]:
    """What the templates tell of a job: how far and how fast it is, what it refused, and what else it noted."""
    refused = job.problems.filter(failed=True)
    noted = job.problems.filter(failed=False)
    refused_count, noted_count = refused.count(), noted.count()
    real_import = job.kind == "ingest" and not job.parameters.get("dry_run")
    return {
        "job": job,
        "title": job_title(job),
        "summary": summary(job),
        "parameters": parameters(job),
        "pace": pace(job),
        "took": took(job),
        "last_problem": None if job.is_over else refused.last(),
        "refused": refused[:SHOWN_PROBLEMS] if refused_count else [],
        "refused_count": refused_count,
        "noted": noted[:SHOWN_PROBLEMS] if noted_count else [],
        "noted_count": noted_count,
        "can_go_on": real_import and job.state in (JobState.CANCELLED, JobState.FAILED) and not _followed(job),
        "can_retry": real_import and job.is_over and refused_count > 0,
        "has_changes": real_import and job.changes.exists(),
        "is_preview": job.kind == "ingest" and not real_import,
    }


def _followed(job: Job) -> bool:
    """Whether its source was imported later: to go on with it then could undo what is newer."""
    later = Job.objects.filter(kind="ingest", pk__gt=job.pk, parameters__source=job.parameters.get("source"))
    return later.filter(parameters__dry_run__isnull=True).exists()


@staff_member_required
@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """End a job; what it has done until now stays."""
    found = get_object_or_404(Job, pk=job_id)
    ended = work.cancel(found.pk)
    said = "was cancelled. What it had done until then stays." if ended else "was over already."
    messages.info(request, f"{job_title(found)} {found.pk} {said}")
    return redirect(found)
