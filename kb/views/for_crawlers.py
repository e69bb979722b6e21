"""What programs look for before they read a page: `/robots.txt`, and `/llms.txt` as https://llmstxt.org has it."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.kinds import KINDS
from kb.models import Category, Entity, EntityRole, Entry, Taxonomy
from kb.unless_written import unless_written

# Searches cost work and say nothing that the lists do not; lists with several filters are without number.
NOT_TO_READ = (
    "/admin/",
    "/sign-in/",
    "/random/",
    "/search/?",
    "/search/feed.atom",
    "/precedents/?",
    "/compare/?",
    "/compare/entities/?",
    "/entries/*/report/",
    "/*?*&",
    "/*?*,",
    "/*?*%2C",
)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Everything may be read but for NOT_TO_READ, and the sitemap says what there is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_TO_READ), "Allow: /", ""]
    lines += [f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """What is here and where, for a language model: counts are of what everybody may read."""
    counts = unless_written(("llms",), _counts)
    context = {
        "site": f"{request.scheme}://{request.get_host()}",
        "shelves": [{"info": info, "count": counts[kind]} for kind, info in KINDS.items()],
        "counts": counts,
        "total": sum(counts[kind] for kind in KINDS),
    }
    return render(request, "llms.txt", context, content_type="text/plain; charset=utf-8")


def _counts() -> dict[str, int]:
    public = Entry.objects.visible_to(None)
    kinds = dict(public.order_by().values_list("kind").annotate(Count("pk")))
    named = EntityRole.objects.filter(entry__in=public.values("pk")).values("entity")
    return {
        **{kind: kinds.get(kind, 0) for kind in KINDS},
        "entities": Entity.objects.current().filter(pk__in=named).count(),
        "taxonomies": Taxonomy.objects.count(),
        "categories": Category.objects.count(),
    }
