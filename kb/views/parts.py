"""One view and one context for a page and for the part of it that htmx swaps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; going back in the history it wants the page whole."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def render_part(request: HttpRequest, page: str, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The template `part` where htmx asks for a part, the whole `page` everywhere else."""
    wanted = is_part(request)
    response = render(request, part if wanted else page, {**context, "is_part": wanted}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
