"""What is new, for feed readers: any list of entries, and the changes, as Atom.

A feed has what a list shows, summaries at most, and names each entry's licence and whose text it is.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from kb.change_filter import ChangeFilter
from kb.change_words import field_label
from kb.kinds import KINDS
from kb.listing import Listing, Problem, chips, sensible
from kb.models import Change, Entry

MOST = 50
# What XML 1.0 has no way to say.
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Feed(Atom1Feed):
    """Whose `updated` is that of its newest item, so that a feed which did not change is the same bytes."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=EPOCH)


@require_safe
def entries_feed(request: HttpRequest, kind: str) -> HttpResponse:
    """`feed.atom` beside the list of a kind, with the list's filters: the entries changed last, the newest first."""
    listing = Listing.from_params(request.GET, kind)
    if listing.problems:
        return _refused(listing.problems)
    found = listing.filter.apply(Entry.objects.visible_to(request.user)).for_lists()
    named = [KINDS[kind].plural, *(chip.label for chip in chips(listing.filter, listing.address))]
    feed = _feed(request, ", ".join(named), listing.address(listing.filter))
    for entry in found.order_by("-updated_at", "-id")[:MOST]:
        feed.add_item(
            title=_xml(entry.title),
            link=request.build_absolute_uri(entry.get_absolute_url()),
            unique_id=_tag_uri(request, "entry", entry.pk, entry.created_at),
            description=escape(_xml(entry.summary)),
            pubdate=entry.created_at,
            updateddate=entry.updated_at,
            categories=[_xml(tag.name) for tag in entry.tags.all()],
            item_copyright=_xml(", ".join(filter(None, (entry.attribution, entry.licence)))) or None,
        )
    return _answer(request, feed)


@require_safe
def changes_feed(request: HttpRequest) -> HttpResponse:
    """`/changes/feed.atom`, with the filters of the page: what happened last, and to which fields."""
    asked, problems = sensible(ChangeFilter.from_params, request.GET.dict())
    if problems:
        return _refused(problems)
    found = asked.apply(Change.objects.made().visible_to(request.user)).with_shown()
    feed = _feed(request, "Changes", "?" + request.GET.urlencode() if asked.params() else ".")
    for change in found[:MOST]:
        path = change.entry.get_absolute_url() if change.entry else "/changes/"
        feed.add_item(
            title=_xml(f"{change.get_action_display()}: {change.title}"),
            link=request.build_absolute_uri(path),
            unique_id=_tag_uri(request, "change", change.pk, change.created_at),
            description=escape(_xml(", ".join(sorted(map(field_label, change.fields))))),
            pubdate=change.created_at,
            updateddate=change.created_at,
        )
    return _answer(request, feed)


def _feed(request: HttpRequest, title: str, beside: str) -> Feed:
    """An empty feed about the list that is `beside` it."""
    page = request.build_absolute_uri(request.path.rpartition("/")[0] + "/" + beside.removeprefix("."))
    return Feed(
        title=_xml(f"{title} · Precedent"),
        link=page,
        description="",
        feed_url=request.build_absolute_uri(),
        feed_guid=page,
        author_name="Precedent",
        language="en",
    )


def _tag_uri(request: HttpRequest, what: str, pk: int, since: datetime) -> str:
    """An id that stays when the entry gets another address (RFC 4151)."""
    return f"tag:{request.get_host().partition(':')[0]},{since:%Y-%m-%d}:{what}/{pk}"


def _xml(text: str) -> str:
    return NO_XML.sub("\ufffd", text)


def _answer(request: HttpRequest, feed: Feed) -> HttpResponse:
    content = feed.writeString("utf-8").encode(errors="replace")
    etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
    fresh = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    answer: Any = get_conditional_response(request, etag=etag, response=fresh)
    answer["ETag"] = etag
    # Asked for anew each time, because an entry may be withdrawn.
    answer.headers.setdefault("Cache-Control", "no-cache")
    return answer


def _refused(problems: Iterable[Problem]) -> HttpResponse:
    words = "".join(f"{problem.message}\n" for problem in problems)
    return HttpResponse(words, content_type="text/plain; charset=utf-8", status=400)
