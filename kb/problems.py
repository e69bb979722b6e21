"""Errors of the API as problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from kb.json_answer import JsonAnswer


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """`detail` is for the person who wrote the program; `more` are further members, such as `parameter`."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonAnswer(body, "application/problem+json", status=status)
