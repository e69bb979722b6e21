"""A search as an address: of its page, and of its feed."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import quote_plus

from django.urls import reverse

from kb.filters import EntryFilter
from kb.listing import short_params
from search.query import SearchQuery

# Makes the address of a query with other parameters than its own, "" for none.
Address = Callable[[Mapping[str, Any]], str]

NAMES = [field.name for field in fields(EntryFilter)]


def search_address(query: SearchQuery, *, path: str = "search", **more: Any) -> str:
    """The query as the address of its page, or of another path that takes the same; no empty fields."""
    return addresses(query, path)(more)


def addresses(query: SearchQuery, path: str = "search") -> Address:
    """What makes addresses of the query: a page has dozens."""
    # One search has one address, whatever of it was chosen first.
    params = {"q": query.text, **dict.fromkeys(NAMES, ""), **short_params(query.filter), "mode": query.mode}
    if query.mode == "hybrid":
        params["mode"] = ""
    page = reverse(path)
    # Written once: of dozens of addresses each differs in one parameter.
    written = {name: _written(name, value) for name, value in params.items()}

    def address(changes: Mapping[str, Any]) -> str:
        changed = {name: _written(name, value) for name, value in changes.items()}
        return f"{page}?{'&'.join(filter(None, {**written, **changed}.values()))}"

    return address


def _written(name: str, value: Any) -> str:
    return f"{name}={quote_plus(str(value))}" if value else ""
