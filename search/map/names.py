"""Names for the places of a map: what each says more often than all the others, and no two the same."""

import heapq
from collections.abc import Sequence

import numpy as np

from search.engines.base import Ids
from search.map.ranking import SURE, Ranker, Ranking

NAMED_BY = 2
FOR_A_NAME = 2.7  # how sure it has to be that a place has a word more often than the others


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
        many = int(places.max(initial=-1)) + 1
        counts = np.bincount(places[owner] * len(words) + terms, minlength=many * len(words))
        self.counts = counts.reshape(many, len(words)) if words else np.zeros((many, 0), np.int64)
        self.ranker = Ranker(words, self.counts.sum(axis=0), len(places))
        self.sizes = np.bincount(places, minlength=many)
        self.given: list[list[int]] = [[] for _ in range(many)]
        self.taken: set[str] = set()

    def give(self, least: float, already: int) -> None:
        """One more to each place that has so many."""
        waiting = [place for place, given in enumerate(self.given) if len(given) == already]
        self._share_out({place: self._ranking(place, least) for place in waiting})

    def _ranking(self, place: int, least: float) -> Ranking:
        return self.ranker.ranking(self.counts[place], int(self.sizes[place]), least)

    def _share_out(self, rankings: dict[int, Ranking]) -> None:
        """Each place gets its first that is free, those first of which it tells most."""
        waiting = [(-ranking[0][0], place, 0) for place, ranking in rankings.items() if ranking]
        heapq.heapify(waiting)
        while waiting:
            _, place, at = heapq.heappop(waiting)
            number = rankings[place][at][1]
            if self._is_free(number, place):
                self.given[place].append(number)
                self.taken |= {self.ranker.key(number)}
            elif at + 1 < len(rankings[place]):
                heapq.heappush(waiting, (-rankings[place][at + 1][0], place, at + 1))

    def _is_free(self, number: int, place: int) -> bool:
        """Whether no place has it, and this one nothing that is much the same."""
        return self.ranker.key(number) not in self.taken and not self.ranker.is_akin(number, self.given[place])
