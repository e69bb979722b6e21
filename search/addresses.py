"""A search as an address: of its page, and of its feed."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from kb.listing import short_params
from search.query import SearchQuery


def search_address(query: SearchQuery, *, path: str = "search", **more: Any) -> str:
    """The query as the address of its page, or of another path that takes the same; no empty fields."""
    params = {"q": query.text, **short_params(query.filter), "mode": query.mode, **more}
    if query.mode == "hybrid":
        params.pop("mode")
    asked = urlencode({name: value for name, value in params.items() if value})
    return f"{reverse(path)}?{asked}"
