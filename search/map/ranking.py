"""Which words tell some entries of the map from all the others, the most telling first."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.engines.base import Ids
from search.map.things import are_akin, is_thing, key_of

# Some entries share a word when this share of them has it, and two at least; so sure (a z-score) has it to be that
# they have it more often than the others.
SHARED, FEWEST = 0.06, 2
SURE = 2.0
# What is two words says more than one of them alone, and stands for it where so many of the entries that have the word
# have both.
PHRASE, STANDS_FOR = 1.3, 0.5
# So much weighs which part of all that have a word is here, and which part of what is here has it.
HERE, COVERED = 0.5, 0.25
Ranking = list[tuple[float, int]]
"""Words by number, the most telling first, with their weights."""


class Telling(NamedTuple):
    """A word with how many of the entries have it, and how many of all the others."""

    word: str
    inside: int
    outside: int


class Ranker:
    """Ranks the words of a map, given by number, for parts of it; `everywhere` counts the entries that have each, and
    `total` all entries."""

    def __init__(self, words: Sequence[str], everywhere: Ids, total: int) -> None:
        self.words, self.everywhere, self.total = words, everywhere, total
        self._keys: dict[int, str] = {}

    def ranking(self, inside: Ids, size: int, least: float = SURE) -> Ranking:
        """What `size` entries say more often than the others, `inside` of them each word, as surely as `least`."""
        found = np.flatnonzero(inside >= max(FEWEST, math.ceil(SHARED * size)))
        sure = surely(inside[found], size, self.everywhere[found] - inside[found], self.total - size)
        weights = sure * (inside[found] / self.everywhere[found]) ** HERE * (inside[found] / size) ** COVERED
        rows = [row for row in np.flatnonzero(sure >= least).tolist() if self._is_name(int(found[row]))]
        phrases = self._phrases([int(found[row]) for row in rows], inside)
        ranking: dict[int, float] = {}
        for row in rows:
            number = int(found[row])
            weight = float(weights[row]) * (PHRASE if self._is_phrase(number) else 1)
            ranking[number] = max(weight, ranking.get(number, 0.0))
            fuller = phrases.get(self.key(number), number)
            if inside[fuller] >= STANDS_FOR * inside[number]:
                ranking[fuller] = max(weight, ranking.get(fuller, 0.0))
        ordered = sorted(ranking, key=lambda number: (-ranking[number], not self._is_phrase(number), number))
        return [(ranking[number], number) for number in ordered]

    def telling(self, inside: Ids, size: int, most: int) -> list[Telling]:
        """Up to `most` words of the ranking, none that says again what one before it said; none where these are all
        entries."""
        if size == self.total:
            return []
        found: list[int] = []
        for _, number in self.ranking(inside, size):
            if len(found) == most:
                break
            if not self._says_again(number, found):
                found.append(number)
        counts = [(number, int(inside[number])) for number in found]
        return [Telling(self.words[number], here, int(self.everywhere[number]) - here) for number, here in counts]

    def is_akin(self, number: int, others: Sequence[int]) -> bool:
        """Whether a word has much the same in it as any of the others."""
        stems = [stem for other in others for stem in self.key(other).split()]
        return any(are_akin(one, other) for one in self.key(number).split() for other in stems)

    def _says_again(self, number: int, others: Sequence[int]) -> bool:
        """Whether it is much the same as any of the others; of two phrases, which may be about sorts of one thing, the
        last words tell: *prompt injection* says more than *prompt engineering*, and *translation* no more than either
        of its kinds."""
        if not self._is_phrase(number):
            return self.is_akin(number, others)
        stems = self.key(number).split()
        phrases = [self.key(other).split() for other in others if self._is_phrase(other)]
        if any(are_akin(stems[-1], other[-1]) or set(stems) <= set(other) for other in phrases):
            return True
        return self.is_akin(number, [other for other in others if not self._is_phrase(other)])

    def key(self, number: int) -> str:
        if number not in self._keys:
            self._keys[number] = key_of(self.words[number])
        return self._keys[number]

    def _phrases(self, numbers: list[int], inside: Ids) -> dict[str, int]:
        """By each word the commonest phrase in which it is."""
        found: dict[str, int] = {}
        for number in numbers:
            if self._is_phrase(number):
                for stem in self.key(number).split():
                    if stem not in found or inside[number] > inside[found[stem]]:
                        found[stem] = number
        return found

    def _is_phrase(self, number: int) -> bool:
        return " " in self.key(number)

    def _is_name(self, number: int) -> bool:
        return self._is_phrase(number) or is_thing(self.words[number])


def surely(inside: Ids, count: int, outside: Ids, others: int) -> NDArray[np.float64]:
    """How sure it is that `inside` of `count` is more than `outside` of `others`: log odds by their standard error,
    with half an entry more on either side."""
    a, b = inside + 0.5, outside + 0.5
    odds = np.log(a / (count + 1 - a)) - np.log(b / (others + 1 - b))
    return odds / np.sqrt(1 / a + 1 / b)
