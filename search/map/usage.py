"""Whether a collection uses a word for a thing or for a deed, which the words beside it tell in all texts together.

Where a word stands in one text often does not: *the labels disagree*. But what is elsewhere told of *they*, or is done
*to* somebody, is a deed, and what has *the* before it and *of* after it a thing.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from search.analysis import word_spans
from search.map.things import is_thing
from search.text import read_text

HYPHENS = ("-", "\u2010", "\u2011")
BETWEEN = (" ", *HYPHENS)  # what two words that belong together have between them
# Before these it says what is done to something: "put the man".
AFTER_DEEDS = {
    *("a", "an", "the", "its", "their", "his", "her", "my", "our", "your", "this", "these", "those", "it", "them"),
    *("him", "us", "me", "every", "each", "some", "any"),
    *("tens", "dozens", "hundreds", "thousands", "millions", "billions"),
}
# Those of them that stand for things, and not before some.
OBJECTS = {"it", "them", "him", "us", "me"}
DETERMINERS = AFTER_DEEDS - OBJECTS | {
    *("all", "another", "both", "few", "many", "no", "other", "several", "such", "whose"),
}
PREPOSITIONS = {
    *("about", "across", "after", "against", "among", "at", "before", "between", "by", "despite", "during", "for"),
    *("from", "in", "into", "like", "of", "on", "onto", "over", "per", "than", "through", "under", "via", "with"),
    *("within", "without"),
}
# What comes after the last word of what something is called.
GOING_ON = {
    *("and", "as", "because", "but", "if", "instead", "nor", "not", "or", "to", "when", "where", "while"),
    *("are", "can", "could", "did", "do", "does", "had", "has", "have", "is", "may", "might", "must", "should"),
    *("that", "was", "were", "which", "who", "will", "would"),
}
BEFORE_A_DEED = {
    *("can", "cannot", "can't", "could", "couldn't", "did", "didn't", "do", "does", "doesn't", "don't", "let", "lets"),
    *("let's", "may", "might", "must", "never", "shall", "should", "will", "won't", "would", "wouldn't"),
    *("he", "i", "it", "she", "they", "we", "who", "you"),
}
# What may stand between these and the deed.
ADVERBS = {"actually", "also", "always", "even", "not", "now", "often", "only", "still", "then"}
# After *the experts* something is told of them: *disagree*, *ahead*.
PLURAL = re.compile(r"[a-z]{3,}(?<![siu])s\Z")
# How surely a place is one of deeds: what follows a plural or *to* may be called so (*civil rights law*, *to customer
# support*). Less than so much may be slips, and so many times as much it has to be as a word is a thing.
SURELY, PERHAPS = 2, 1
FEWEST, SELDOM = 3, 4


class Usage:
    """How often some texts, in English, have a word in a place of things, and before a hyphen; how often and how surely
    in one of deeds."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.things: Counter[str] = Counter()
        self.deeds: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()
        for text in texts:
            self._read(read_text(text))

    def is_deed(self, word: str) -> bool:
        """Whether it is seldom anything but a deed. A name, which has a capital, is none.

        >>> usage = Usage(["They help people.", "We help.", "It did not help.", "With the help of us", "They say it."])
        >>> [word for word in ("help", "Help", "say", "people") if usage.is_deed(word)]
        ['help']
        """
        return word.islower() and self.deeds[word] >= max(FEWEST, SELDOM * self.things[word] + 1)

    def is_part(self, word: str) -> bool:
        """Whether it begins words with a hyphen, as in *fine-tuned*, more often than it is a thing. A name does not."""
        return word.islower() and self.parts[word] > self.things[word]

    def _read(self, text: str) -> None:
        spans = [(start, stop) for _, start, stop in word_spans(text)]
        words = [text[start:stop].lower() for start, stop in spans]
        between = [text[one[1] : other[0]] for one, other in pairwise(spans)]
        for at, word in enumerate(words):
            if not text[spans[at][0] : spans[at][1]].islower():
                continue
            before = words[at - 1] if at and between[at - 1] in BETWEEN else ""
            after = words[at + 1] if at < len(between) and between[at] in BETWEEN else ""
            if after and between[at] in HYPHENS:
                self.parts[word] += 1
                continue
            if before and between[at - 1] in HYPHENS:
                continue
            subject = words[at - 2] if before in ADVERBS and at > 1 and between[at - 2] in BETWEEN else before
            if surely := _is_done(word, subject, before, after):
                self.deeds[word] += surely
            elif (before in DETERMINERS or before in PREPOSITIONS) and _is_over(after):
                self.things[word] += 1


def _is_done(word: str, subject: str, before: str, after: str) -> int:
    """How surely a word stands where something is done, 0 for not at all; `subject` is what is before it, and before
    the adverbs in between."""
    if subject in BEFORE_A_DEED:
        return SURELY
    ends_in_s = word.endswith("s")
    if subject == "to":
        return SURELY if after in AFTER_DEEDS else PERHAPS if after and not ends_in_s and not _is_over(after) else 0
    told_of = PLURAL.match(before) and before not in GOING_ON | DETERMINERS | PREPOSITIONS
    return PERHAPS if told_of and not ends_in_s and is_thing(word) and _is_over(after) else 0


def _is_over(after: str) -> bool:
    return not after or after in PREPOSITIONS or after in GOING_ON or after in AFTER_DEEDS
