"""The whole of a filtered list as a file, streamed."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from kb import exporting
from kb.exporting.notice import Notice
from kb.exporting.records import records
from kb.models import Entry
from kb.models.entries import EntryQuerySet


def download(request: HttpRequest, entries: EntryQuerySet, format: str, name: str) -> HttpResponseBase:
    """All of `entries`, which this reader may see, as `csv` or `jsonl`; 400 names these for any other format."""
    if format not in exporting.MEDIA_TYPES:
        known = " and ".join(exporting.MEDIA_TYPES)
        return HttpResponse(f"There is no format “{format[:40]}” here; there are {known}.\n", "text/plain", 400)
    site = f"{request.scheme}://{request.get_host()}"
    readable = Entry.objects.visible_to(request.user)
    found = records(entries, readable, site)
    parts = exporting.TEXTS[format](found, Notice.of(entries, site))
    mark = ["\ufeff"] if format == "csv" else []  # or Excel takes it for Windows-1252
    content = (part.encode("utf-8", "replace") for written in (mark, parts) for part in written)
    answer = StreamingHttpResponse(content, content_type=f"{exporting.MEDIA_TYPES[format]}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return answer
