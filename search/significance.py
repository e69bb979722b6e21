"""Whether a difference between two rankings is more than luck: paired bootstrap over queries (Efron and Tibshirani
1993, chapter 13; Sakai 2006 for retrieval)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
CONFIDENCE = 0.95
# Below this a difference in one query is an accident of rounding, and counts as a tie.
TIE = 1e-9
# Resamples are drawn in portions of so many numbers, to bound memory.
PORTION = 2_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """`mean` is what the first has over the second, averaged over queries; with 95 % confidence it is from `low` to
    `high`. `wins`, `losses` and `ties` count the queries."""

    mean: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves no doubt about which is better."""
        return self.low > 0 or self.high < 0


def compare(first: Sequence[float], second: Sequence[float], resamples: int = RESAMPLES) -> Comparison:
    """Both hold one value per query, in the same order; at least one. The same values give the same answer."""
    if len(first) != len(second) or not len(first):
        raise ValueError(f"expected one value for each query on both sides, not {len(first)} and {len(second)}")
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    low, high = _interval(difference, resamples)
    wins, losses = int((difference > TIE).sum()), int((difference < -TIE).sum())
    return Comparison(float(difference.mean()), low, high, wins, losses, difference.size - wins - losses)


def _interval(difference: np.ndarray, resamples: int) -> tuple[float, float]:
    """Percentiles of the mean over queries drawn again and again, with replacement."""
    random = np.random.default_rng(0)
    at_once = max(1, PORTION // difference.size)
    means = np.concatenate(
        [
            difference[random.integers(0, difference.size, (min(at_once, resamples - done), difference.size))].mean(1)
            for done in range(0, resamples, at_once)
        ]
    )
    outside = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(means, [outside, 100 - outside])
    return float(low), float(high)
