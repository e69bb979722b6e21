"""Which words of a text were asked for."""

from functools import lru_cache

from search.analysis import query_terms, word_spans
from search.text import read_text

Matches = list[tuple[str, int, int]]


def matches(query: str, text: str) -> Matches:
    """Stem and range of code points of each word in `text` whose stem the query has, in order; stop words only when the
    query has nothing else. What is not read, as the address of a link, has none."""
    terms = _asked(query)
    return word_spans(read_text(text), terms) if terms else []


def matched_terms(query: str, text: str) -> list[tuple[int, int]]:
    """The ranges of `matches`.

    >>> matched_terms("refunds for GPT-4", "A refund, by GPT-4.")
    [(2, 8), (13, 16), (17, 18)]
    """
    return [(start, end) for _, start, end in matches(query, text)]


@lru_cache(maxsize=16)
def _asked(query: str) -> frozenset[str]:
    """The stems that a query asks for. One query marks many passages, and it may be a pasted page."""
    return frozenset(query_terms(query))
