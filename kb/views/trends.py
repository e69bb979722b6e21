"""Charts of the collection, with their figures as tables."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.listing import Problem, sensible
from kb.rights import sees_hidden
from kb.trends.page import Asked, trends
from kb.unless_written import unless_written
from kb.views.narrowing import Narrowing


@require_safe
def trends_page(request: HttpRequest) -> HttpResponse:
    """What happened when, to whom and where, in what the address keeps.

    What makes no sense in it is told beside the charts that the rest of it gives, with status 400.
    """
    asked, problems = sensible(Asked.from_params, request.GET.dict())
    is_staff = sees_hidden(request.user)
    found = unless_written(("trends", asked, is_staff), lambda: trends(asked, request.user))
    if found.unknown:
        problems.append(Problem(found.unknown.name, str(found.unknown)))
    context = {
        "problems": problems,
        "found": found,
        "narrowing": Narrowing.of(
            request, asked.filter, {"by": asked.by} if asked.by else {}, lambda filter: asked.address(filter=filter)
        ),
    }
    return render(request, "trends/trends.html", context, status=400 if problems else 200)
