"""`/api/v1`: the JSON API put together. Errors are problem+json (RFC 9457)."""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from kb.filters import BadFilter
from kb.problems import problem
from kb.views.api_reference import Reference

log = logging.getLogger(__name__)

api = NinjaAPI(
    title="Precedent",
    version="1",
    description="Incidents, case studies and notes about AI systems: searched by meaning, listed, and read one by one.",
    docs=Reference(),
    docs_url="/docs",
    docs_decorator=require_safe,
    openapi_url="/openapi.json",
    urls_namespace="api-v1",
)
api.add_router("/search", "search.api.router", tags=["search"])
api.add_router("/saved-searches", "search.saved_searches_api.router", tags=["saved searches"])
api.add_router("/precedents", "search.precedents_api.router", tags=["precedents"])
api.add_router("/entries", "search.api.related_router", tags=["entries"])
api.add_router("/entries", "kb.entries_api.router", tags=["entries"])
api.add_router("/entities", "kb.entries_api.entities_router", tags=["entities"])
api.add_router("/taxonomies", "kb.entries_api.taxonomies_router", tags=["taxonomies"])
api.add_router("/changes", "kb.changes_api.router", tags=["changes"])
api.add_router("/jobs", "kb.entries_api.jobs_router", tags=["jobs"])
api.add_router("/jobs", "ingest.web.api.jobs_router", tags=["jobs"])
api.add_router("/ingest", "ingest.web.api.router", tags=["ingest"])


@api.exception_handler(BadFilter)
def _bad_filter(request: HttpRequest, error: BadFilter) -> HttpResponse:
    return problem(422, str(error), parameter=error.name)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0] if error.errors else {"loc": [], "msg": "invalid"}
    name = str(first["loc"][-1]) if first.get("loc") else ""
    return problem(422, f"{name}: {first['msg']}", parameter=name)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, str(error) or "There is nothing here by that id.")


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, "Sign in, or send a token: Authorization: Bearer kb_… (manage.py token makes one).")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    limit = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 1_000_000
    return problem(413, f"The body is larger than {limit} MB: send a file as multipart/form-data to /ingest/file.")


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
def _nonsense(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(400, f"This request cannot be read: {str(error)[:200] or type(error).__name__}")


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path)
    return problem(500, "This request failed on our side; it is in the log.")
