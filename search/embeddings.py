"""The stored vectors of texts: reading them, telling the damaged ones, and forgetting what nobody needs any more."""

from collections.abc import Iterable, Mapping

import numpy as np
from django.db.models import Exists, Max, OuterRef

from search import index
from search.engines.base import Vectors
from search.models import IDS_AT_ONCE, Embedding, Passage

# What one run forgets at most, so that it ends.
FORGOTTEN_AT_MOST = 100_000
AT_ONCE = 1000
# Of the models that are not in use, embeddings are kept of those last used: so many can be gone back to at no cost.
MODELS_KEPT = 1


def stored(digests: Iterable[str], fingerprint: str) -> dict[str, Vectors]:
    """Vectors by text hash, of those that were embedded with this model."""
    wanted, rows = list(digests), Embedding.objects.filter(fingerprint=fingerprint)
    return {
        row.text_hash: row.array()
        for first in range(0, len(wanted), IDS_AT_ONCE)
        for row in rows.filter(text_hash__in=wanted[first : first + IDS_AT_ONCE])
    }


def keep(vectors: Mapping[str, Vectors], fingerprint: str) -> None:
    """Store vectors by text hash; those that are there stay."""
    rows = [
        Embedding(text_hash=digest, fingerprint=fingerprint, vector=vector.astype("<f4").tobytes())
        for digest, vector in vectors.items()
    ]
    Embedding.objects.bulk_create(rows, ignore_conflicts=True)


def damaged(fingerprint: str, dimension: int) -> list[str]:
    """Text hashes whose embedding is no vector of this length, or not of unit length."""
    found = []
    for row in Embedding.objects.filter(fingerprint=fingerprint).iterator(chunk_size=AT_ONCE):
        content = bytes(row.vector)
        if len(content) != 4 * dimension or not abs(float(np.linalg.norm(row.array())) - 1) < 1e-2:
            found.append(row.text_hash)
    return sorted(found)


def forget(digests: Iterable[str], fingerprint: str) -> None:
    """Delete these embeddings: their texts are embedded again when they are indexed."""
    wanted = list(digests)
    for first in range(0, len(wanted), AT_ONCE):
        Embedding.objects.filter(fingerprint=fingerprint, text_hash__in=wanted[first : first + AT_ONCE]).delete()


def kept_models() -> set[str]:
    """Fingerprints whose embeddings are worth keeping: of the models that search, are chosen or made the index, and of
    the last one before."""
    used = {index.encoder().fingerprint, index.chosen().fingerprint}
    if made := index.made_with():
        used.add(made[0])
    others = Embedding.objects.exclude(fingerprint__in=used).values("fingerprint").annotate(last=Max("pk"))
    return used | {row["fingerprint"] for row in others.order_by("-last")[:MODELS_KEPT]}


def sweep(at_most: int = FORGOTTEN_AT_MOST) -> int:
    """Forget embeddings that no passage uses, and those of models that nobody goes back to; how many."""
    used = Exists(Passage.objects.filter(text_hash=OuterRef("text_hash")))
    gone = 0
    for unwanted in (Embedding.objects.exclude(fingerprint__in=kept_models()), Embedding.objects.filter(~used)):
        while gone < at_most and (pks := list(unwanted.values_list("pk", flat=True)[: min(AT_ONCE, at_most - gone)])):
            Embedding.objects.filter(pk__in=pks).delete()
            gone += len(pks)
    return gone
