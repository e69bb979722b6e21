"""`POST /api/v1/precedents` and what was saved there."""

from typing import Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from kb import throttle
from kb.api_answers import EntryOut
from kb.filters import BadFilter
from kb.problems import problem
from search import keeping, saved
from search.description import MAX_CHARS, BadDescription
from search.models import SavedPrecedents
from search.precedents import precedents
from search.precedents_json import opened_json, precedents_json

router = Router()


class Asked(Schema):
    text: str = Field(
        description=f"what you are about to build, in your own words: up to {MAX_CHARS:,} characters",
        examples=["a support chatbot that can issue refunds"],
    )
    save: bool = Field(False, description="keep it, for whoever gets its address")
    title: str = Field("", max_length=keeping.MAX_TITLE, description="what to call it where it is kept")


class Sentence(Schema):
    text: str
    start: int = Field(description="code point of the text that `source` names")
    end: int
    source: str = Field(description="title, summary, body or reference")
    url: str = Field(description="opens the entry's page at the sentence")
    reference_url: str | None
    page: int | None
    marks: list[tuple[int, int]] = Field(description="ranges within `text` whose words were asked for")


class Because(Schema):
    paragraph: int = Field(description="which paragraph of your text, from 1")
    text: str


class AttributionOut(Schema):
    attribution: str
    licence: str = Field(description="SPDX name")


class PrecedentOut(Schema):
    entry: EntryOut
    strength: float | None = Field(description="cosine of the nearest passage; null when only words were compared")
    closeness: str = Field(description="very close, close, loosely related, or shares words")
    sentence: Sentence
    because: Because | None
    attributions: list[AttributionOut]


class GroupOut(Schema):
    name: str = Field(description="empty for what has nothing in common")
    origin: str = Field(description="human, imported, facts (the entries name it), suggested, or none")
    taxonomy: str
    entries: list[PrecedentOut]


class ShelfOut(Schema):
    groups: list[GroupOut]
    nothing_close: bool
    best: float | None = Field(description="strength of the nearest entry, also where that is not close")


class ItemEntry(Schema):
    id: int
    title: str
    url: str


class ItemOut(Schema):
    sort: Literal["failure", "lesson", "question"]
    text: str
    entries: list[ItemEntry]


class PrecedentsOut(Schema):
    incidents: ShelfOut
    case_studies: ShelfOut
    notes: ShelfOut
    nothing_close: bool
    threshold: float | None = Field(description="strength that the best match had to reach")
    checklist: list[ItemOut]
    notices: list[str]
    saved: dict[str, str] | None = Field(
        None, description="where it is kept: id, url, and edit_token, which is told this once"
    )


class OpenedPrecedentsOut(PrecedentsOut):
    id: str
    url: str
    title: str
    text: str
    created_at: str
    since: str = Field(description="when was looked last; `new` and `changed` are since then")
    new: list[int] = Field(description="ids of entries that were not there then")
    changed: list[int] = Field(description="ids of entries that said something else then")
    gone: int = Field(description="how many of those found then can no longer be shown")
    ticks: list[int]
    notes_beside: dict[str, str] = Field(description="by entry id, what was written beside it")


@router.post("", summary="Precedents of what you are about to build", response=PrecedentsOut, exclude_none=False)
def look_up(request: HttpRequest, asked: Asked) -> Any:
    """What went wrong before, who did it well, and what was read about it: the closest of each, or nothing close.

    Nothing of the text is kept unless you say `save`.
    """
    try:
        throttle.count(request, "precedents", throttle.LOOKED_UP_A_MINUTE, 60)
        if asked.save:
            throttle.count(request, "save", throttle.SAVED_AN_HOUR, 3600)
        with throttle.turn():
            found = precedents(asked.text, request.user)
        answer = precedents_json(found, request.build_absolute_uri) | {"saved": None}
        if asked.save:
            row, token = saved.save(found, saved.Marks.of(asked.title, (), {}), request.user)
            url = request.build_absolute_uri(row.get_absolute_url())
            answer["saved"] = {"id": row.pk, "url": url, "edit_token": token}
    except BadDescription as error:
        raise BadFilter("text", str(error)) from error
    except (throttle.TooMuch, keeping.NoRoom) as error:
        return too_much(error)
    return answer


@router.get("/{saved_id}", summary="Precedents that were saved, with what is new since", response=OpenedPrecedentsOut)
def open_saved(request: HttpRequest, saved_id: str) -> Any:
    row = SavedPrecedents.objects.filter(pk=saved_id[:64]).first()
    if row is None:
        raise Http404("There is nothing saved by that id.")
    try:
        throttle.count(request, "precedents", throttle.LOOKED_UP_A_MINUTE, 60)
        with throttle.turn():
            opened = saved.open_again(row, request.user)
    except throttle.TooMuch as error:
        return too_much(error)
    keeping.touch(row)
    return opened_json(opened, request.build_absolute_uri)


def too_much(error: Exception) -> HttpResponse:
    """429 with when to try again; 409 where something has to be deleted first, 503 where there is no room at all."""
    if not isinstance(error, throttle.TooMuch):
        return problem(keeping.status_of(error), str(error))
    response = problem(429, str(error))
    response["Retry-After"] = str(error.wait_s)
    return response
