"""Importing in the browser, for staff: say what, see what it would do, let it happen, try again what was refused."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ingest import pipeline
from ingest.locations import is_address
from ingest.logbook import PREVIEWED
from ingest.sources import SourceError
from ingest.sources.tables.mapping import NoTitleColumn
from ingest.web import uploads
from ingest.web.asking import NotAllowed, check_again
from ingest.web.column_form import ColumnForm, chosen_columns
from ingest.web.forms import ImportForm, hold, sentence
from kb import jobs
from kb.kinds import KINDS
from kb.models import Job
from kb.models.jobs import JobState
from kb.models.provenance import Action
from kb.views.changes import rows_of
from kb.views.jobs import job_context
from kb.views.parts import render_part

SHOWN = 20
TABLE_OPTIONS = ("kind", "namespace", "sheet")
NOTHING_DONE = ("unchanged", "failed", "left_out", "waiting", "conflicts")  # counts of what an import leaves as it is
# The changes of a preview by what would happen, the likeliest to be looked at first.
LOOKS = {
    Action.CREATED: "To be created",
    Action.UPDATED: "To be changed",
    Action.CONFLICT: "Disagreeing with a curator",
    Action.MERGED: "To be merged",
    Action.RENAMED: "Moved upstream",
    Action.VANISHED: "Gone upstream",
    Action.RETURNED: "Back upstream",
}


@never_cache
@staff_member_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Say what to import; what it would do is shown before anything happens."""
    user: Any = request.user
    if request.method == "POST":
        form = ImportForm(user, request.POST, request.FILES)
    else:
        form = ImportForm(user, initial=_said_before(request.GET.get("again", "")))
    if request.method == "POST":
        if problem := uploads.problem_of(request):
            form.add_error("file", problem)
        if form.is_valid() and (preview := _preview(form, user)):
            return redirect("import-preview", preview.pk)
    upload = form.upload
    context = {
        "form": form,
        "held": {"word": hold(upload), "name": upload.name} if upload else None,
        "max_mb": settings.KB_MAX_UPLOAD_MB,
        "max_bytes": uploads.max_bytes(),
    }
    return render(request, "ingest/import.html", context, status=422 if form.errors else 200)


def _said_before(number: str) -> dict[str, Any]:
    """What the form was filled with for a preview that failed, to be corrected."""
    found = Job.objects.filter(kind="ingest", parameters__dry_run=True)
    job = found.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    if job is None:
        return {}
    location, options = job.parameters["location"], job.parameters["options"]
    columns = "\n".join(f"{field}={column}" for field, column in options.get("map", {}).items())
    place = {"address": location} if is_address(location) else {"path": location}
    if uploads.is_upload(location):
        place = {"held": hold(Path(location))}
    return {**options, **place, "map": columns, "source": job.parameters["source"]}


def _preview(form: ImportForm, user: Any) -> Job | None:
    """The dry run that was asked for; None, and the form says why, where the source refuses it."""
    said = form.cleaned_data
    try:
        job = pipeline.start_import(said["source"], said["location"], said["options"], user, dry_run=True)
    except NoTitleColumn as error:
        form.ask_for_title(error.columns)
        return None
    except SourceError as error:
        form.add_error(None, sentence(error))
        return None
    if said.get("file"):
        said["file"].keep()
    return job


@never_cache
@staff_member_required
def preview(request: HttpRequest, job_id: int) -> HttpResponse:
    """What an import would do: how far the look at it is, then its counts, its changes, and what it would refuse."""
    job = _dry_run(job_id)
    action = request.GET.get("action", "")
    action = action if action in LOOKS else ""
    stored = job.changes.filter(preview=True).order_by("pk")
    found = stored.filter(action=action) if action else stored
    page = Paginator(found.select_related("entry", "user"), SHOWN).get_page(request.GET.get("page"))
    context = {
        **job_context(job),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "here": f"?action={action}" if action else "",
        "rows": rows_of(page.object_list),
        "action": action,
        "looks": [(one.value, words, _all_of(job, one)) for one, words in LOOKS.items() if _all_of(job, one)],
        "stored": stored.count(),
        "kept": PREVIEWED if any(_all_of(job, one) > PREVIEWED for one in LOOKS) else 0,
        "place": _place(job),
        "options": {name: value for name, value in job.parameters["options"].items() if name != "map"},
        "columns": ColumnForm.of(job.parameters),
        "kinds": KINDS.values(),
        "does_something": any(count for name, count in job.counts.items() if name not in NOTHING_DONE),
        "followed": _imports_of(job).last(),
    }
    return render_part(request, "ingest/preview.html", "ingest/_preview.html", context)


