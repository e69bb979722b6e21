"""The page of one entry."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views import View

from kb import provenance
from kb.change_words import told_fields
from kb.citing import FILES, Citation
from kb.differences import Work
from kb.external import is_telling, outside
from kb.folding import fold
from kb.job_words import source_label
from kb.kinds import KINDS
from kb.linked_data import of_entry, script, trail
from kb.markdown import render as render_markdown
from kb.markdown_place import marked
from kb.models import (
    Category,
    CitationRole,
    Classification,
    Entry,
    EntryReference,
    Link,
    Proposal,
    Reference,
    Role,
    SlugRedirect,
)
from kb.models.entries import SAID, Origin
from kb.models.provenance import ProposalState
from kb.origins import Origins
from kb.places import PARAMETER, Place
from kb.rights import sees_hidden
from kb.timeline import Timeline
from kb.versions import AS_OF
from kb.views.as_of import as_of

MATH = 'class="math'
NEAR = 3
CITED, SPARE = 12, 3  # references, and how many more are not worth folding away


class EntryPage(View):
    """One entry, whole, in the template of its kind.

    `around` is the dotted name of a function (entry, user, per_kind) that belongs to another app. What it returns has
    `related`, entries by kind, and `bridges`, with a kind, a label and what leads to entries of that kind.
    """

    around = ""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        entry = find(request, slug)
        if entry is None:
            there = moved(request, slug).get_absolute_url()
            asked = request.GET.urlencode()
            return redirect(f"{there}?{asked}" if asked else there, permanent=True)
        if AS_OF in request.GET:
            return as_of(request, entry, request.GET[AS_OF])
        citation = Citation.now(entry, request.build_absolute_uri(entry.get_absolute_url()))
        place = Place.find(entry, request.GET.get(PARAMETER, ""))
        body = render_markdown(entry.body, place.span if place and place.source == "body" else None)
        links = _links(entry, request)
        citations = list(entry.citations.all())
        Reference.objects.read_what_may_be_shown(one.reference for one in citations)
        context = {
            "entry": entry,
            "info": entry.info,
            "place": place,
            "body": body,
            "summary": marked(entry.summary, place.span if place and place.source == "summary" else None),
            "has_math": MATH in body,
            "parties": _parties(entry),
            "outside": [
                outside(external.namespace, external.value)
                for external in entry.external_ids.all()
                if is_telling(external.namespace, entry.source)
            ],
            "classes": _classes(entry),
            "cited": _cited(citations, place),
            "timeline": Timeline.of(entry, citations),
            "links": links,
            "origins": Origins.of(entry),
            "citation": citation,
            "citation_files": [(name, label) for name, (label, *_) in FILES.items()],
            "linked_data": script(of_entry(entry, citation.url), trail(request.build_absolute_uri, *_way(entry))),
            **(_for_curators(entry) if sees_hidden(request.user) else {}),
            **self._around(entry, request, {one.pk for group in links for one in group["entries"]}),
        }
        return render(request, f"entries/{entry.kind}.html", context)

    def _around(self, entry: Entry, request: HttpRequest, linked: set[int]) -> dict[str, Any]:
        """The bridges, and what else is near by meaning, by kind, without what the entry is linked with anyway."""
        if not self.around:
            return {}
        found = import_string(self.around)(entry, request.user, per_kind=NEAR + len(linked))
        near = {kind: [one for one in ones if one.pk not in linked][:NEAR] for kind, ones in found.related.items()}
        shelves = [{"info": KINDS[kind], "entries": entries} for kind, entries in near.items() if entries]
        return {"bridges": found.bridges, "shelves": shelves}


def _way(entry: Entry) -> list[tuple[str, str]]:
    return [(entry.info.plural, reverse(entry.kind)), (entry.title, entry.get_absolute_url())]


def find(request: HttpRequest, slug: str) -> Entry | None:
    """The entry at this address with all that hangs on it, if this reader may see it."""
    return Entry.objects.visible_to(request.user).for_page().filter(slug=slug).first()


def moved(request: HttpRequest, slug: str) -> Entry:
    """The entry that used to have this address; Http404 where there is none that this reader may see."""
    moved = SlugRedirect.objects.filter(slug=slug, entry__in=Entry.objects.visible_to(request.user))
    found = moved.select_related("entry").first()
    if found is None:
        raise Http404(f"There is no entry at {slug}.")
    return found.entry


def _for_curators(entry: Entry) -> dict[str, Any]:
    """What waits for a curator's decision: fields that an import has otherwise, and entries that may be the same."""
    work = Work()
    conflicts = [
        {"source": source_label(known["source"]) or "the import", "fields": told_fields({name: known}, work)}
        for name, known in provenance.conflicts(entry).items()
    ]
    either = Q(entry=entry) | Q(other=entry)
    open_ones = Proposal.objects.filter(either, state=ProposalState.OPEN).select_related("entry", "other")
    return {
        "conflicts": [one for one in conflicts if one["fields"]],
        "proposals": [(one.other if one.entry_id == entry.pk else one.entry, one) for one in open_ones],
    }


