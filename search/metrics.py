"""How good a ranking is, against judgements (Järvelin and Kekäläinen 2002; Manning et al. 2008, chapter 8)."""

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Discounted gain of the first `k` over that of the best possible order; the gain is the grade, the discount
    log2(rank + 1). `relevant` must hold a grade above 0."""
    gains = [relevant.get(id, 0) for id in ranked[:k]]
    ideal = sorted(relevant.values(), reverse=True)[:k]
    return _discounted(gains) / _discounted(ideal)


def recall(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Share of the relevant documents among the first `k`."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
