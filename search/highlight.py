"""Which words of a text were asked for."""

from functools import lru_cache

from search.analysis import query_terms, word_spans


def matched_terms(query: str, text: str) -> list[tuple[int, int]]:
    """Ranges of code points in `text` whose words have the stem of a query word, in order; stop words only when the
    query has nothing else.

    >>> matched_terms("refunds for GPT-4", "A refund, by GPT-4.")
    [(2, 8), (13, 16), (17, 18)]
    """
    terms = asked(query)
    return [(start, end) for stem, start, end in word_spans(text) if stem in terms] if terms else []


@lru_cache(maxsize=16)
def asked(query: str) -> frozenset[str]:
    """The stems that a query asks for. One query marks many passages, and it may be a pasted page."""
    return frozenset(query_terms(query))
