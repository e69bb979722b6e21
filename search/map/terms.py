"""Which words an entry has, and which of them tell some entries from the others."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.kinds import flatten
from kb.models import Entry
from search.analysis import stop_stems, word_spans
from search.engines.base import Ids
from search.map.things import Span, is_name, is_thing_of_two, key_of, without_s
from search.text import read_text

SHORTEST = 3
MOST_TERMS = 120
MOST_WORDS = 20_000
BODY_CHARS = 600
# Some entries share a word when this share of them has it, and two at least; so sure (a z-score) has it to be that
# they have it more often than the others. What is several words says more than one of them.
SHARED, FEWEST = 0.06, 2
SURE = 2.0
PHRASE = 1.25
FACTS = ("technology", "techniques", "sector", "industry", "harms")
Said = dict[str, str]
"""What an entry says: its stems, and of what is several words its stems in a row, each as it is spelled there."""


class Telling(NamedTuple):
    """A word with how many of the entries have it, and how many of all the others."""

    word: str
    inside: int
    outside: int


class Words:
    """The words of a collection by number, each in its commonest spelling; what one entry says alone is none."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self._numbers = {key_of(word): number for number, word in enumerate(words)}

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
    """What an entry is about: its tags and facts, the words of its summary (or the beginning of its body) and its
    title, and the pairs of these that stand beside each other."""
    found: Said = {}
    pairs: Said = {}
    facts = flatten({name: entry.facts[name] for name in FACTS if name in entry.facts})
    for name in (*(tag.name for tag in entry.tags.all()), *facts):
        words = name.replace("-", " ").replace("_", " ")
        if is_name(words) and (key := key_of(words)):
            found.setdefault(key, words)
    stop = stop_stems()
    for text in map(read_text, (entry.summary or entry.body[:BODY_CHARS], entry.title)):
        before: Span | None = None
        for stem, start, end in word_spans(text):
            if end - start < SHORTEST or not stem or stem in stop or stem.isdecimal():
                before = None
                continue
            found.setdefault(stem, without_s(text[start:end]))
            if before and is_thing_of_two(before, (stem, start, end), text):
                pairs.setdefault(f"{before[0]} {stem}", without_s(text[before[1] : end]))
            before = stem, start, end
    return found | {key: words for key, words in pairs.items() if key not in found}


def telling(words: list[str], inside: Ids, count: int, everywhere: Ids, total: int, most: int) -> list[Telling]:
    """Up to `most` words that `count` of `total` entries have more often than the others, the surest first; of words
    that have a stem in common one. `inside` and `everywhere` count the entries with each word.
    """
    outside, others = everywhere - inside, total - count
    if not others:
        return []
    candidates = np.flatnonzero(inside >= max(FEWEST, math.ceil(SHARED * count)))
    sure = surely(inside[candidates], count, outside[candidates], others)
    rows = np.flatnonzero(sure >= SURE)
    # A tag goes before the words in it, as long as it is not much rarer.
    weight = [sure[row] * (PHRASE if " " in words[candidates[row]] else 1) for row in rows.tolist()]
    found: list[Telling] = []
    taken: set[str] = set()
    for row in rows[np.argsort(-np.array(weight), kind="stable")].tolist():
        number = int(candidates[row])
        stems = set(key_of(words[number]).split())
        if not stems & taken:
            taken |= stems
            found.append(Telling(words[number], int(inside[number]), int(outside[number])))
        if len(found) == most:
            break
    return found


def surely(inside: Ids, count: int, outside: Ids, others: int) -> NDArray[np.float64]:
    """How sure it is that `inside` of `count` is more than `outside` of `others`: log odds by their standard error,
    with half an entry more on either side."""
    a, b = inside + 0.5, outside + 0.5
    odds = np.log(a / (count + 1 - a)) - np.log(b / (others + 1 - b))
    return odds / np.sqrt(1 / a + 1 / b)


def _spelling(spelled: Counter[str]) -> str:
    """The commonest; of equals the one with fewer capitals, which may only have begun a sentence."""
    return max(spelled, key=lambda word: (spelled[word], -sum(map(str.isupper, word)), word))
