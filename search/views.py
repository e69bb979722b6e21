"""The search page: results as one types, and the same without a script."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict

from kb.filters import BadFilter
from kb.kinds import KINDS
from kb.listing import Problem, chips, short_params
from kb.views.parts import is_part, render_part
from search.query import SearchQuery, search

MODES = {
    "hybrid": "Words and meaning",
    "keyword": "Words only",
    "vector": "Meaning only",
}
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
    query, problems = sensible_query(request.GET)
    results = search(query, request.user)
    context = {
        "query": query,
        "results": results,
        "problems": problems,
        "chips": chips(query.filter, lambda filter: _address(replace(query, filter=filter))),
        "next": _address(query, cursor=results.next_cursor) if results.next_cursor else "",
        "kind_choices": [("", "Everything"), *((kind, info.plural) for kind, info in KINDS.items())],
        "modes": MODES.items(),
        "examples": EXAMPLES,
        "typed": {name: request.GET.get(name, "") for name in ("since", "until")},
        "hidden": {name: getattr(query.filter, name) for name in ("tag", "entity", "category", "namespace")},
    }
    status = 400 if problems else 200
    response = render_part(request, "search/search.html", "search/_results.html", context, status)
    if is_part(request) and not query.offset:
        # A query that grows letter by letter is one step in the history, and its address has no empty fields.
        response["HX-Replace-Url"] = _address(query)
    return response


def sensible_query(params: QueryDict) -> tuple[SearchQuery, list[Problem]]:
    """The query in `params`, with what makes no sense left out and told instead."""
    values: dict[str, str] = {**params.dict()}  # type: ignore[dict-item]
    problems: list[Problem] = []
    while True:
        try:
            return SearchQuery.from_params(values), problems
        except BadFilter as error:
            problems.append(Problem(error.name, str(error)))
            values[error.name] = ""


def _address(query: SearchQuery, **more: Any) -> str:
    params = {"q": query.text, **short_params(query.filter), "mode": query.mode, **more}
    if query.mode == "hybrid":
        params.pop("mode")
    return "/search/?" + urlencode({name: value for name, value in params.items() if value})
