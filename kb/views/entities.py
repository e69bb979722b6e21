"""Entities: all of them, and one with what it had a part in."""

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from kb import held
from kb.cards import Named
from kb.external import entity_url
from kb.kinds import KINDS, counted
from kb.linked_data import of_entity, of_list, script, trail
from kb.listing import ORDERS
from kb.models import Entity, EntityRole, Entry, Role
from kb.models.entities import normal_name
from kb.named_in import named_in, with_counts
from kb.numbers import Numbers, grouped
from kb.rights import sees_hidden
from kb.trends.chart_of_years import chart_of_years
from kb.unless_written import unless_written
from kb.views.parts import render_part

PAGE_SIZE = 50
PER_ROLE = 12
NAMED_WITH = 12
NO_SYSTEM = tuple(role for role in Role if role != Role.SYSTEM)


def entities(request: HttpRequest) -> HttpResponse:
    """Everybody and everything that entries are about, those in most entries first, or those with a name like `q`."""
    typed = request.GET.get("q", "").replace("\0", "").strip()
    entries = Entry.objects.visible_to(request.user)
    found = partial(named_in, entries, Entity.objects.current().called(typed))
    counted = found() if typed else unless_written(("entities", sees_hidden(request.user)), found)
    page = Paginator(counted, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = with_counts(list(page.object_list))
    absolute = request.build_absolute_uri
    of_this = of_list("Entities", absolute(), shown, absolute, total=page.paginator.count, first=page.start_index())
    context = {
        "linked_data": script(of_this),
        "page": page,
        "entities": shown,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "typed": typed,
    }
    return render_part(request, "entities/list.html", "entities/_results.html", context)


def entity(request: HttpRequest, slug: str) -> HttpResponse:
    """One entity: its other names, and by role the newest entries it had a part in."""
    found = get_object_or_404(Entity.objects.select_related("merged_into"), slug=slug)
    now = found.resolved()
    context = entity_as_read(now, request.user)  # before its name is told
    if now != found:
        return redirect(now, permanent=True)
    of_this = of_entity(
        found,
        context["aliases"],
        request.build_absolute_uri,
        is_company=context["is_company"],
        same_as=_known_at(found),
    )
    way = ("Entities", reverse("entities")), (found.name, found.get_absolute_url())
    linked_data = script(of_this, trail(request.build_absolute_uri, *way))
    return render(request, "entities/entity.html", {"entity": found, "linked_data": linked_data, **context})


def entity_as_read(found: Entity, user: Any) -> dict[str, Any]:
    """What this reader sees of an entity, its `card` among it; Http404 where it is in nothing that they may see."""
    context = unless_written(("entity", found.pk, sees_hidden(user)), lambda: _read(found, user))
    if not context["total"] and not sees_hidden(user):
        raise Http404(f"Nothing here is about {found.slug}.")
    return context


def _read(found: Entity, user: Any) -> dict[str, Any]:
    parts = EntityRole.objects.filter(entity=found).order_by()
    entries = Entry.objects.visible_to(user).filter(pk__in=parts.values("entry"))
    rows = list(entries.order_by(*ORDERS["newest"][1]).values_list("pk", "kind"))
    ids = np.array([pk for pk, _ in rows], np.int64)
    had = _by_role(parts)
    systems, others = (_named_with(found, ids, *roles) for roles in ((Role.SYSTEM,), NO_SYSTEM))
    kinds_counted, shelves = _by_kind(rows), _shelves(had, rows)
    return {
        "aliases": _aliases(found),
        "card": _card(found, kinds_counted, shelves),
        "is_company": any(pk in had[Role.COMPANY] for pk, _ in rows),
        "kinds_counted": kinds_counted,
        "shelves": shelves,
        "total": len(rows),
        "chart": chart_of_years(ids, "Over time", lambda kind: f"{reverse(kind)}?{urlencode({'entity': found.slug})}"),
        "systems": systems,
        "others": others,
    }


def _card(found: Entity, kinds_counted: list[dict[str, Any]], shelves: list[dict[str, Any]]) -> Named:
    parts = sorted(shelves, key=lambda shelf: -shelf["count"])
    return Named(
        "Entity",
        "",
        found.name,
        tuple((one["info"].kind, counted(one["info"], one["count"])) for one in kinds_counted),
        tuple(f"{part['role']} in {part['count']:,}" for part in parts),
    )


def _aliases(entity: Entity) -> list[str]:
    names = entity.aliases.exclude(normal=normal_name(entity.name)).order_by("name").values_list("normal", "name")
    return list(dict(names).values())


def _known_at(entity: Entity) -> list[str]:
    """Its pages elsewhere."""
    keys = entity.aliases.exclude(key="").order_by("namespace", "key").values_list("namespace", "key")
    return [url for namespace, key in keys if (url := entity_url(namespace, key))]


def _named_with(entity: Entity, ids: Numbers, *roles: Role) -> list[Entity]:
    """The other entities that these entries name in these parts, with in how many; those in most first."""
    named = held.entities(*roles).within(ids)
    return with_counts(list(held.commonest(named[named != entity.pk], NAMED_WITH).items()))


def _by_kind(rows: list[tuple[int, str]]) -> list[dict[str, Any]]:
    counts = Counter(kind for _, kind in rows)
    return [{"info": info, "count": counts[kind]} for kind, info in KINDS.items() if counts[kind]]


def _by_role(parts: QuerySet[EntityRole]) -> dict[Role, frozenset[int]]:
    """The ids of the entries in which the entity had each part."""
    found = grouped(parts, "role", "entry_id")
    ids = {role: found.numbers[found.of == at].tolist() for at, (role,) in enumerate(found.values)}
    return {role: frozenset(ids.get(role.value, ())) for role in Role}


def _shelves(had: dict[Role, frozenset[int]], rows: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """By role the first of these entries, and of which kinds all are."""
    of = {role: [pk for pk, _ in rows if pk in those] for role, those in had.items()}
    entries = Entry.objects.for_lists().in_bulk([pk for those in of.values() for pk in those[:PER_ROLE]])
    return [
        {
            "role": role.label,
            "narrow": role.value,
            "kinds": _by_kind([row for row in rows if row[0] in had[role]]),
            "count": len(those),
            "entries": [entries[pk] for pk in those[:PER_ROLE] if pk in entries],
        }
        for role, those in of.items()
        if those
    ]
