"""From signals to one figure: how likely two entries are about the same thing."""

from collections.abc import Mapping
from math import exp

from ingest.matching.signals import Signals

THRESHOLD = 0.5
SET_BY_HAND = {"copy": 3.0, "article": 4.0}
WEIGHTS = {
    "title": 4.32,
    "lead": 5.68,
    "meaning": 8.14,
    "near": 1.14,
    "far": -2.63,
    "names": 3.19,
    "strangers": -1.2,
    "copy": 3.0,
    "article": 4.0,
    "constant": -8.47,
}
WEIGHTS_WITHOUT_MEANING = {
    "title": 5.52,
    "lead": 5.23,
    "near": 1.95,
    "far": -2.48,
    "names": 3.66,
    "strangers": -2.02,
    "copy": 3.0,
    "article": 4.0,
    "constant": -4.68,
}


def score(
    signals: Signals,
    weights: Mapping[str, float] = WEIGHTS,
    without_meaning: Mapping[str, float] = WEIGHTS_WITHOUT_MEANING,
) -> float:
    """Between 0 and 1."""
    chosen = without_meaning if signals.meaning is None else weights
    present = {name: value for name, value in signals._asdict().items() if value is not None}
    return 1 / (1 + exp(-chosen["constant"] - sum(chosen[name] * value for name, value in present.items())))
