"""The search page: results as one types, and the same without a script; and the page that says how good they are."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kb.kinds import KINDS
from kb.listing import Choice, chips, sensible
from kb.views.parts import is_part, render_part
from search import index, keeping
from search.addresses import Address, addresses, search_address
from search.facets import Facet
from search.models import Evaluation, SavedSearch
from search.query import SearchQuery, search
from search.saved_searches import params_of
from search.templatetags.results import LENGTHS

MODES = {
    "hybrid": "Words and meaning",
    "keyword": "Words only",
    "vector": "Meaning only",
}
LONGEST_LABEL = 48
EXAMPLES = (
    "a support chatbot that can issue refunds",
    "face recognition used to identify a suspect",
    "how teams test a ranking model before launch",
    "an agent with access to production systems",
    "what is calibration and why does it matter",
)


def search_page(request: HttpRequest) -> HttpResponse:
    """Entries that answer `q`, best first; hints where nothing was asked.

    What makes no sense in the address is told beside the results of the rest of it, with status 400.
    """
    query, problems = sensible(SearchQuery.from_params, request.GET.dict())
    results = search(replace(query, facets=not query.offset, passages=len(LENGTHS)), request.user)
    address = addresses(query)
    context = {
        "meant": address({"q": results.did_you_mean}) if results.did_you_mean else "",
        "facets": _links(address, results.facets or []),
        "query": query,
        "results": results,
        "problems": problems,
        "chips": chips(query.filter, lambda filter: search_address(replace(query, filter=filter))),
        "both": address({"mode": ""}),
        "next": address({"cursor": results.next_cursor}) if results.next_cursor else "",
        "saving": params_of(query) if query.text else {},
        "yours": [] if query.text else keeping.of_owner(SavedSearch, request.user)[:20],
        "feed": search_address(query, path="search-feed"),
        "kind_choices": [("", "Everything"), *((kind, info.plural) for kind, info in KINDS.items())],
        "modes": MODES.items(),
        "examples": EXAMPLES,
        "typed": {name: request.GET.get(name, "") for name in ("since", "until")},
    }
    status = 400 if problems else 200
    response = render_part(request, "search/search.html", "search/_results.html", context, status)
    if is_part(request) and not query.offset:
        # A query that grows letter by letter is one step in the history, and its address has no empty fields.
        response["HX-Replace-Url"] = address({})
    return response


def quality_page(request: HttpRequest) -> HttpResponse:
    """What `evaluate --keep` measured, collection by collection, and whether the model of today is the one measured."""
    context = {"evaluations": Evaluation.objects.all(), "model": index.fingerprint()}
    return render(request, "search/quality.html", context)


def _clipped(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1].rstrip()}…"


def _links(address: Address, facets: list[Facet]) -> list[tuple[Facet, list[Choice]]]:
    """Each facet with its values as links that set or remove it."""
    return [
        (
            facet,
            [
                Choice(one.value, _clipped(one.label), one.count, address(one.changes), one.chosen)
                for one in facet.values
            ],
        )
        for facet in facets
    ]
