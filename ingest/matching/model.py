"""From signals to one figure: how likely two entries are about the same thing.

A logistic model. Its weights were found by `manage.py matching --fit` on three collections that tell the same events in
words of their own (see `ingest.matching.fitting`): 247 true pairs among 10,000 that are worth comparing.
"""

from collections.abc import Mapping
from math import exp

from ingest.matching.signals import Signals

# Of what weights fitted on four fifths of the events propose of the others from here on, 98 % is right, and 77 % found.
THRESHOLD = 0.5
SET_BY_HAND = {"copy": 3.0, "article": 4.0}
WEIGHTS = {
    "constant": -8.47,
    "title": 4.86,
    "lead": 5.52,
    "meaning": 8.22,
    "near": 1.14,
    "far": -2.62,
    "names": 3.17,
    "strangers": -1.53,
    **SET_BY_HAND,
}
# For entries that are not indexed.
WEIGHTS_WITHOUT_MEANING = {
    "constant": -5.87,
    "title": 7.97,
    "lead": 8.72,
    "near": 1.93,
    "far": -2.55,
    "names": 4.02,
    "strangers": -2.16,
    **SET_BY_HAND,
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