def _all_of(job: Job, action: Action) -> int:
    """How many records that would happen to; of their changes only the first are stored."""
    count: int = job.counts.get("conflicts" if action == Action.CONFLICT else action.value, 0)
    return count


@staff_member_required
@require_POST
def preview_again(request: HttpRequest, job_id: int) -> HttpResponse:
    """Look again at the same table with other columns; the look before is given up."""
    job = _dry_run(job_id)
    said = job.parameters
    options = {name: value for name, value in said["options"].items() if name not in (*TABLE_OPTIONS, "map")}
    given = {name: request.POST.get(name, "").strip() for name in TABLE_OPTIONS}
    options |= {name: value for name, value in given.items() if value} | {"map": chosen_columns(request.POST.dict())}
    try:
        check_again(request.user, job)
        again = pipeline.start_import(said["source"], said["location"], options, request.user, dry_run=True, of=job)
    except (SourceError, NotAllowed) as error:
        messages.error(request, sentence(error))
        return redirect("import-preview", job.pk)
    _forget(job)
    return redirect("import-preview", again.pk)


@staff_member_required
@require_POST
def confirm(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let happen what the preview shows."""
    job = _dry_run(job_id)
    if started := _imports_of(job).last():
        messages.info(request, "This has been imported already.")
        return redirect(started)
    try:
        check_again(request.user, job)
        return redirect(pipeline.confirm(job, request.user))
    except (SourceError, ValueError, NotAllowed) as error:
        messages.error(request, sentence(error))
        return redirect("import-preview", job.pk)


@staff_member_required
@require_POST
def discard(request: HttpRequest, job_id: int) -> HttpResponse:
    """Give a preview up, with the file that was sent for it."""
    job = _dry_run(job_id)
    location = job.parameters["location"]
    _forget(job)
    if not Job.objects.filter(kind="ingest", parameters__location=location).exists():
        uploads.remove(_path(location))
    messages.info(request, "The preview was discarded. Nothing was imported.")
    return redirect("import")


@staff_member_required
@require_POST
def go_on(request: HttpRequest, job_id: int) -> HttpResponse:
    """Import again what a job was cancelled or failed at; what it had taken in already is left as it is."""
    job = get_object_or_404(Job, pk=job_id, kind="ingest", parameters__dry_run__isnull=True)
    said = job.parameters
    try:
        if job.state not in (JobState.CANCELLED, JobState.FAILED):
            raise SourceError(f"job {job.pk} left nothing to go on with")
        check_again(request.user, job)
        only = said.get("only", ())
        return redirect(
            pipeline.start_import(said["source"], said["location"], said["options"], request.user, only=only, of=job)
        )
    except (SourceError, NotAllowed) as error:
        messages.error(request, sentence(error))
        return redirect(job)


@staff_member_required
@require_POST
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    """Import those records again that a job refused, and no others."""
    job = get_object_or_404(Job, pk=job_id, kind="ingest")
    try:
        check_again(request.user, job)
        return redirect(pipeline.retry_failed(job, request.user))
    except (SourceError, ValueError, NotAllowed) as error:
        messages.error(request, sentence(error))
        return redirect(job)


def _dry_run(job_id: int) -> Job:
    jobs_here = Job.objects.select_related("created_by")
    return get_object_or_404(jobs_here, pk=job_id, kind="ingest", parameters__dry_run=True)


def _imports_of(job: Job) -> Any:
    """The imports that a preview led to."""
    return Job.objects.filter(kind="ingest", parameters__of=job.pk, parameters__dry_run__isnull=True).order_by("pk")


@transaction.atomic
def _forget(job: Job) -> None:
    jobs.cancel(job.pk)
    job.changes.filter(preview=True).delete()
    job.delete()


def _place(job: Job) -> str:
    """Where it comes from, as the person who asked would say it."""
    location: str = job.parameters["location"]
    return _path(location).name if uploads.is_upload(location) else location


def _path(location: str) -> Path:
    return Path("" if is_address(location) else location)
