"""`POST /api/v1/ingest`: what the form for importing does, for programs. And `POST /jobs/{id}/retry`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Form, Router, Schema
from ninja.errors import HttpError
from ninja.files import UploadedFile

from ingest import pipeline
from ingest.sources import SourceError
from ingest.sources.base import read_map
from ingest.sources.tables.mapping import NoTitleColumn
from ingest.sources.tables.sheet import listed
from ingest.web import uploads
from ingest.web.asking import NotAllowed, check_again, keep_text, location_for, source_for
from kb.api_answers import JobOut
from kb.as_json import job_json
from kb.entries_api import job_or_404
from kb.filters import BadFilter
from kb.json_answer import JsonAnswer
from kb.models import Job
from kb.tokens import staff_only

router = Router()
jobs_router = Router()


class ToImport(Schema):
    """What is to be imported: one of `location` and `text`."""

    source: str = Field(
        "", description="aiid, markdown, csv, …; found out from the location where it is not said", examples=["url"]
    )
    location: str = Field(
        "",
        max_length=4000,
        description="address; a path on the server for superusers",
        examples=["https://example.org/a-report"],
    )
    text: str = Field("", description="the content itself, such as the lines of a CSV file")
    options: dict[str, Any] = Field(default={}, description="kind, namespace, map, status, visibility, …")
    dry_run: bool = Field(False, description="only say what would be done")


@router.post("", summary="Import", auth=staff_only, response={202: JobOut})
def ingest(request: HttpRequest, wanted: ToImport) -> HttpResponse:
    """Starts a job and answers 202 with it; the header Location says where to ask how far it is."""
    if wanted.text and wanted.location:
        raise BadFilter("text", "Give a location or a text, not both.")
    if not wanted.text and not wanted.location.strip() and wanted.source != "starter":
        raise BadFilter("location", "Give a location or a text.")
    try:
        if wanted.text:
            if not wanted.source:
                raise BadFilter("source", "Say which source reads this text.")
            location = keep_text(wanted.source, wanted.text)
        else:
            location = location_for(request.user, wanted.location)
    except SourceError as error:
        raise BadFilter("location", str(error)) from error
    except NotAllowed as error:
        raise HttpError(403, str(error)) from error
    return _started(request, wanted.source, location, wanted.options, wanted.dry_run)


@router.post("/file", summary="Import a file that is sent", auth=staff_only, response={202: JobOut})
def ingest_file(
    request: HttpRequest,
    file: UploadedFile | None = File(None),  # type: ignore[type-arg]  # noqa: B008
    source: str = Form("", examples=["csv"]),
    kind: str = Form(""),
    namespace: str = Form(""),
    map: str = Form("", description="field=column, one a line"),
    sheet: str = Form(""),
    status: str = Form(""),
    visibility: str = Form(""),
    dry_run: bool = Form(False),
) -> HttpResponse:
    """The file as multipart/form-data, with the options as fields beside it."""
    if problem := uploads.problem_of(request):
        raise HttpError(413, problem)
    if not isinstance(file, uploads.StoredFile):
        raise BadFilter("file", "Send a file as multipart/form-data, in the field file.")
    given = {"kind": kind, "namespace": namespace, "sheet": sheet, "status": status, "visibility": visibility}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    if lines := [line for line in map.splitlines() if line.strip()]:
        try:
            options["map"] = read_map(lines)
        except SourceError as error:
            raise BadFilter("map", str(error)) from error
    response = _started(request, source, str(file.path), options, dry_run)
    file.keep()
    return response


@jobs_router.post(
    "/{int:job_id}/retry", summary="Import again what a job refused", auth=staff_only, response={202: JobOut}
)
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    """Starts a job for those records alone."""
    try:
        job = job_or_404(job_id)
        check_again(request.user, job)
        return _accepted(pipeline.retry_failed(job, request.user))
    except NotAllowed as error:
        raise HttpError(403, str(error)) from error
    except (SourceError, ValueError) as error:
        raise BadFilter("job_id", str(error)) from error


def _started(request: HttpRequest, source: str, location: str, options: dict[str, Any], dry_run: bool) -> HttpResponse:
    try:
        chosen = source_for(source, location) if location else source
        return _accepted(pipeline.start_import(chosen, location, options, request.user, dry_run=dry_run))
    except NoTitleColumn as error:
        raise BadFilter("map", f"Say in map which column is the title; there are {listed(error.columns)}.") from error
    except SourceError as error:
        raise BadFilter("source", str(error)) from error


def _accepted(job: Job) -> HttpResponse:
    job.refresh_from_db()
    return JsonAnswer(job_json(job, private=True), status=202, headers={"Location": f"/api/v1/jobs/{job.pk}"})
