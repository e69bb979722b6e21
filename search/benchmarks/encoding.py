"""How fast the encoder is by itself, on passages of this instance."""

import time
from typing import Any

from search import index
from search.models import Passage
from search.text import embedded_text

WARM_UP = 64


def measure(limit: int) -> dict[str, Any]:
    """Passages a second over `limit` passages of the database at most, and how many those were."""
    rows = Passage.objects.order_by("text_hash").select_related("entry").only("text", "entry__title")[:limit]
    texts = [embedded_text(row.entry.title, row.text) for row in rows]
    encoder = index.encoder()
    encoder.encode(texts[:WARM_UP])
    began = time.perf_counter()
    encoder.encode(texts)
    seconds = time.perf_counter() - began
    return {
        "encoder": encoder.fingerprint,
        "passages": len(texts),
        "characters": round(sum(map(len, texts)) / max(1, len(texts))),
        "seconds": round(seconds, 2),
        "passages_per_second": round(len(texts) / seconds, 1) if seconds else 0.0,
    }
