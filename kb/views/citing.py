"""The page of an entry for other programs: as an item of a bibliography, and as Markdown."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from kb.citing import FILES, Citation
from kb.exporting.folder import as_markdown
from kb.exporting.records import records
from kb.models import Entry
from kb.views.entry import find, moved


@require_safe
def cite(request: HttpRequest, slug: str, format: str) -> HttpResponse:
    """`/entries/<slug>/cite/<format>`: the one entry as a file for a bibliography."""
    if format not in FILES:
        raise Http404(f"There is no citation called {format}; there are {', '.join(FILES)}.")
    entry = find(request, slug)
    if entry is None:
        return redirect(reverse("cite", args=[moved(request, slug).slug, format]), permanent=True)
    _, media_type, ending, _ = FILES[format]
    said = Citation.now(entry, request.build_absolute_uri(entry.get_absolute_url()))
    response = HttpResponse(said.file(format), content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(entry.slug)[:80] or entry.kind}.{ending}"'
    return response


@require_safe
def markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """`/entries/<slug>.md`: the entry with its front matter, as an export has it, and no text that is not its own."""
    readable = Entry.objects.visible_to(request.user)
    site = f"{request.scheme}://{request.get_host()}"
    record = next(records(readable.filter(slug=slug), readable, site), None)
    if record is None:
        return redirect(reverse("entry-markdown", args=[moved(request, slug).slug]), permanent=True)
    text, _ = as_markdown(record, pictures=f"{quote(slug.rpartition('/')[2])}/files/")
    response = HttpResponse(text.encode("utf-8", "replace"), content_type="text/markdown; charset=utf-8")
    response["Link"] = f'<{record.url}>; rel="canonical"'
    return response
