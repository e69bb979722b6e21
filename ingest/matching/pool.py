"""All entries that could be the same as another, indexed so that nobody compares each with each.

Which of them to compare with one is answered from three sides: near copies of its text (MinHash in bands), rare words
that its title and the beginning of its text share with theirs, and articles that both cite. Each side gives a bounded
number, so the work grows with the entries and not with their square.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import log, sqrt

from datasketch import MinHash, MinHashLSH

from ingest.matching.accounts import Account
from ingest.matching.comparable import COUNTED, Comparable
from ingest.matching.words import PERMUTATIONS, fingerprint, words

NEAR_COPY = 0.4  # Jaccard similarity from which the bands find a copy more often than not
LEAD = 120  # words of title and text in which an account says what it is about
QUOTED = 1_500  # characters that are held of a text once it is read
RARE_WORDS = 30
COMMON = 200  # a word, or a whole text, of more entries than that says nothing about any two of them
LIKELY = 25  # entries that one side gives


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """An entry as it is compared: `title` and `lead` are its words, `names` the words of its entities' names."""

    account: Account
    title: frozenset[str]
    lead: frozenset[str]
    names: frozenset[str]
    minhash: MinHash

    @property
    def articles(self) -> frozenset[str]:
        """What it rests on, and what others would cite it as."""
        return self.account.references | {" ".join(pair) for pair in self.account.identifiers}


class Rarity:
    """How much words tell, by the number of entries that have each: much when these are few."""

    def __init__(self, having: Mapping[str, int], entries: int) -> None:
        self._having = having
        self._entries = entries
        self._weights: dict[str, float] = {}
        self._lengths: dict[frozenset[str], float] = {}

    def weight(self, word: str) -> float:
        if word not in self._weights:
            self._weights[word] = log(1 + self._entries / max(self._having.get(word, 0), 1))
        return self._weights[word]

    def in_common(self, a: frozenset[str], b: frozenset[str]) -> float:
        """The cosine of two sets of words, each as long as it tells."""
        shared = a & b
        return self._length(shared) / sqrt(self._known_length(a) * self._known_length(b)) if shared else 0.0

    def _known_length(self, words: frozenset[str]) -> float:
        if words not in self._lengths:
            self._lengths[words] = self._length(words)
        return self._lengths[words]

    def _length(self, words: frozenset[str]) -> float:
        # In order, so that rounding is the same on every run.
        return sum(self.weight(word) ** 2 for word in sorted(words))


class Pool:
    """The readings of entries by their ids. `words` and `names` tell how rare words are in titles and texts, and in the
    names of entities, `may_be` which entries may be the same as one; `counted` are the namespaces in which one event
    has one number."""

    def __init__(self, accounts: Iterable[Account] = (), counted: frozenset[str] = COUNTED) -> None:
        self.readings: dict[int, Reading] = {}
        self.counted = counted
        self._numbers: dict[int, dict[str, set[str]]] = {}
        self._copies = MinHashLSH(NEAR_COPY, PERMUTATIONS)
        self._alike: Counter[int] = Counter()  # entries by what their texts are told by
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        self._by_article: defaultdict[str, list[int]] = defaultdict(list)
        names: Counter[str] = Counter()
        for one in accounts:
            self._put(one)
            names.update(self.readings[one.id].names)
        having = {word: len(ids) for word, ids in self._by_word.items()}
        kinds = ((id, reading.account.kind, self._numbers[id]) for id, reading in self.readings.items())
        self.may_be = Comparable(kinds, counted)
        self.words = Rarity(having, len(self.readings))
        self.names = Rarity(names, len(self.readings))

    def __contains__(self, id: int) -> bool:
        return id in self.readings

    def candidates(self, id: int) -> set[int]:
        """The entries that are worth comparing with this one; at most a few dozen."""
        reading = self.readings[id]
        citing = (self._by_article[article] for article in reading.articles)
        few = {other for others in citing if len(others) <= LIKELY for other in others if self.comparable(id, other)}
        if not len(self.may_be[id]):
            return few
        copies = (other for other in self._copies.query(reading.minhash) if self.comparable(id, other))
        return {*islice(copies, LIKELY), *self._sharing_words(reading), *few}

    def comparable(self, one: int, other: int) -> bool:
        """Whether they may be the same at all: two entries, both accounts of incidents or neither, and no database
        has a number of its own for each."""
        a, b = self.readings[one].account, self.readings[other].account
        return one != other and (a.kind == "incident") == (b.kind == "incident") and not self.are_two(one, other)

    def are_two(self, one: int, other: int) -> bool:
        """Whether some database numbers them differently."""
        mine, theirs = self._numbers[one], self._numbers[other]
        return any(mine[space].isdisjoint(theirs[space]) for space in mine.keys() & theirs.keys())

    def citing(self, article: str) -> int:
        """How many entries cite an article."""
        return len(self._by_article.get(article, ()))

    def _put(self, account: Account) -> None:
        title, text = words(account.title), words(account.text)
        names = frozenset(word for name in account.entities for word in words(name))
        lead = frozenset((title + text)[:LEAD])
        kept = replace(account, text=account.text[:QUOTED])
        reading = Reading(kept, frozenset(title), lead, names, fingerprint(title + text))
        self.readings[account.id] = reading
        numbers: defaultdict[str, set[str]] = defaultdict(set)
        for namespace, value in account.identifiers:
            if namespace in self.counted:
                numbers[namespace].add(value)
        self._numbers[account.id] = dict(numbers)
        text_told = hash(reading.minhash.digest().tobytes())
        self._alike[text_told] += 1
        # As with words. All copies of one text would be looked at for each of them: the square of their number.
        if self._alike[text_told] <= COMMON:
            self._copies.insert(account.id, reading.minhash, check_duplication=False)
        for word in lead:
            self._by_word[word].append(account.id)
        for article in reading.articles:
            self._by_article[article].append(account.id)

    def _sharing_words(self, reading: Reading) -> list[int]:
        """The entries with the heaviest words in common."""
        shared: defaultdict[int, float] = defaultdict(float)
        for word in sorted(reading.lead, key=lambda word: (len(self._by_word[word]), word))[:RARE_WORDS]:
            having = self._by_word[word]
            if len(having) > COMMON:
                break
            weight = self.words.weight(word) * (2 if word in reading.title else 1)
            for other in having:
                shared[other] += weight
        id = reading.account.id
        best = sorted(shared, key=lambda other: (-shared[other], other))
        return list(islice((other for other in best if self.comparable(id, other)), LIKELY))
