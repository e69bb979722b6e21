"""Pictures that belong to entries, to those who may see the entry."""

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from kb.files import open_file
from kb.models import Attachment, Entry, SlugRedirect

# What a browser may show in place. Everything else is handed over as bytes to keep.
SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}
# The style is that of the page which a browser makes around a picture that is opened alone.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def entry_file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """`/entries/<slug>/files/<name>`: the file, not modified, or the address that the entry has now."""
    visible = Entry.objects.visible_to(request.user)
    attachment = (
        Attachment.objects.filter(entry__slug=slug, entry__in=visible, name=name).select_related("entry").first()
    )
    if attachment is None:
        moved = SlugRedirect.objects.filter(slug=slug, entry__in=visible).select_related("entry").first()
        if moved is None:
            raise Http404(f"There is no file {name} at {slug}.")
        return redirect(reverse("entry-file", args=[moved.entry.slug, name]), permanent=True)
    etag = quote_etag(attachment.sha256)
    unchanged = get_conditional_response(request, etag=etag)
    response: HttpResponseBase = unchanged or _content(attachment)
    response["ETag"] = etag
    # Asked for anew each time, because an entry may be withdrawn; then the answer is mostly that nothing changed.
    response["Cache-Control"] = "private, no-store" if attachment.entry.is_hidden else "no-cache"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _content(attachment: Attachment) -> FileResponse:
    try:
        content = open_file(attachment.sha256)
    except (OSError, ValueError) as error:
        raise Http404(f"The content of {attachment.name} is not in the data folder.") from error
    shown = attachment.media_type in SHOWN
    kind = attachment.media_type if shown else "application/octet-stream"
    return FileResponse(content, as_attachment=not shown, filename=attachment.name, content_type=kind)
