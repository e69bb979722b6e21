"""The pages of precedents: ask, read, save, open again, change, export. All of it by plain forms."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.text import slugify
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kb import throttle
from kb.kinds import KINDS, Kind, KindInfo
from kb.labels import as_label, with_acronyms
from search import keeping, saved
from search.description import MAX_CHARS, BadDescription
from search.models import KEPT_DAYS, SavedPrecedents
from search.precedents import Precedent, Precedents, Shelf, precedents
from search.precedents_json import opened_json, precedents_json
from search.precedents_markdown import precedents_markdown

EXAMPLES = (
    "a support chatbot that can issue refunds",
    "face recognition at the entrance of a stadium",
    "an agent with write access to production",
    "a ranking model for job applicants",
)
HEADINGS = {
    Kind.INCIDENT: "What went wrong before",
    Kind.CASE_STUDY: "Who did it well",
    Kind.NOTE: "What was read about it",
}
ASKED = {
    "failure": "Could it fail like this?",
    "lesson": "What they learnt: have we thought of it?",
    "question": "Questions the notes answer",
}
# A description that fits into a heading is one.
SHORT = 140
YEAR_S = 365 * 24 * 3600
FORMATS = {"md": "text/markdown; charset=utf-8", "json": "application/json"}


# Going back from an entry to what was posted works only where the browser may keep the answer.
@cache_control(private=True, max_age=600)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form; with a text, what was found for it. A text that is posted is in no address, no log and no table.

    `?text=` looks up as well, for links to a question; `as=md` and `as=json` give the same as a file.
    """
    given = request.POST if request.method == "POST" else request.GET
    text = given.get("text", "")
    if request.method != "POST" and not text.strip():
        response = _page(request, {"examples": EXAMPLES, "yours": keeping.of_owner(SavedPrecedents, request.user)[:20]})
        add_never_cache_headers(response)
        return response
    try:
        found = _look_up(request, text)
    except BadDescription as error:
        return _page(request, {"text": text[:MAX_CHARS], "problem": str(error), "examples": EXAMPLES}, 400)
    except throttle.TooMuch as error:
        return _too_much(request, text, error)
    if file := _file(found, given.get("as", ""), request):
        return file
    return _page(request, {**_shown(found, _marks(given)), "may_tick": True})


