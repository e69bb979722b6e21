"""Two entries, or two entities, side by side; where one is still to be chosen, a form for that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.comparing import in_other_roles, lines_of_entries, references_of_both
from kb.comparing_entities import lines_of_entities, shared_entries
from kb.listing import ORDERS
from kb.models import Entity, EntityRole, Entry, SlugRedirect
from kb.named_in import named_in, with_counts
from kb.rights import sees_hidden

MOST_MATCHES = 20
MOST_WORDS = 8
MOST_ENTRIES = 20
TRIVIAL = ("Kind", "Language")  # alike in most entries


@dataclass(frozen=True)
class Comparable:
    """What is compared: how one is found by its slug, some by a part of their name, and what is said of two."""

    name: str
    plural: str
    find: Callable[[HttpRequest, str], Any | None]
    like: Callable[[HttpRequest, list[str]], Any]
    compared: Callable[[HttpRequest, Any, Any], dict[str, Any]]


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """`/compare/?a=<slug>&b=<slug>`"""
    return _page(request, ENTRIES)


@require_safe
def compare_entities(request: HttpRequest) -> HttpResponse:
    """`/compare/entities/?a=<slug>&b=<slug>`"""
    return _page(request, ENTITIES)


def _page(request: HttpRequest, what: Comparable) -> HttpResponse:
    """Both, where this reader may see both; else what there is to choose from, with status 404 where one that the
    address names is not there for this reader."""
    asked = {side: request.GET.get(side, "").replace("\0", "").strip() for side in "ab"}
    found = {side: what.find(request, slug) for side, slug in asked.items() if slug}
    missing = [asked[side] for side, one in found.items() if one is None]
    a, b = found.get("a"), found.get("b")
    context: dict[str, Any] = {"what": what, "a": a, "b": b, "missing": missing}
    if a and b and a != b:
        context |= what.compared(request, a, b) | {"pair": [("A", a, b), ("B", b, a)]}
        return render(request, "comparing/compared.html", context)
    there = a or b
    typed = request.GET.get("q", "").replace("\0", "").strip()
    words = typed.split()[:MOST_WORDS]
    matches = [one for one in what.like(request, words) if one != there][:MOST_MATCHES] if words else []
    context |= {"there": there, "is_same": bool(a and b), "typed": typed, "matches": matches}
    return render(request, "comparing/choose.html", context, status=404 if missing else 200)


def _entry(request: HttpRequest, slug: str) -> Entry | None:
    """The entry with this slug, or that had it once, if this reader may see it."""
    visible = Entry.objects.visible_to(request.user).for_page()
    former = SlugRedirect.objects.filter(slug=slug).values("entry")
    return visible.filter(slug=slug).first() or visible.filter(pk__in=former).first()


def _entries_like(request: HttpRequest, words: list[str]) -> Any:
    found = Entry.objects.visible_to(request.user)
    for word in words:
        found = found.filter(title__icontains=word)
    return found.for_lists().order_by(*ORDERS["newest"][1])[: MOST_MATCHES + 1]


def _compared_entries(request: HttpRequest, a: Entry, b: Entry) -> dict[str, Any]:
    lines = lines_of_entries(a, b)
    shares = [line for line in lines if line.shared and line.label not in TRIVIAL]
    both_cite = references_of_both(a, b)
    return {"lines": lines, "shares": shares, "in_other_roles": in_other_roles(a, b), "both_cite": both_cite}


def _entity(request: HttpRequest, slug: str) -> Entity | None:
    """What the entity with this slug is after merges, if an entry that this reader may see names it."""
    found = Entity.objects.filter(slug=slug).select_related("merged_into").first()
    found = found.resolved() if found else None
    visible = Entry.objects.visible_to(request.user).values("pk")
    named = found and EntityRole.objects.filter(entity=found, entry__in=visible).exists()
    return found if named or sees_hidden(request.user) else None


def _entities_like(request: HttpRequest, words: list[str]) -> Any:
    found = Entity.objects.current().called(" ".join(words))
    return with_counts(named_in(Entry.objects.visible_to(request.user), found)[: MOST_MATCHES + 1])


def _compared_entities(request: HttpRequest, a: Entity, b: Entity) -> dict[str, Any]:
    visible = Entry.objects.visible_to(request.user)
    shared = shared_entries(a, b, visible)
    return {
        "lines": lines_of_entities(a, b, visible),
        "entries": shared.for_lists().order_by(*ORDERS["newest"][1])[:MOST_ENTRIES],
        "total": shared.count(),
    }


ENTRIES = Comparable("entry", "entries", _entry, _entries_like, _compared_entries)
ENTITIES = Comparable("entity", "entities", _entity, _entities_like, _compared_entities)
