"""A query longer than the model reads, such as a pasted design document: cut into pieces, each asked by itself.

The pieces are those that the same text would be stored in, so each is compared with passages of its own size. What one
piece finds is what it would find as a question of its own; an entry is worth what its best piece says.
"""

from collections.abc import Sequence

from search.chunking import MAX_CHARS, passages
from search.encoder import Encoder
from search.engines.base import Vectors

# Two pieces say less of one matter than the whole: words count to its end, and meaning up to where the model reads.
WHOLE_CHARS = 2 * MAX_CHARS
# Some 4,000 words. Of a longer text, pieces from all over it are asked.
MOST_PIECES = 32


def pieces(query: str) -> list[str]:
    """What is asked: the query itself, or its pieces in reading order, `MOST_PIECES` at most."""
    if len(query) <= WHOLE_CHARS:
        return [query]
    spans = passages(query)
    if len(spans) > MOST_PIECES:
        spans = [spans[at * (len(spans) - 1) // (MOST_PIECES - 1)] for at in range(MOST_PIECES)]
    return [query[span.start : span.end] for span in spans] or [query]


def vectors(asked: Sequence[str], encoder: Encoder) -> Vectors:
    """(n, dimension). A question is encoded as one; pieces of a document as what they are, and all at once."""
    return encoder.encode_query(asked[0])[None] if len(asked) == 1 else encoder.encode(asked)
