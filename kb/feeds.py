"""Atom feeds: how a list of entries becomes one, and how it is answered.

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

from kb.listing import Problem
from kb.models.entries import EntryQuerySet

MOST = 50
# What XML 1.0 has no way to say.
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Feed(Atom1Feed):
    """Whose `updated` is that of its newest item, so that a feed which did not change is the same bytes."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=EPOCH)


def empty_feed(request: HttpRequest, title: str, page: str, notice: str = "") -> Feed:
    """A feed about the page at the path `page`, without an item yet; the notice is its subtitle."""
    page = request.build_absolute_uri(page)
    return Feed(
        title=xml(f"{title} · Precedent"),
        link=page,
        description="",
        subtitle=xml(notice) or None,
        feed_url=request.build_absolute_uri(),
        feed_guid=page,
        author_name="Precedent",
        language="en",
    )


def feed_of(
    request: HttpRequest, title: str, page: str, entries: EntryQuerySet, *, most: int = MOST, notice: str = ""
) -> HttpResponse:
    """The entries changed last, the newest first, in a fixed number of queries."""
    feed = empty_feed(request, title, page, notice)
    for entry in entries.for_lists().order_by("-updated_at", "-id")[:most]:
        feed.add_item(
            title=xml(entry.title),
            link=request.build_absolute_uri(entry.get_absolute_url()),
            unique_id=tag_uri(request, "entry", entry.pk, entry.created_at),
            description=escape(xml(entry.summary)),
            pubdate=entry.created_at,
            updateddate=entry.updated_at,
            categories=[xml(tag.name) for tag in entry.tags.all()],
            item_copyright=xml(", ".join(filter(None, (entry.attribution, entry.licence)))) or None,
        )
    return answer(request, feed)


def tag_uri(request: HttpRequest, what: str, pk: int, since: datetime) -> str:
    """An id that stays when the entry gets another address (RFC 4151)."""
    return f"tag:{request.get_host().partition(':')[0]},{since:%Y-%m-%d}:{what}/{pk}"


def xml(text: str) -> str:
    return NO_XML.sub("\ufffd", text)


def answer(request: HttpRequest, feed: Feed) -> HttpResponse:
    """The feed, or 304 to who has it already."""
    content = feed.writeString("utf-8").encode(errors="replace")
    etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
    fresh = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    answer: Any = get_conditional_response(request, etag=etag, response=fresh)
    answer["ETag"] = etag
    # Asked for anew each time, because an entry may be withdrawn.
    answer.headers.setdefault("Cache-Control", "no-cache")
    return answer


def refused(problems: Iterable[Problem]) -> HttpResponse:
    """What was asked makes no sense: why, for a person."""
    words = "".join(f"{problem.message}\n" for problem in problems)
    return HttpResponse(words, content_type="text/plain; charset=utf-8", status=400)
