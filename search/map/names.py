"""Names for the places of a map: what each says more often than all the others, and no two the same."""

import heapq
import math
from collections.abc import Sequence

import numpy as np

from search.engines.base import Ids
from search.map.terms import FEWEST, SHARED, SURE, surely
from search.map.things import are_akin, is_thing, key_of

NAMED_BY = 2
FOR_A_NAME = 2.7  # how sure it has to be that a place has a word more often than the others
# What is two words says more than one of them alone, and stands for it where so many of the entries that have the word
# have both.
PHRASE, STANDS_FOR = 1.3, 0.5
# So much weighs which part of all that have a word is here, and which part of what is here has it.
HERE, COVERED = 0.5, 0.25
Ranking = list[tuple[float, int]]
"""Words by number, the most telling first, with their weights."""


def names(words: Sequence[str], terms: Ids, owner: Ids, places: Ids) -> list[tuple[str, ...]]:
    """For each place from 0 up to NAMED_BY words or phrases that name it; none where nothing is told of it.

    Entry n is in `places[n]`; `terms` are the numbers of its words, beside each in `owner` whose it is. A word names
    one place, that of which it tells most. What the surest words leave without a name gets one that is less sure.
    """
    found = _Names(words, terms, owner, places)
    for least, already in ((FOR_A_NAME, 0), (SURE, 0), *((FOR_A_NAME, already) for already in range(1, NAMED_BY))):
        found.give(least, already)
    return [tuple(words[number] for number in given) for given in found.given]


class _Names:
    def __init__(self, words: Sequence[str], terms: Ids, owner: Ids, places: Ids) -> None:
        self.words, self.terms, self.owner, self.places = words, terms, owner, places
        many = int(places.max(initial=-1)) + 1
        counts = np.bincount(places[owner] * len(words) + terms, minlength=many * len(words))
        self.counts = counts.reshape(many, len(words)) if words else np.zeros((many, 0), np.int64)
        self.everywhere = self.counts.sum(axis=0)
        self.sizes = np.bincount(places, minlength=many)
        self.given: list[list[int]] = [[] for _ in range(many)]
        self.taken: set[str] = set()
        self.keys: dict[int, str] = {}

    def give(self, least: float, already: int) -> None:
        """One more to each place that has so many."""
        waiting = [place for place, given in enumerate(self.given) if len(given) == already]
        self._share_out({place: self._ranking(place, least) for place in waiting})

    def _share_out(self, rankings: dict[int, Ranking]) -> None:
        """Each place gets its first that is free, those first of which it tells most."""
        waiting = [(-ranking[0][0], place, 0) for place, ranking in rankings.items() if ranking]
        heapq.heapify(waiting)
        while waiting:
            _, place, at = heapq.heappop(waiting)
            number = rankings[place][at][1]
            if self._is_free(number, place):
                self.given[place].append(number)
                self.taken |= {self._key(number)}
            elif at + 1 < len(rankings[place]):
                heapq.heappush(waiting, (-rankings[place][at + 1][0], place, at + 1))

    def _is_free(self, number: int, place: int) -> bool:
        """Whether no place has it, and this one nothing that is much the same."""
        here = [stem for other in self.given[place] for stem in self._key(other).split()]
        stems = self._key(number).split()
        return self._key(number) not in self.taken and not any(are_akin(one, other) for one in stems for other in here)

    def _ranking(self, place: int, least: float) -> Ranking:
        inside, size = self.counts[place], int(self.sizes[place])
        found = np.flatnonzero(inside >= max(FEWEST, math.ceil(SHARED * size)))
        sure = surely(inside[found], size, self.everywhere[found] - inside[found], len(self.places) - size)
        weights = sure * (inside[found] / self.everywhere[found]) ** HERE * (inside[found] / size) ** COVERED
        rows = [row for row in np.flatnonzero(sure >= least).tolist() if self._is_name(int(found[row]))]
        phrases = self._phrases([int(found[row]) for row in rows], inside)
        ranking: dict[int, float] = {}
        for row in rows:
            number = int(found[row])
            weight = float(weights[row]) * (PHRASE if self._is_phrase(number) else 1)
            ranking[number] = max(weight, ranking.get(number, 0.0))
            fuller = phrases.get(self._key(number), number)
            if inside[fuller] >= STANDS_FOR * inside[number]:
                ranking[fuller] = max(weight, ranking.get(fuller, 0.0))
        ordered = sorted(ranking, key=lambda number: (-ranking[number], not self._is_phrase(number), number))
        return [(ranking[number], number) for number in ordered]

    def _phrases(self, numbers: list[int], inside: Ids) -> dict[str, int]:
        """By each word the commonest phrase in which it is."""
        found: dict[str, int] = {}
        for number in numbers:
            if self._is_phrase(number):
                for stem in self._key(number).split():
                    if stem not in found or inside[number] > inside[found[stem]]:
                        found[stem] = number
        return found

    def _is_phrase(self, number: int) -> bool:
        return " " in self._key(number)

    def _is_name(self, number: int) -> bool:
        return self._is_phrase(number) or is_thing(self.words[number])

    def _key(self, number: int) -> str:
        if number not in self.keys:
            self.keys[number] = key_of(self.words[number])
        return self.keys[number]
