"""What every answer carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from kb.problems import problem

# Nothing inline and nothing from elsewhere. KaTeX sets style attributes on the formulas that it draws.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
API = "/api/"
DETAILS = {
    404: "There is nothing at this address: /api/v1/docs lists what there is.",
    405: "This address does not take that method: the header Allow names those that it takes.",
}


def content_security_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(settings.STATIC_URL):
            # What a signed-in reader sees may be a draft: no cache keeps it.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def api_answers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """What holds for the whole API, inside its operations and outside: HEAD wherever there is GET, OPTIONS, and
    problem+json for every error."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return get_response(request)
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        response = get_response(request)
        request.method = method
        if response.status_code == 405:
            taken = {name.strip() for name in response["Allow"].split(",")}
            allow = ", ".join(sorted(taken | {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())))
            response = HttpResponse(status=204) if method == "OPTIONS" else _as_problem(response)
            response["Allow"] = allow
        elif response.status_code >= 400:
            response = _as_problem(response)
        return response

    return middleware


def head_without_body(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The answer to HEAD is that to GET without its body: servers drop one, and gunicorn complains of each."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()
            else:
                if response.content:
                    response.headers.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
        return response

    return middleware


def _as_problem(response: HttpResponse) -> HttpResponse:
    """An error that Django answered with a page, said again for programs."""
    if "json" in response.get("Content-Type", ""):
        return response
    status = response.status_code
    return problem(status, DETAILS.get(status, "This request could not be answered."))


def addresses_without_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Nothing is called that, and PostgreSQL fails on being asked for it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404("No address has a NUL.")
        return get_response(request)

    return middleware
