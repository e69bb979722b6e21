"""Taxonomies: which there are, what their categories mean, and how many entries are in each."""

from collections import Counter
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb import held
from kb.cards import Named
from kb.kinds import KINDS, counted
from kb.linked_data import of_category, of_list, of_taxonomy, script, trail
from kb.listing import ORDERS
from kb.models import Category, Classification, Entry, Origin, Taxonomy
from kb.models.entries import SAID, EntryQuerySet
from kb.numbers import Numbers, distinct, grouped
from kb.rights import sees_hidden
from kb.trends.chart_of_years import chart_of_years
from kb.unless_written import unless_written

EXAMPLES = 8


@require_safe
def taxonomies(request: HttpRequest) -> HttpResponse:
    """All taxonomies, with how many categories each has and how many entries are classified by it."""
    found = unless_written(("taxonomies", sees_hidden(request.user)), lambda: _counted(_visible(request)))
    absolute = request.build_absolute_uri
    of_this = of_list("Taxonomies", absolute(), [row["taxonomy"] for row in found], absolute, total=len(found))
    return render(request, "taxonomies/list.html", {"taxonomies": found, "linked_data": script(of_this)})


@require_safe
def taxonomy(request: HttpRequest, slug: str) -> HttpResponse:
    """One taxonomy: its categories, those within others below them, with what they mean and how many are in each."""
    found = get_object_or_404(Taxonomy, slug=slug)
    counts = unless_written(
        ("categories counted", sees_hidden(request.user)), lambda: _by_category(held.ids(_visible(request)))
    )
    below: dict[int | None, list[Category]] = {}
    for category in found.categories.order_by("name"):
        category.taxonomy = found
        below.setdefault(category.parent_id, []).append(category)
    ordered = _in_order(below, None, 0, counts)
    rows = [{"category": category, "count": counts[category.pk], "depth": depth} for category, depth in ordered]
    absolute = request.build_absolute_uri
    of_this = of_taxonomy(found, [category for category, _ in ordered], absolute)
    context = {"taxonomy": found, "rows": rows, "linked_data": script(of_this, trail(absolute, *_way(found)))}
    return render(request, "taxonomies/taxonomy.html", context)


@require_safe
def category(request: HttpRequest, taxonomy: str, slug: str) -> HttpResponse:
    """One category: what it means, how many entries over time, examples, and what is within it. What is only suggested
    for it stands apart."""
    found = get_object_or_404(Category.objects.select_related("taxonomy", "parent__parent"), slug=slug)
    if found.taxonomy.slug != taxonomy:
        return redirect(found, permanent=True)
    context = category_as_read(found, request.user)
    above = [one for one in (found.parent and found.parent.parent, found.parent) if one]
    for one in above:
        one.taxonomy = found.taxonomy
    absolute = request.build_absolute_uri
    way = trail(absolute, *_way(found.taxonomy, *above, found))
    context = {**context, "category": found, "above": above, "linked_data": script(of_category(found, absolute), way)}
    return render(request, "taxonomies/category.html", context)


def category_as_read(found: Category, user: Any) -> dict[str, Any]:
    """What this reader sees of a category, its `card` among it."""
    visible = Entry.objects.visible_to(user)
    return unless_written(("category", found.pk, sees_hidden(user)), lambda: _read(found, visible))


def _read(found: Category, visible: EntryQuerySet) -> dict[str, Any]:
    placed = Classification.objects.filter(category=found)
    said = visible.filter(pk__in=placed.filter(origin__in=SAID).values("entry"))
    suggested = visible.filter(pk__in=placed.filter(origin=Origin.SUGGESTED).values("entry")).exclude(
        pk__in=said.values("pk")
    )
    newest = ORDERS["newest"][1]
    seen = held.ids(visible)
    ids = held.categories().only(np.array([found.pk])).among(seen).entries
    kinds = held.entries().counts(ids, attrgetter("kind"))
    origins = _by_origin(placed, seen)
    counts = _by_category(seen)
    children: list[dict[str, Any]] = [
        {"category": one, "count": counts[one.pk]} for one in found.children.select_related("taxonomy")
    ]
    return {
        "card": _card(found, kinds, len(children)),
        "total": kinds.total(),
        "kinds_counted": [
            {"info": info, "count": kinds[kind], "address": _list(kind, found.slug)}
            for kind, info in KINDS.items()
            if kinds[kind]
        ],
        "origins": [(origin.value, ORIGINS[origin], origins[origin.value]) for origin in Origin if origin in origins],
        "chart": chart_of_years(ids, "Entries over time", lambda kind: _list(kind, found.slug)),
        "examples": said.order_by(*newest).listed(0, EXAMPLES),
        "suggested": suggested.order_by(*newest).listed(0, EXAMPLES),
        "children": sorted(children, key=lambda one: (-one["count"], one["category"].name)),
    }


def _card(found: Category, kinds: Counter[str], children: int) -> Named:
    return Named(
        "Category",
        " / ".join((found.taxonomy.name, *found.path[:-1])),
        found.name,
        tuple((kind, counted(info, kinds[kind])) for kind, info in KINDS.items() if kinds[kind]),
        (f"{children:,} {'category' if children == 1 else 'categories'} within it",) if children else (),
    )


ORIGINS = {
    Origin.HUMAN: "decided by a curator here",
    Origin.IMPORTED: "from the source that publishes it",
    Origin.SUGGESTED: "suggested by a program, which nobody has confirmed",
}


def _way(taxonomy: Taxonomy, *categories: Category) -> list[tuple[str, str]]:
    """From all taxonomies to this one, or on to a category of it."""
    first = [("Taxonomies", reverse("taxonomies")), (taxonomy.name, taxonomy.get_absolute_url())]
    return [*first, *((one.name, one.get_absolute_url()) for one in categories)]


def _list(kind: str, slug: str) -> str:
    return f"{reverse(kind)}?{urlencode({'category': slug})}"


def _visible(request: HttpRequest) -> EntryQuerySet:
    return Entry.objects.visible_to(request.user)


def _counted(visible: EntryQuerySet) -> list[dict[str, Any]]:
    said = held.categories().among(held.ids(visible))
    found = []
    for row in Taxonomy.objects.prefetch_related(Prefetch("categories", Category.objects.only("taxonomy"))):
        categories = [category.pk for category in row.categories.all()]
        entries = distinct(said.only(np.array(categories, np.int64)).entries)
        found.append({"taxonomy": row, "categories": len(categories), "entries": len(entries)})
    return sorted(found, key=lambda row: (-row["entries"], row["taxonomy"].name))


def _by_category(visible: Numbers) -> Counter[int]:
    """How many of these entries somebody put in each category."""
    return Counter(held.commonest(held.categories().within(visible)))


def _by_origin(placed: QuerySet[Classification], visible: Numbers) -> Counter[str]:
    """How many of these entries are in one category according to whom."""
    origins, of, entries = grouped(placed, "origin", "entry_id")
    seen = of[np.isin(entries, visible)]
    return Counter({origins[at][0]: count for at, count in held.commonest(seen).items()})


def _in_order(
    below: dict[int | None, list[Category]], parent: int | None, depth: int, counts: Counter[int]
) -> list[tuple[Category, int]]:
    found = []
    for one in sorted(below.pop(parent, []), key=lambda row: (-counts[row.pk], row.name)):
        found += [(one, depth), *_in_order(below, one.pk, min(depth + 1, 3), counts)]
    return found
