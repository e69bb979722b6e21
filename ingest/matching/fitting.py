"""Finds the weights of the model, on three collections that tell the same events in words of their own.

The starter collection says of its incidents which numbers the AI Incident Database and AIAAIC know them by; so a pair
of any two of the three is known to be the same or not as soon as one of the two is known to have a partner in the
other's collection. The weights of `copy` and `article` are set by hand: nothing is copied here, and what these
collections cite is not in all of their files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ingest.matching.finder import Couple, Finder, couple
from ingest.matching.measuring import THRESHOLDS, Quality, Trial, entries, proposals
from ingest.matching.model import SET_BY_HAND, score
from ingest.matching.signals import Signals

FOLDS = 5
LOOSENESS = 3.0  # of the regularisation (C of scikit-learn): the more, the larger weights may grow
FITTED = tuple(name for name in Signals._fields if name not in SET_BY_HAND)

Weights = dict[str, float]


@dataclass
class Known(Trial):
    """`event` names the accounts of one event, `asked` the collections in which an account's partners are known."""

    event: dict[int, int] = field(default_factory=dict)
    asked: set[tuple[int, str]] = field(default_factory=set)

    def is_known(self, pair: Couple) -> bool:
        one, other = pair
        return (one, self.collection[other]) in self.asked or (other, self.collection[one]) in self.asked

    def fold(self, pair: Couple) -> int:
        """In which part of the events the pair is; the same for all pairs of one event."""
        return min(self.event.get(id, id) for id in pair) % FOLDS


def told_thrice(aiid: str, aiaaic: str) -> Known:
    """The starter collection's incidents, an AIID snapshot and the AIAAIC sheet."""
    known = Known()
    starter = [record for record in entries("starter", "") if record.kind == "incident"]
    ids = known.add("starter", starter)
    for source, location in (("aiid", aiid), ("aiaaic", aiaaic)):
        known.add(source, entries(source, location))
    for id, record in zip(ids, starter, strict=True):
        named = [known.find(pair[0], pair) for pair in record.external_ids if pair[0] in ("aiid", "aiaaic")]
        same = [id, *(other for other in named if other)]
        for one in same:
            known.event[one] = id
            for other in same:
                if known.collection[one] != known.collection[other]:
                    known.same.add(couple(one, other))
                    known.asked.add((one, known.collection[other]))
    return known


@dataclass(frozen=True)
class Fit:
    """Weights fitted on everything, and how good weights fitted on four fifths of the events are on the others."""

    weights: Weights
    quality: dict[float, Quality]


def fit(known: Known, finder: Finder) -> Fit:
    """With the meaning of texts where the finder knows it, and without where it does not."""
    signals = {
        couple(id, other): found
        for id in finder.pool.readings
        for other, found in finder.compared(id).items()
        if known.is_known((id, other))
    }
    found: dict[float, set[Couple]] = {threshold: set() for threshold in THRESHOLDS}
    for fold in range(FOLDS):
        weights = _fitted(known, {pair: said for pair, said in signals.items() if known.fold(pair) != fold})
        finder.use(partial(score, weights=weights, without_meaning=weights))
        for threshold in THRESHOLDS:
            pairs = proposals(finder, finder.pool.readings, threshold)
            found[threshold] |= {pair for pair in pairs if known.is_known(pair) and known.fold(pair) == fold}
    quality = {
        threshold: Quality(len(known.same), len(pairs), len(pairs & known.same)) for threshold, pairs in found.items()
    }
    return Fit(_fitted(known, signals), quality)


def _fitted(known: Known, signals: Mapping[Couple, Signals]) -> Weights:
    # It comes with sentence-transformers; nothing but this needs it.
    from sklearn.linear_model import LogisticRegression

    pairs = sorted(signals)
    names = [name for name in FITTED if getattr(signals[pairs[0]], name) is not None]
    rows = np.array([[getattr(signals[pair], name) for name in names] for pair in pairs])
    model = LogisticRegression(C=LOOSENESS, max_iter=10_000).fit(rows, [pair in known.same for pair in pairs])
    weights = {name: round(float(value), 2) for name, value in zip(names, model.coef_[0], strict=True)}
    return weights | SET_BY_HAND | {"constant": round(float(model.intercept_[0]), 2)}
