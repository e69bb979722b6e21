"""How fast the encoder is by itself, on passages of this instance, and how good, beside the library in its place."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from search import evaluation, index
from search.errors import SearchError
from search.model_encoder import ModelEncoder
from search.models import Passage
from search.progress import Told
from search.quality import MEASURE
from search.sentence_encoder import SentenceEncoder
from search.significance import compare
from search.text import clean, embedded_text

WARM_UP = 64
ROUNDS = 3


def measure(limit: int, compare: bool) -> dict[str, Any]:
    """Passages a second over `limit` passages of the database at most, and how many those were.

    With `compare`, `SentenceTransformer.encode` in fp32 does the same, in turns with ours: `reference`, `ratio` (of the
    medians of their times) and `lowest_cosine` between the two vectors of a passage.
    """
    rows = Passage.objects.order_by("text_hash").select_related("entry").only("text", "entry__title")[:limit]
    texts = [embedded_text(row.entry.title, row.text) for row in rows]
    encoder = index.encoder()
    encoder.prepare()
    _, seconds = _timed(encoder.encode, texts)
    found = {
        "encoder": encoder.fingerprint,
        "passages": len(texts),
        "characters": round(sum(map(len, texts)) / max(1, len(texts))),
        "seconds": round(seconds, 2),
        "passages_per_second": round(len(texts) / seconds, 1),
    }
    return {**found, **_compared(encoder, texts)} if compare and isinstance(encoder, ModelEncoder) else found


def quality(collection: Path, progress: Told | None = None) -> dict[str, Any]:
    """nDCG@10 of search with the encoder as it runs here, and with the model as it came, in fp32 by the library, on a
    collection as `evaluate` reads it: by meaning alone and by both halves, the difference with its 95 % confidence
    interval. Raises CollectionError, and SearchError where the encoder is not a model's."""
    encoder = index.encoder()
    if not isinstance(encoder, ModelEncoder):
        raise SearchError(f"{encoder.fingerprint} stands in for no other library: there is nothing to compare it with")
    ours, theirs = (
        evaluation.measure(collection, one, "", progress) for one in (encoder, SentenceEncoder(encoder.files))
    )
    found: dict[str, Any] = {"queries": len(ours.queries), "encoder": ours.fingerprint, "reference": theirs.fingerprint}
    for mode in ("vector", "hybrid"):
        here, there = (one.values[mode][MEASURE] for one in (ours, theirs))
        difference = compare(here, there)
        found[mode] = {
            MEASURE: round(float(np.mean(here)), 4),
            "reference": round(float(np.mean(there)), 4),
            "difference": round(difference.mean, 4),
            "from": round(difference.low, 4),
            "to": round(difference.high, 4),
        }
    return found


def _compared(encoder: ModelEncoder, texts: Sequence[str]) -> dict[str, Any]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoder.files.path), local_files_only=True, device="cpu")
    cleaned = [clean(text) for text in texts]

    def reference(chosen: Sequence[str]) -> np.ndarray:
        return np.asarray(model.encode(list(chosen), normalize_embeddings=True, show_progress_bar=False))

    rounds = [(_timed(encoder.encode, texts), _timed(reference, cleaned)) for _ in range(ROUNDS)]
    ours, theirs = (median(one[side][1] for one in rounds) for side in (0, 1))
    cosines = (rounds[0][0][0] * rounds[0][1][0]).sum(axis=1)
    return {
        "seconds": round(ours, 2),
        "passages_per_second": round(len(texts) / ours, 1),
        "reference": {"what": "SentenceTransformer.encode, fp32", "passages_per_second": round(len(texts) / theirs, 1)},
        "ratio": round(theirs / ours, 2),
        "lowest_cosine": round(float(cosines.min()), 5),
    }


def _timed(encode: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str]) -> tuple[np.ndarray, float]:
    """The vectors, and seconds, after a warm-up."""
    encode(texts[:WARM_UP])
    began = time.perf_counter()
    vectors = encode(texts)
    return vectors, time.perf_counter() - began
