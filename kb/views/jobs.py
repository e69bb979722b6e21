"""Jobs, for staff: all of them, and one as it goes on."""

from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from kb.models import Job
from kb.views.parts import render_part

PAGE_SIZE = 25
SHOWN_PROBLEMS = 100


@never_cache
@staff_member_required
def jobs(request: HttpRequest) -> HttpResponse:
    """What was and is being done. For staff: parameters and problems may name files of this machine."""
    page = Paginator(Job.objects.select_related("created_by"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)}
    return render_part(request, "jobs/list.html", "jobs/_list.html", context)


@never_cache
@staff_member_required
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """How far one job is; the part that htmx asks for again and again until the job is over."""
    found = get_object_or_404(Job.objects.select_related("created_by"), pk=job_id)
    context = {
        "job": found,
        "problems": found.problems.all()[:SHOWN_PROBLEMS],
        "problem_count": found.problems.count(),
    }
    return render_part(request, "jobs/job.html", "jobs/_job.html", context)
