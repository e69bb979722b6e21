"""The words of the collection and how common each is: what tells a rare word from a slip of the keyboard.

A small file beside the index, read from the passages and replaced whole; it may lag behind them a little, so whoever
shows a word from here looks first whether the reader may see where it stands.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Mod

from kb.models import Entry
from search.analysis import words as stems
from search.models import Passage

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
VOWELS = re.compile(r"[aeiouy]")
FORMAT = 1
MOST_WORDS = 60_000
# Reading more passages than this would make each word's share no more exact.
SAMPLE = 100_000
# Where fewer passages than these came or went, by share, the words are still those of the collection.
DRIFT = 0.02
SMALL = 2_000
# Two entries may share a quotation; what stands in more of them says nothing about any.
RECURS = 3
LONGEST = 40
BUCKETS = 32
AT_ONCE = 2000


class Near(NamedTuple):
    """A word of the collection that is spelled like another."""

    word: str
    distance: int
    times: int


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """`counts` says in how many passages each word, folded, occurs, of `passages` in all. `recurring` are the keys of
    texts that stand in several entries."""

    passages: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    recurring: frozenset[str] = frozenset()
    stamp: tuple[int, ...] = ()

    def idf(self, stem: str) -> float:
        """How much it tells that a passage has a word of this stem; the rarer, the more."""
        return math.log(1 + (self.passages + 1) / (self._stems.get(stem, 0) + 0.5))

    def knows(self, word: str) -> bool:
        """Whether the word, or another form of it, occurs in the collection."""
        return fold(word) in self.counts or any(stem in self._stems for stem in stems(word))

    def near(self, word: str, most: int) -> list[Near]:
        """Words within `most` slips of this one (a letter more, less, another, or two swapped), the likeliest first.
        Takes a millisecond."""
        wanted = fold(word)
        words, counts, lengths, letters = self._table
        close = np.flatnonzero(np.abs(lengths - len(wanted)) <= most)
        # A slip changes the letters by one more or less, or by one in and one out.
        apart = np.abs(letters[close] - _letters(wanted)).sum(axis=1)
        found = []
        for row in close[apart <= 2 * most].tolist():
            distance = slips(wanted, words[row], most)
            if 0 < distance <= most:
                found.append(Near(words[row], distance, counts[row]))
        return sorted(found, key=lambda near: _unlikely(wanted, near))

    @cached_property
    def _stems(self) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        for word, count in self.counts.items():
            for stem in stems(word):
                found[stem] = max(found[stem], count)
        return dict(found)

    @cached_property
    def _table(self) -> tuple[list[str], list[int], np.ndarray, np.ndarray]:
        words = list(self.counts)
        lengths = np.array([len(word) for word in words], np.int16)
        letters = np.zeros((len(words), BUCKETS), np.int8)
        for row, word in enumerate(words):
            letters[row] = _letters(word)
        return words, list(self.counts.values()), lengths, letters


def fold(word: str) -> str:
    """Without case and accents: under this form two spellings of a word are the same."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("’", "'")


def slips(one: str, other: str, most: int) -> int:
    """How many slips lie between two words (optimal string alignment), or `most` + 1 where they are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return row[-1]


def key(text: str) -> str:
    """What two equal texts have in common, whatever their white space."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:16]


_current = Vocabulary()


def current() -> Vocabulary:
    """The words as they were last gathered; none before that."""
    global _current
    stamp = _stamp()
    if stamp != _current.stamp:
        _current = _read(stamp)
    return _current


def follow() -> None:
    """Gather the words anew where the passages have become others since; for the one that writes to the index."""
    now, known = Passage.objects.count(), current()
    if now < SMALL or abs(now - known.passages) > DRIFT * now:
        gather()


def gather() -> None:
    """Read the passages and replace the file."""
    total = Passage.objects.count()
    share = max(1, -(-total // SAMPLE))
    counts: Counter[str] = Counter()
    where: defaultdict[str, set[int]] = defaultdict(set)
    chosen = Passage.objects.order_by()
    if share > 1:
        chosen = chosen.annotate(part=Mod(F("pk"), share)).filter(part=0)
    for entry_id, source, text in chosen.values_list("entry_id", "source", "text").iterator(AT_ONCE):
        counts.update({fold(word): share for word in WORD.findall(text)})
        if source != "reference":
            where[key(text)].add(entry_id)
    for title in Entry.objects.order_by().values_list("title", flat=True).iterator(AT_ONCE):
        counts.update({fold(word) for word in WORD.findall(title)})
    written = {
        "format": FORMAT,
        "passages": total,
        "words": {word: count for word, count in counts.most_common(MOST_WORDS) if len(word) <= LONGEST},
        "recurring": sorted(key for key, entries in where.items() if len(entries) >= RECURS),
    }
    beside = _path().with_suffix(f".{os.getpid()}.new")
    beside.write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    beside.replace(_path())


def _unlikely(typed: str, near: Near) -> tuple[object, ...]:
    """Few slips before many; the first letter is seldom wrong, a vowel or a doubled letter more often than another,
    and a letter is rather left out than put in another's place. Then the commonest."""
    rest = iter(near.word)
    is_shortened = all(letter in rest for letter in typed)
    return (
        near.distance,
        near.word[0] != typed[0],
        _skeleton(near.word) != _skeleton(typed),
        not is_shortened,
        -near.times,
        near.word,
    )


def _skeleton(word: str) -> str:
    return "".join(letter for letter, _ in groupby(VOWELS.sub("", word)))


def _letters(word: str) -> np.ndarray:
    found = np.zeros(BUCKETS, np.int8)
    for letter in word:
        found[ord(letter) % BUCKETS] += 1
    return found


def _read(stamp: tuple[int, ...]) -> Vocabulary:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        read = json.loads(_path().read_text("utf-8"))
        if read["format"] == FORMAT:
            return Vocabulary(read["passages"], read["words"], frozenset(read["recurring"]), stamp)
    return Vocabulary(stamp=stamp)


def _stamp() -> tuple[int, ...]:
    try:
        stat = os.stat(_path())
    except OSError:
        return ()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _path() -> Path:
    return Path(settings.KB_DATA_DIR) / "vocabulary.json"
