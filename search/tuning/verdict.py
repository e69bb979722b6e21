"""Whether an adapted encoder is better than the one it came from: judged by paired figures, never by hope."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

# Of resampled collections of questions, at least this share must show a gain (paired bootstrap, one-sided).
CONFIDENCE = 0.95
RESAMPLES = 10_000
PORTION = 2_000_000  # numbers drawn at a time
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Change:
    """The mean of one measure over the same questions `before` and `after`, and with which `confidence`, 0 to 1, it
    went up. One that `must_gain` decides; one that need not must only not fall."""

    measure: str
    before: float
    after: float
    confidence: float
    questions: int
    must_gain: bool = True

    @property
    def is_good(self) -> bool:
        if self.must_gain:
            return self.after > self.before and self.confidence >= CONFIDENCE
        return self.after >= self.before - EQUAL

    @property
    def percent(self) -> int:
        """The confidence in whole percent, not rounded up."""
        return int(self.confidence * 100)

    def __str__(self) -> str:
        return (
            f"{self.measure}: {self.before:.3f} → {self.after:.3f} "
            f"({self.questions} questions, better with {self.percent} % confidence)"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def change(measure: str, before: Sequence[float], after: Sequence[float], *, must_gain: bool = True) -> Change:
    """Both hold one value for each question, in the same order. The same values give the same answer."""
    old, new = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if old.shape != new.shape or old.ndim != 1 or not old.size:
        raise ValueError(f"expected a value before and after for each question, not {old.shape} and {new.shape}")
    confidence = _share_of_gains(new - old)
    return Change(measure, float(old.mean()), float(new.mean()), confidence, old.size, must_gain)


def is_kept(changes: Sequence[Change]) -> bool:
    """Whether every measure is good; with none there is no reason to change anything."""
    return bool(changes) and all(change.is_good for change in changes)


def told(changes: Sequence[Change]) -> str:
    """The verdict in a sentence, for people."""
    if is_kept(changes):
        return "Kept: everything that was measured improved."
    failed = [change.measure for change in changes if not change.is_good]
    return f"Refused: {' and '.join(failed) or 'nothing'} did not improve with {CONFIDENCE:.0%} confidence."


def from_json(values: Mapping[str, Any]) -> Change:
    return Change(**values)


def _share_of_gains(difference: np.ndarray) -> float:
    """How often the mean over questions drawn again, with replacement, is above 0 (Efron and Tibshirani 1993)."""
    random = np.random.default_rng(0)
    at_once = max(1, PORTION // difference.size)
    gains = 0
    for done in range(0, RESAMPLES, at_once):
        drawn = random.integers(0, difference.size, (min(at_once, RESAMPLES - done), difference.size))
        gains += int((difference[drawn].mean(1) > EQUAL).sum())
    return gains / RESAMPLES
