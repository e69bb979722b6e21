"""Which words an entry has for the map, and their numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from kb.kinds import flatten
from kb.models import Entry
from search.map.ranking import FEWEST
from search.map.reading import things_in, words_in
from search.map.things import is_name, key_of
from search.map.usage import Usage
from search.text import read_text

MOST_TERMS = 120
MOST_WORDS = 20_000
BODY_CHARS = 600
FACTS = ("technology", "techniques", "sector", "industry", "harms")
Said = dict[str, str]
"""What an entry says: its stems, and of what is several words its stems in a row, each as it is spelled there."""


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


def usage_in(entries: Iterable[Entry]) -> Usage:
    """How the texts of these entries use their words."""
    return Usage(text for entry in entries if _is_english(entry) for text in (entry.title, entry.summary, entry.body))


def said_by(entry: Entry, usage: Usage | None = None) -> Said:
    """What an entry is about: its tags and facts, the words of its summary (or the beginning of its body) and its
    title, and pairs of words that stand there together. Of a text in English only what is called something, as far as
    its words and how the collection uses them tell."""
    found: Said = {}
    pairs: Said = {}
    facts = flatten({name: entry.facts[name] for name in FACTS if name in entry.facts})
    for name in (*(tag.name for tag in entry.tags.all()), *facts):
        words = name.replace("-", " ").replace("_", " ")
        if is_name(words) and (key := key_of(words)):
            found.setdefault(key, words)
    for text in map(read_text, (entry.summary or entry.body[:BODY_CHARS], entry.title)):
        for key, words in things_in(text, usage) if _is_english(entry) else words_in(text):
            (pairs if " " in key else found).setdefault(key, words)
    return found | {key: words for key, words in pairs.items() if key not in found}


def _is_english(entry: Entry) -> bool:
    return entry.language.partition("-")[0] in ("", "en")


def _spelling(spelled: Counter[str]) -> str:
    """The commonest; of equals the one with fewer capitals, which may only have begun a sentence."""
    return max(spelled, key=lambda word: (spelled[word], -sum(map(str.isupper, word)), word))
