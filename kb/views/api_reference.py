"""`/api/v1/docs`: what programs may ask for, as a page that needs no scripts."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from kb.api_reference import groups
from kb.models import Entry, Job


class Reference(DocsBase):
    """The page that the API gives out as its documentation, made from its own description.

    Swagger's, which comes with the framework, is eight megabytes of script that neither a screen reader nor a phone
    gets on with, and it shows what the API takes, not what it answers.
    """

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        context = {
            "groups": groups(_description(api), request.build_absolute_uri, _known(request)),
            "site": request.build_absolute_uri("/").rstrip("/"),
        }
        return render(request, "api/reference.html", context)


@cache
def _description(api: NinjaAPI) -> dict[str, Any]:
    """Made of the code alone, which takes a tenth of a second and stays the same in a process."""
    return api.get_openapi_schema()


def _known(request: HttpRequest) -> dict[str, object]:
    """Ids of what there is, so that the examples answer."""
    newest = {
        "entry_id": Entry.objects.visible_to(request.user).order_by("-pk"),
        "job_id": Job.objects.order_by("-pk"),
    }
    found = {name: rows.values_list("pk", flat=True).first() for name, rows in newest.items()}
    return {name: id for name, id in found.items() if id is not None}
