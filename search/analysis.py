"""How text becomes words: one analyzer for the index, for queries and for what is marked on the page.

Words are runs of letters, digits and marks in any script; scripts written without spaces give one word per character.
Words are folded to ASCII where that is possible, lower-cased and stemmed (English).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType

import tantivy

from search.text import clean

ANALYZER = "precedent"
# Longer runs are data, not words; they are dropped from text and queries alike.
MAX_WORD_BYTES = 100
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
WORD = rf"[{UNSPACED}]|[[\p{{L}}\p{{N}}\p{{M}}]--[{UNSPACED}]]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?"
# The same words where a text has only Latin letters and the usual punctuation, as Python's own expressions find them.
LATIN = re.compile(r"[\x00-\u024f\u2010-\u2027\u2030-\u205e]*")
# Where no letter is folded, a word begins with its stem but for the last letter of that, or for two of these.
PLAIN = re.compile(r"[\x00-\x7f\u2010-\u2027\u2030-\u205e]*")
SHORTENED_MORE = {"die", "lie", "tie"}
LATIN_WORD = re.compile(r"[^\W_]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?")
TAILS = {"s", "t", "re", "ve", "ll", "d", "m"}

STOP_WORDS = (
    "a about above after again against all am an and any are aren't as at be because been before being below between "
    "both but by can can't could couldn't did didn't do does doesn't doing don't down during each few for from further "
    "had hadn't has hasn't have haven't having he her here hers herself him himself his how i if in into is isn't it "
    "its itself let's me more most mustn't my myself no nor not of off on once only or other ought our ours ourselves "
    "out over own same shan't she should shouldn't so some such than that the their theirs them themselves then there "
    "these they this those through to too under until up upon very was wasn't we were weren't what when where which "
    "while who whom why will with won't would wouldn't you your yours yourself yourselves"
)


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """The analyzer to register with an index under the name `ANALYZER`."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(WORD))
    for step in (
        tantivy.Filter.remove_long(MAX_WORD_BYTES),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.lowercase(),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()


def normal(text: str) -> str:
    """`clean` text in composed form, so 'e' + accent and 'é' are one word."""
    return text if text.isascii() else unicodedata.normalize("NFKC", clean(text))


def words(text: str) -> list[str]:
    """The stems in `text`, in order, repeated as often as they occur."""
    return analyzer().analyze(normal(text))


def word_spans(text: str, wanted: frozenset[str] | None = None) -> list[tuple[str, int, int]]:
    """`(stem, start, end)` for each word, or each whose stem is wanted; offsets in code points of `text` itself."""
    text = clean(text)
    if text.isascii() or LATIN.fullmatch(text):
        if wanted is not None:
            return _places(text, wanted)
        found = ((word[0], word.start(), word.end()) for word in LATIN_WORD.finditer(text))
        return [(stem, start, end) for word, start, end in found if (stem := _stem(word))]
    spans = [
        (_stem(text[token.char_offset_from : token.char_offset_to]), token.char_offset_from, token.char_offset_to)
        for token in analyzer().pre_tokenize(text).tokens
    ]
    return spans if wanted is None else [span for span in spans if span[0] in wanted]


def _places(text: str, wanted: frozenset[str]) -> list[tuple[str, int, int]]:
    """`word_spans` of a Latin text: a search meets thousands of words and marks a few, so only those are looked at that
    may be asked for."""
    if text.isascii() or PLAIN.fullmatch(text):
        found = _beginning_with(text, _beginnings(wanted))
    else:
        found = [(word[0], word.start(), word.end()) for word in LATIN_WORD.finditer(text)]
    return [(stem, start, end) for word, start, end in found if (stem := _stem(word)) and stem in wanted]


def _beginning_with(text: str, beginnings: Iterable[str]) -> list[tuple[str, int, int]]:
    """The words that begin so, in any case."""
    folded, found = text.lower(), {}
    for beginning in beginnings:
        start = folded.find(beginning)
        while start >= 0:
            if not (start and folded[start - 1].isalnum()) and (word := LATIN_WORD.match(text, start)):
                found[start] = word[0], start, word.end()
            start = folded.find(beginning, start + 1)
    # What follows an apostrophe may be the end of the word before it.
    return [found[at] for at in sorted(found) if not (at and text[at - 1] in "'’" and _is_tail(text, *found[at]))]


def _is_tail(text: str, word: str, start: int, end: int) -> bool:
    return word in TAILS and start > 1 and text[start - 2].isalnum()


@lru_cache(maxsize=16)
def _beginnings(stems: frozenset[str]) -> list[str]:
    """What a word begins with, in lower case, if it has one of these stems."""
    return [stem[: -2 if stem in SHORTENED_MORE else -1] or stem for stem in stems]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Texts repeat their words, and searches mark hundreds of passages a second. Empty for what is no word."""
    return "".join(words(word))


@cache
def stop_stems() -> frozenset[str]:
    """Stems that carry no meaning of their own."""
    return frozenset(words(STOP_WORDS))


@lru_cache(maxsize=64)
def query_terms(query: str) -> Mapping[str, int]:
    """Distinct stems of a query with how often each occurs; stop words only when there is nothing else.

    Never parsed as syntax: `title:x` is the two words 'title' and 'x', `NOT` is a stop word.
    """
    counts = Counter(words(query))
    meant = {stem: count for stem, count in counts.items() if stem not in stop_stems()}
    return MappingProxyType(meant or dict(counts))
