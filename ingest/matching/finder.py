"""Finds the pairs of entries that are likely about the same thing, among all in a pool."""

from collections.abc import Callable, Container, Iterator
from itertools import takewhile
from typing import NamedTuple

from ingest.matching.meaning import Meaning
from ingest.matching.model import THRESHOLD, score
from ingest.matching.pool import Pool
from ingest.matching.signals import Signals, compare

Couple = tuple[int, int]  # ids, the lower first


class Match(NamedTuple):
    other: int
    score: float
    signals: Signals


class Finder:
    """Compares the entries of a pool. `apart` are couples that are known not to be the same: nothing is said of them,
    and they stand in nobody's way."""

    def __init__(self, pool: Pool, meaning: Meaning | None = None, apart: Container[Couple] = ()) -> None:
        self.pool = pool
        self.meaning = meaning
        self.apart = apart
        self._score: Callable[[Signals], float] = score
        self._compared: dict[int, dict[int, Signals]] = {}
        self._scored: dict[int, list[Match]] = {}

    def use(self, score: Callable[[Signals], float]) -> None:
        """Score what was compared, and what will be, by another model."""
        self._score = score
        self._scored.clear()

    def matches(self, id: int, threshold: float = THRESHOLD) -> list[Match]:
        """Who is likely the same as this entry, best first.

        Of the entries that one database tells apart only one can be it, so each has to be the best for the other.
        """
        likely = (match for match in self.scored(id) if match.score >= threshold)
        return [match for match in likely if not self._has_rival(id, match)]

    def scored(self, id: int) -> list[Match]:
        """Everybody that is worth comparing with this entry, best first."""
        if id not in self._scored:
            found = (Match(other, self._score(signals), signals) for other, signals in self.compared(id).items())
            self._scored[id] = sorted(found, key=lambda match: (-match.score, match.other))
        return self._scored[id]

    def compared(self, id: int) -> dict[int, Signals]:
        if id not in self._compared:
            self._compared[id] = dict(self._compare(id))
        return self._compared[id]

    def forget(self) -> None:
        """Let go of what was compared, where more is to come than memory should hold."""
        self._compared.clear()
        self._scored.clear()

    def _compare(self, id: int) -> Iterator[tuple[int, Signals]]:
        others = self.pool.candidates(id)
        if self.meaning:
            near = self.meaning.nearest(id, self.pool.may_be[id])
            others |= {other for other in near if self.pool.comparable(id, other)}
            self.meaning.learn({id, *others})
        for other in others:
            if couple(id, other) not in self.apart:
                nearness = self.meaning.nearness(id, other) if self.meaning else None
                yield other, compare(self.pool, id, other, nearness)

    def _has_rival(self, id: int, match: Match) -> bool:
        """Whether either of the two has a better match that some database numbers differently."""
        return any(
            self.pool.are_two(better.other, other)
            for one, other in ((id, match.other), (match.other, id))
            for better in takewhile(lambda rival: rival.score > match.score, self.scored(one))
        )


def couple(one: int, other: int) -> Couple:
    return (one, other) if one < other else (other, one)
