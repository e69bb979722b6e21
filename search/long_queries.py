"""A query longer than the model reads, such as a pasted design document: cut into pieces that are searched one by one.

The pieces are those that the same text would be stored in, so each is compared with passages of its own size.
"""

from collections.abc import Sequence

import numpy as np

from search.chunking import passages
from search.fusion import Scores

# Up to here the model reads a query whole, or loses a few words at its end.
WHOLE_CHARS = 1200
# Some 4,000 words. Of a longer text, pieces from all over it are searched.
MOST_PIECES = 32


def pieces(query: str) -> list[str]:
    """What is searched of the query: itself, or its pieces in reading order, `MOST_PIECES` at most."""
    if len(query) <= WHOLE_CHARS:
        return [query]
    spans = passages(query)
    if len(spans) > MOST_PIECES:
        spans = [spans[at * (len(spans) - 1) // (MOST_PIECES - 1)] for at in range(MOST_PIECES)]
    return [query[span.start : span.end] for span in spans]


def merged(scores: Sequence[Scores], count: int) -> Scores:
    """What `count` passages score for the whole query, from what they score for each piece."""
    if not scores:
        return np.zeros(count)
    return scores[0] if len(scores) == 1 else np.max(scores, axis=0)
