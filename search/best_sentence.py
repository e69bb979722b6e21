"""Which sentence of a passage earned its place: the one nearest in meaning to what was asked."""

import logging
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from search import index
from search.chunking import Span, blocks
from search.errors import SemanticUnavailable
from search.highlight import matched_terms
from search.sentences import sentences

log = logging.getLogger(__name__)

# A sentence is read by nobody twice: what the last pages asked for is kept, at 1.5 KB each.
KEPT = 4096
# Fewer characters say nothing on their own, and a passage of a table or of code may be one long sentence.
SHORTEST = 25
LONGEST = 600
NO_WORDS = ("```", "~~~", "$$", "\\[")

_kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()


def sentences_of(text: str) -> list[Span]:
    """The sentences of a passage that say something on their own, no code and no formulas; the whole passage where it
    has none."""
    spans = [
        Span(span.start, min(span.end, span.start + LONGEST))
        for span in sentences(text)
        if span.end - span.start >= SHORTEST and not text.startswith(NO_WORDS, span.start)
    ]
    return spans or [Span(0, min(len(text), LONGEST))]


def has_prose(text: str) -> bool:
    """Whether a passage has a sentence at all, and is not code, a table or a formula alone."""
    return any(block.kind == "prose" for block in blocks(text))


def best_sentences(passages: Sequence[tuple[str, np.ndarray | None, str]]) -> list[Span]:
    """Of each `(text, vector of the question, words of the question)` the sentence that answers best.

    By meaning where there is a vector, all passages in one call of the model; by the words they share elsewhere, and
    where the model cannot be run.
    """
    cut = [sentences_of(text) for text, _, _ in passages]
    wanted = [
        text[span.start : span.end]
        for (text, vector, _), spans in zip(passages, cut, strict=True)
        if vector is not None and len(spans) > 1
        for span in spans
    ]
    try:
        vectors = vectors_of(wanted)
    except SemanticUnavailable as error:
        log.warning("sentences are chosen by their words: %s", error)
        vectors = {}
    found = []
    for (text, vector, words), spans in zip(passages, cut, strict=True):
        pieces = [text[span.start : span.end] for span in spans]
        if len(spans) == 1:
            scores = [0.0]
        elif vector is not None and vectors:
            scores = [float(vector @ vectors[piece]) for piece in pieces]
        else:
            scores = [float(len({piece[a:b].lower() for a, b in matched_terms(words, piece)})) for piece in pieces]
        found.append(spans[int(np.argmax(scores))])
    return found


def vectors_of(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Vectors by text; what was asked lately is not encoded again."""
    if not texts:
        return {}
    encoder = index.encoder()
    model = encoder.fingerprint
    known = {text: vector for text in texts if (vector := _kept.get((model, text))) is not None}
    missing = list(dict.fromkeys(text for text in texts if text not in known))
    if missing:
        for text, vector in zip(missing, encoder.encode(missing), strict=True):
            known[text] = _kept[(model, text)] = vector
        while len(_kept) > KEPT:
            try:
                _kept.popitem(last=False)
            except KeyError:  # another thread was faster
                break
    return known
