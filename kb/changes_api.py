"""`GET /api/v1/changes`: what imports and curators changed."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from kb.api_answers import ChangesOut
from kb.change_filter import ChangeFilter
from kb.entries_api import BIGGEST_ID
from kb.filters import BadFilter
from kb.json_answer import JsonAnswer
from kb.models import Change
from kb.rights import sees_hidden

router = Router()


class ChangeParams(Schema):
    """Which changes: all parameters may be combined."""

    since: str = Field("", description="first date or time: 2024-02-14, 2024-02-14T18:00:00Z")
    until: str = Field("", description="last date, which is taken whole, or time")
    source: str = Field("", description="only of imports from this source, such as aiid")
    action: str = Field("", description="created, updated, merged, renamed, vanished, returned")
    entry: str = Field("", description="slug of an entry")
    job: str = Field("", description="number of the import")
    limit: int = Field(20, ge=1, le=100)
    cursor: str = Field("", description="next_cursor of the page before")


@router.get("", summary="What changed, newest first", response=ChangesOut)
def changes(request: HttpRequest, asked: Query[ChangeParams]) -> JsonAnswer:
    """Every change that an import or a curator made to an entry, field by field.

    The cursor is a place in the list and not a count, so that what is new meanwhile repeats nothing.
    """
    private = sees_hidden(request.user)
    visible = Change.objects.made().visible_to(request.user)
    found = ChangeFilter.from_params(asked.dict(exclude={"limit", "cursor"})).apply(visible)
    rows = found.with_shown().order_by("-id")
    if asked.cursor.strip():
        rows = rows.filter(pk__lt=_cursor(asked.cursor.strip()))
    chosen = list(rows[: asked.limit + 1])
    more = len(chosen) > asked.limit
    chosen = chosen[: asked.limit]
    results = [_change_json(change, request.build_absolute_uri, private) for change in chosen]
    next_cursor = str(chosen[-1].pk) if more else None
    return JsonAnswer({"results": results, "total": found.count(), "next_cursor": next_cursor, "notices": []})


def _cursor(text: str) -> int:
    if not text.isdecimal() or len(text) > 18 or int(text) > BIGGEST_ID:
        raise BadFilter("cursor", "This cursor is not one that a list gave: start again without it.")
    return int(text)


def _change_json(change: Change, absolute: Any, private: bool) -> dict[str, Any]:
    """A change. Who made it and which record of the source it was may name people and files: only where `private`."""
    entry = change.entry
    shown = {
        "id": change.pk,
        "action": change.action,
        "created_at": change.created_at.isoformat(),
        "source": change.source,
        "job": change.job_id,
        "kind": change.kind,
        "title": change.title,
        "entry": {"id": entry.pk, "slug": entry.slug, "url": absolute(entry.get_absolute_url())} if entry else None,
        "fields": change.fields,
    }
    return shown | {"user": str(change.user) if change.user else None, "key": change.key} if private else shown