def _parties(entry: Entry) -> list[tuple[str, list[Any]]]:
    """Who had a part, by role, in the order of the roles."""
    by_role: dict[str, list[Any]] = {}
    for part in entry.roles.all():
        by_role.setdefault(part.role, []).append(part.entity)
    return [(role.label, by_role[role.value]) for role in Role if role.value in by_role]


def _cited(citations: Iterable[EntryReference], place: Place | None) -> list[dict[str, Any]]:
    """What reports, and what those concerned said to it: the first of each, and the rest folded away, but for one in
    which a passage is to be shown."""
    by_role: dict[str, list[Reference]] = {}
    for one in citations:
        by_role.setdefault(one.role, []).append(one.reference)
    groups = (CitationRole.REPORT, "references", "References"), (CitationRole.RESPONSE, "responses", "Responses")
    found = []
    for role, key, heading in groups:
        if role in by_role:
            folded = fold(by_role[role], CITED, SPARE)
            is_open = place is not None and any(one.pk == place.reference_id for one in folded.rest)
            found.append({"key": key, "heading": heading, "folded": folded, "open": is_open})
    return found


def _classes(entry: Entry) -> list[dict[str, Any]]:
    """Its categories by taxonomy and by whose word they are, what is only suggested last. A category that several put
    it in is told once: a curator's word stands before an import's, and both before a suggestion.

    Those within others are told with them: of a field such as `Rights Violation` the category is `no`.
    """
    rank = {origin.value: number for number, origin in enumerate((*SAID, Origin.SUGGESTED))}
    said: dict[int, Classification] = {}
    for row in sorted(entry.classifications.all(), key=lambda row: rank[row.origin]):
        said.setdefault(row.category_id, row)

    def place(row: Classification) -> tuple[Any, ...]:
        of = row.category.taxonomy
        return row.origin == Origin.SUGGESTED, of.name, of.pk, rank[row.origin], row.category.path

    groups = groupby(sorted(said.values(), key=place), key=lambda row: (row.category.taxonomy, Origin(row.origin)))
    return [{"taxonomy": of, "origin": origin, **_parted(group)} for (of, origin), group in groups]


def _parted(rows: Iterable[Classification]) -> dict[str, Any]:
    """The categories at the top of a taxonomy, and those `within` others by the names of these."""
    top: list[Category] = []
    within: dict[str, list[Category]] = {}
    for category in (row.category for row in rows):
        above = " / ".join(category.path[:-1])
        (within.setdefault(above, []) if above else top).append(category)
    return {"categories": top, "within": list(within.items())}


def _links(entry: Entry, request: HttpRequest) -> list[dict[str, Any]]:
    """Links to and from what this reader may see, by relation; of a link in both directions, one."""
    rows = Link.objects.filter(Q(entry=entry) | Q(target=entry)).values_list("relation", "entry_id", "target_id")
    out = [(relation, target) for relation, one, target in rows if one == entry.pk]
    back = [(relation, one) for relation, one, target in rows if target == entry.pk]
    ids = {id for _, id in (*out, *back)}
    visible = Entry.objects.visible_to(request.user).defer("body", "facts").in_bulk(ids) if ids else {}
    found: dict[tuple[str, bool], list[Entry]] = {}
    for relation, id in out:
        if id in visible:
            found.setdefault((relation, False), []).append(visible[id])
    for relation, id in back:
        if id in visible and (relation, id) not in out:
            found.setdefault((relation, True), []).append(visible[id])
    return [{"relation": relation, "back": is_back, "entries": those} for (relation, is_back), those in found.items()]