@never_cache
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep what is looked up, and go to its address."""
    text = request.POST.get("text", "")
    try:
        throttle.count(request, "save", throttle.SAVED_AN_HOUR, 3600)
        found = _look_up(request, text)
        row, token = saved.save(found, _marks(request.POST), request.user)
    except BadDescription as error:
        return _page(request, {"text": text[:MAX_CHARS], "problem": str(error), "examples": EXAMPLES}, 400)
    except (throttle.TooMuch, keeping.NoRoom) as error:
        return _too_much(request, text, error)
    response = redirect(row)
    keeping.let_edit(response, row, token)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_saved(request: HttpRequest, saved_id: str) -> HttpResponse:
    """What was saved, as it stands today; a POST changes title, ticks and notes, or takes in or deletes."""
    row = keeping.row_of(SavedPrecedents, saved_id)
    token = keeping.token_in(request, row)
    may_edit = keeping.may_edit(row, request.user, token)
    if request.method == "POST" and not may_edit:
        return render(request, "precedents/not_yours.html", {"saved": row}, status=403)
    if request.method == "POST" and "delete" in request.POST:
        row.delete()
        return redirect("precedents")
    if request.method == "POST":
        shown = [int(id) for id in request.POST.getlist("shown") if id.isdecimal() and len(id) < 19]
        saved.mark(row, _marks(request.POST), shown[: saved.MAX_MARKED])
    try:
        throttle.count(request, "precedents", throttle.LOOKED_UP_A_MINUTE, 60)
        with throttle.turn():
            opened = saved.open_again(row, request.user)
    except throttle.TooMuch as error:
        return _too_much(request, row.text, error)
    keeping.touch(row)
    if request.method == "POST":
        if "seen" in request.POST:
            saved.take_in(opened)
        return redirect(row)
    if file := _file(opened.today, request.GET.get("as", ""), request, opened):
        return file
    marks = saved.Marks(row.title, tuple(row.ticks), {int(id): note for id, note in row.notes.items()})
    edit = reverse("saved-precedents-edit", args=[row.pk, token]) if may_edit and token else ""
    return _page(
        request,
        {
            **_shown(opened.today, marks, opened),
            "saved": row,
            "may_edit": may_edit,
            "may_tick": may_edit,
            "address": request.build_absolute_uri(row.get_absolute_url()),
            "edit_address": request.build_absolute_uri(edit) if edit else "",
        },
    )


def _look_up(request: HttpRequest, text: str) -> Precedents:
    throttle.count(request, "precedents", throttle.LOOKED_UP_A_MINUTE, 60)
    with throttle.turn():
        return precedents(text, request.user)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {"max_chars": MAX_CHARS, "kept_days": KEPT_DAYS, **context}
    response = render(request, "precedents/page.html", context, status=status)
    if "text" in context:
        response["X-Robots-Tag"] = "noindex"
    return response


def _too_much(request: HttpRequest, text: str, error: Exception) -> HttpResponse:
    status = 429 if isinstance(error, throttle.TooMuch) else keeping.status_of(error)
    response = _page(request, {"text": text[:MAX_CHARS], "problem": str(error)}, status)
    if isinstance(error, throttle.TooMuch):
        response["Retry-After"] = str(error.wait_s)
    return response


def _file(
    found: Precedents, wanted: str, request: HttpRequest, opened: saved.Opened | None = None
) -> HttpResponse | None:
    """What was found as a file to keep; None where a page is wanted."""
    absolute = request.build_absolute_uri
    if wanted == "md":
        response = HttpResponse(precedents_markdown(found, absolute, opened), content_type=FORMATS["md"])
    elif wanted == "json":
        body = opened_json(opened, absolute) if opened else precedents_json(found, absolute)
        response = JsonResponse(body, json_dumps_params={"indent": 2, "ensure_ascii": False})
    else:
        return None
    name = slugify(opened.saved.title)[:60] if opened else ""
    response["Content-Disposition"] = f'attachment; filename="{name or "precedents"}.{wanted}"'
    response["X-Robots-Tag"] = "noindex"
    return response


def _marks(given: Any) -> saved.Marks:
    """Title, ticks and notes of a form: `tick` repeats entry ids, `note-7` is beside entry 7."""
    ids = [int(id) for id in given.getlist("tick") if id.isdecimal() and len(id) < 19]
    notes = {
        int(name[5:]): value
        for name, value in given.items()
        if name.startswith("note-") and name[5:].isdecimal() and len(name) < 24
    }
    return saved.Marks.of(given.get("title", ""), ids, notes)


def _shown(found: Precedents, marks: saved.Marks, opened: saved.Opened | None = None) -> dict[str, Any]:
    """What the page shows of what was found: kinds, their groups, their hits; and the checklist by sort."""
    best = [shelf.best for shelf in found.shelves.values() if shelf.best is not None]
    checks = [
        {"heading": heading, "items": items}
        for sort, heading in ASKED.items()
        if (items := [item for item in found.checklist if item.sort == sort])
    ]
    return {
        "text": found.text,
        "short": found.text if len(found.text) <= SHORT and "\n" not in found.text else "",
        "found": found,
        "opened": opened,
        "marks": marks,
        "kinds_found": [_kind(info, found, marks, opened) for info in KINDS.values()],
        "checks": checks,
        "nearest": max(best, default=None),
    }


def _kind(info: KindInfo, found: Precedents, marks: saved.Marks, opened: saved.Opened | None) -> dict[str, Any]:
    shelf = found.shelves[info.kind]
    groups: list[dict[str, Any]] = []
    for group in shelf.groups:
        label = group.label
        heading = as_label(label.name) or ("Others" if len(shelf.groups) > 1 else "")
        hits = [_hit(one, found, marks, opened) for one in group.precedents]
        suggested = label.origin == "suggested"
        groups.append({"heading": heading, "taxonomy": label.taxonomy, "suggested": suggested, "hits": hits})
    hits = [hit for group in groups for hit in group["hits"]]
    return {
        "info": info,
        "heading": HEADINGS[Kind(info.kind)],
        "how": _how(shelf),
        "groups": groups,
        "count": len(hits),
        "closest": max(hits, key=lambda hit: hit["one"].strength or 0.0, default=None),
        "best": shelf.best,
    }


def _how(shelf: Shelf) -> str:
    """What made the groups."""
    origins = {group.label.origin for group in shelf.groups}
    if shelf.kind == Kind.CASE_STUDY and origins & {"facts", "suggested"}:
        return "Grouped by the techniques and tags that they share."
    if origins & {"human", "imported"}:
        rest = "; where one is missing, that of its nearest neighbours is suggested" if "suggested" in origins else ""
        return f"Grouped by the category that they were given{rest}."
    if origins & {"facts", "suggested"}:
        return "Grouped by the harm that they name; a theme that is suggested is one that their tags share."
    return ""


def _hit(one: Precedent, found: Precedents, marks: saved.Marks, opened: saved.Opened | None) -> dict[str, Any]:
    id = one.entry.pk
    fresh = "" if opened is None else "New here" if id in opened.new else "Changed" if id in opened.changed else ""
    return {
        "one": one,
        "because": found.because(one),
        "facts": " · ".join(map(with_acronyms, one.entry.facts.get("techniques", [])[:4])),
        "ticked": id in marks.ticks,
        "note": (marks.notes or {}).get(id, ""),
        "fresh": fresh,
    }
