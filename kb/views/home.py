"""The first page."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views import View

from kb import held
from kb.filters import EntryFilter
from kb.kinds import FACTS, KINDS, Kind
from kb.labels import as_fact, as_label
from kb.linked_data import of_site, script
from kb.listing import ORDERS, tag_choices
from kb.models import Entry, Taxonomy
from kb.models.entries import EntryQuerySet
from kb.numbers import Numbers
from kb.rights import sees_hidden
from kb.roles import Role
from kb.trends import counting
from kb.unless_written import unless_written

NEWEST = 4
ADDED = 6
AT_ONCE = timedelta(hours=1)
TAGS = 32
IN_A_WAY = 8
CARD = ("slug", "title", "kind", "occurred_on", "occurred_precision", "status", "visibility")


class Way(NamedTuple):
    """A way into the collection: `links` are label, count and address, and `more` leads to all, if a page has them."""

    label: str
    help: str
    links: list[tuple[str, int, str]]
    more: str = ""
    more_label: str = ""


class Home(View):
    """What is in here: how many of each kind, what is new, a picture of it all, and ways in.

    `picture` is the dotted name of a function (user) of another app that gives what `map/_picture.svg` draws, or None.
    """

    picture = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        entries = Entry.objects.visible_to(request.user)
        is_staff = sees_hidden(request.user)
        context = unless_written(("home", is_staff), lambda: _read(entries))
        glimpse = import_string(self.picture)(request.user) if self.picture else None
        linked_data = script(of_site(request.build_absolute_uri))
        return render(request, "home.html", {**context, "glimpse": glimpse, "linked_data": linked_data})


def _read(entries: EntryQuerySet) -> dict[str, Any]:
    ids = held.ids(entries)
    counts = held.entries().counts(ids, attrgetter("kind"))
    shelves: list[dict[str, Any]] = [
        {
            "info": info,
            "count": counts[kind],
            "newest": list(entries.filter(kind=kind).order_by(*ORDERS["newest"][1]).only(*CARD)[:NEWEST]),
        }
        for kind, info in KINDS.items()
    ]
    on_shelves = {entry.pk for shelf in shelves for entry in shelf["newest"]}
    return {
        "shelves": shelves,
        "added": _added(entries, on_shelves),
        "ways": [way for way in _ways(ids) if way.links],
        "tags": tag_choices(ids, EntryFilter(), lambda filter: filter.tag, TAGS),
        "total": counts.total(),
        "has_taxonomies": Taxonomy.objects.exists(),
    }


def _added(entries: EntryQuerySet, on_shelves: set[int]) -> list[Entry]:
    """The last that were added. Where they are all of the kind that happened to come last in something that came at
    once, such as a whole collection, the kinds of that in turn, and what is on no shelf before what is."""
    newest = list(entries.order_by("-pk").only(*CARD, "created_at")[:ADDED])
    if len({one.kind for one in newest}) > 1 or len(newest) < ADDED:
        return newest
    since = newest[0].created_at - AT_ONCE
    if newest[-1].created_at < since:
        return newest
    at_once = entries.filter(created_at__gte=since).order_by("-pk").only(*CARD)
    of_kind = [list(at_once.filter(kind=kind)[: ADDED + NEWEST]) for kind in KINDS]
    for some in of_kind:
        some.sort(key=lambda one: one.pk in on_shelves)
    return [one for one in chain(*zip_longest(*of_kind)) if one][:ADDED]


def _ways(ids: Numbers) -> list[Way]:
    of_kind = {kind: held.of_kind(ids, kind) for kind in (Kind.INCIDENT, Kind.CASE_STUDY)}
    named = counting.most_named(ids, IN_A_WAY, (Role.DEVELOPER, Role.DEPLOYER, Role.COMPANY))
    said = {kind: counting.facts(those, *_facts_of(kind)) for kind, those in of_kind.items()}
    return [
        _by_fact("harm", "What it did to people.", said),
        _by_fact("sector", "Where it was used.", said),
        _by_fact("technique", "What it was made with.", said),
        Way(
            "By company",
            "Who built it or used it.",
            [(one.name, count, one.get_absolute_url()) for one, count in named],
            reverse("entities"),
            "All entities",
        ),
        _by_year(of_kind[Kind.INCIDENT]),
    ]


def _facts_of(kind: Kind) -> list[str]:
    """Those that can be chosen by and that entries of this kind may have."""
    return [fact for facts in FACTS.values() for fact in facts if fact in KINDS[kind].facts.model_fields]


def _by_fact(name: str, help: str, said: dict[Kind, dict[str, counting.Said]]) -> Way:
    """The commonest values of the facts that are about the same, each as a list of the kind that has more of it."""
    by_value: dict[str, list[tuple[int, Kind, str]]] = {}
    for kind, facts in said.items():
        for fact in set(FACTS[name]) & facts.keys():
            for key, (spelled, count) in facts[fact].items():
                by_value.setdefault(key, []).append((count, kind, spelled))
    best = sorted(((max(found), key) for key, found in by_value.items()), key=lambda one: (-one[0][0], one[1]))
    links = [
        (as_label(as_fact(spelled, name)), count, _list_of(kind)(**{name: spelled}))
        for (count, kind, spelled), _ in best[:IN_A_WAY]
    ]
    return Way(f"By {name}", help, links)


def _by_year(incidents: Numbers) -> Way:
    counts = counting.by_period(incidents, counting.YEAR)
    address = _list_of(Kind.INCIDENT)
    links = [(year, counts[year], address(since=year, until=year)) for year in sorted(counts, reverse=True)[:IN_A_WAY]]
    return Way("By year", "When it went wrong.", links, reverse("trends"), "Trends over time")


def _list_of(kind: Kind) -> Callable[..., str]:
    return lambda **params: f"{reverse(kind.value)}?{urlencode(params)}"
