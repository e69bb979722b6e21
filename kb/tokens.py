"""Who asks, in the API: a program with a token, or a reader who is signed in to the pages."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.security.session import SessionAuth

from kb.middleware import API
from kb.models import ApiToken
from kb.problems import problem

Check = Callable[[Any], Any]

SCHEME = "bearer "
STAFF_ONLY = "This account may not do this: it is for staff."


def sign_in_by_token(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Middleware: `Authorization: Bearer kb_…` makes a request to the API one of the token's user, to read as to write.

    A token that is not known, or whose user is no longer active, is refused with 401 whatever was asked for: an answer
    that lacks the drafts would look like one that has them.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("Authorization", "")
        if not request.path_info.startswith(API) or not given.lower().startswith(SCHEME):
            return get_response(request)
        user = _user_of(given[len(SCHEME) :].strip())
        if user is None:
            response = problem(401, "This token is not known here, or was withdrawn: manage.py token makes one.")
            response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return response
        request.user = user
        request.by_token = True  # type: ignore[attr-defined]
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def _user_of(token: str) -> Any:
    row = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(token)).first()
    if row is None or not row.user.is_active:
        return None
    today = timezone.now().date()
    if row.last_used_on != today:  # once a day: a row that is written by every request would be a lock
        ApiToken.objects.filter(pk=row.pk).update(last_used_on=today)
    return row.user


def _anybody(user: Any) -> Any:
    return user


def _of_staff(user: Any) -> Any:
    if not user.is_staff:
        raise HttpError(403, STAFF_ONLY)
    return user


class ByToken(HttpBearer):
    """Whoever the middleware has read the token of, or those of them that `check` lets through."""

    openapi_description = "a token, or to be signed in"
    check: Check = staticmethod(_anybody)

    def __call__(self, request: HttpRequest) -> Any:
        return self.check(request.user) if getattr(request, "by_token", False) else None

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return None


class BySession(SessionAuth):
    """The same for who is signed in to the pages; what they send carries the token against forged requests
    (X-CSRFToken)."""

    openapi_description = ByToken.openapi_description
    check: Check = staticmethod(_anybody)

    def __call__(self, request: HttpRequest) -> Any:
        # Somebody who is not signed in is told so, and not that a token against forgery is missing.
        return APIKeyCookie.__call__(self, request) if request.user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return self.check(request.user)


class StaffByToken(ByToken):
    openapi_description = "a token of somebody of staff, or to be signed in as one"
    check = staticmethod(_of_staff)


class StaffBySession(BySession):
    openapi_description = StaffByToken.openapi_description
    check = staticmethod(_of_staff)


signed_in = [ByToken(), BySession()]
"""`auth=signed_in` on an operation or a router: 401 for nobody."""
staff_only = [StaffByToken(), StaffBySession()]
"""`auth=staff_only` on an operation: 401 for nobody, 403 for those who are not staff."""
