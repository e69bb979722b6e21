"""Charts of the collection, with their figures as tables."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.listing import Problem, chips, sensible, tag_choices
from kb.models import Entry
from kb.trends.page import Asked, trends
from kb.unless_written import unless_written


@require_safe
def trends_page(request: HttpRequest) -> HttpResponse:
    """What happened when, to whom and where, in what the address keeps.

    What makes no sense in it is told beside the charts that the rest of it gives, with status 400.
    """
    asked, problems = sensible(Asked.from_params, request.GET.dict())
    is_staff = bool(getattr(request.user, "is_staff", False))
    found = unless_written(("trends", asked, is_staff), lambda: trends(asked, request.user))
    if found.unknown:
        problems.append(Problem(found.unknown.name, str(found.unknown)))
    entries = Entry.objects.visible_to(request.user)
    tags = unless_written(
        ("trends", "tags", asked, is_staff),
        lambda: tag_choices(entries, asked.filter, lambda filter: asked.address(filter=filter)),
    )
    context = {
        "asked": asked,
        "problems": problems,
        "found": found,
        "chips": chips(asked.filter, lambda filter: asked.address(filter=filter)),
        "all": asked.address(filter=EntryFilter(kind=asked.filter.kind)),
        "tags": tags,
        "typed": {name: request.GET.get(name, "") for name in ("since", "until")},
        "kind_choices": [("", "Everything"), *((kind, info.plural) for kind, info in KINDS.items())],
    }
    return render(request, "trends/trends.html", context, status=400 if problems else 200)
