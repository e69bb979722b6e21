"""Which words an entry has, and which of them tell some entries from the others."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kb.models import Entry
from search.analysis import stop_stems, word_spans
from search.engines.base import Ids
from search.text import read_text

SHORTEST = 3
MOST_TERMS = 60
MOST_WORDS = 20_000
BODY_CHARS = 600
# Some entries share a word when this share of them has it, and two at least; so sure (a z-score) has it to be that
# they have it more often than the others. A tag of several words says more than one of its words.
SHARED, FEWEST = 0.06, 2
SURE, FOR_A_NAME = 2.0, 2.7
PHRASE = 1.25

Said = dict[str, str]
"""What an entry says: its stems, and its tags as their stems in a row, each as it is spelled there."""


class Telling(NamedTuple):
    """A word with how many of the entries have it, and how many of all the others."""

    word: str
    inside: int
    outside: int


class Words:
    """The words of a collection by number, each in its commonest spelling; what one entry says alone is none."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self._numbers = {_key(word): number for number, word in enumerate(words)}

    @classmethod
    def of(cls, entries: Iterable[Said]) -> "Words":
        counts: Counter[str] = Counter()
        spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for said in entries:
            counts.update(said.keys())
            for key, spelling in said.items():
                spelled[key][spelling] += 1
        common = [key for key, count in counts.most_common(MOST_WORDS) if count >= FEWEST]
        return cls([_spelling(spelled[key]) for key in common])

    def numbers(self, said: Said) -> list[int]:
        return [self._numbers[key] for key in said if key in self._numbers][:MOST_TERMS]


def said_by(entry: Entry) -> Said:
    """What an entry is about: its tags, and the words of its summary (or the beginning of its body) and its title."""
    found: Said = {}
    for tag in entry.tags.all():
        if key := _key(name := tag.name.replace("-", " ").replace("_", " ")):
            found.setdefault(key, name)
    stop = stop_stems()
    for text in (entry.summary or entry.body[:BODY_CHARS], entry.title):
        for stem, start, end in word_spans(read_text(text)):
            if end - start >= SHORTEST and stem and stem not in stop and not stem.isdecimal():
                found.setdefault(stem, text[start:end])
    return found


def telling(
    words: list[str], inside: Ids, count: int, everywhere: Ids, total: int, most: int, least: float = SURE
) -> list[Telling]:
    """Up to `most` words that `count` of `total` entries have more often than the others, the surest first; of words
    that have a stem in common one. `inside` and `everywhere` count the entries with each word.

    `least` is how sure that has to be: by log odds and their standard error, with half an entry more on either side, so
    that rare words weigh little.
    """
    outside, others = everywhere - inside, total - count
    if not others:
        return []
    candidates = np.flatnonzero(inside >= max(FEWEST, math.ceil(SHARED * count)))
    a, b = inside[candidates] + 0.5, outside[candidates] + 0.5
    odds = np.log(a / (count + 1 - a)) - np.log(b / (others + 1 - b))
    sure = odds / np.sqrt(1 / a + 1 / b)
    rows = np.flatnonzero(sure >= least)
    # A tag goes before the words in it, as long as it is not much rarer.
    weight = [sure[row] * (PHRASE if " " in words[candidates[row]] else 1) for row in rows.tolist()]
    found: list[Telling] = []
    taken: set[str] = set()
    for row in rows[np.argsort(-np.array(weight), kind="stable")].tolist():
        number = int(candidates[row])
        stems = set(_key(words[number]).split())
        if not stems & taken:
            taken |= stems
            found.append(Telling(words[number], int(inside[number]), int(outside[number])))
        if len(found) == most:
            break
    return found


def _key(words: str) -> str:
    return " ".join(stem for stem, _, _ in word_spans(words) if stem)


def _spelling(spelled: Counter[str]) -> str:
    """The commonest; of equals the one with fewer capitals, which may only have begun a sentence."""
    return max(spelled, key=lambda word: (spelled[word], -sum(map(str.isupper, word)), word))
