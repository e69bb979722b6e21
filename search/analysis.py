"""How text becomes words: one analyzer for the index, for queries and for what is marked on the page.

Words are runs of letters, digits and marks in any script; scripts written without spaces give one word per character.
Words are folded to ASCII where that is possible, lower-cased and stemmed (English).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container
from functools import cache, lru_cache
from operator import itemgetter

import tantivy

from search.text import clean

ANALYZER = "precedent"
# Longer runs are data, not words; they are dropped from text and queries alike.
MAX_WORD_BYTES = 100
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
WORD = rf"[{UNSPACED}]|[[\p{{L}}\p{{N}}\p{{M}}]--[{UNSPACED}]]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?"
# The same words where a text has only Latin letters and the usual punctuation, as Python's own expressions find them.
LATIN = re.compile(r"[\x00-\u024f\u2010-\u2027\u2030-\u205e]*")
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


def word_spans(text: str, wanted: Container[str] | None = None) -> list[tuple[str, int, int]]:
    """`(stem, start, end)` for each word, or each whose stem is wanted; offsets in code points of `text` itself."""
    text = clean(text)
    if LATIN.fullmatch(text):
        if wanted is not None:
            return _places(text, wanted)
        found = ((word[0], word.start(), word.end()) for word in LATIN_WORD.finditer(text))
        return [(stem, start, end) for word, start, end in found if (stem := _stem(word))]
    spans = [
        (_stem(text[token.char_offset_from : token.char_offset_to]), token.char_offset_from, token.char_offset_to)
        for token in analyzer().pre_tokenize(text).tokens
    ]
    return spans if wanted is None else [span for span in spans if span[0] in wanted]


def _places(text: str, wanted: Container[str]) -> list[tuple[str, int, int]]:
    """`word_spans` of a Latin text: each word is looked at once, since a search meets thousands and marks a few."""
    asked = {word: stem for word in set(LATIN_WORD.findall(text)) if (stem := _stem(word)) and stem in wanted}
    if not asked:
        return []
    if not TAILS.isdisjoint(asked):  # these are also ends of words
        found = ((word[0], word.start(), word.end()) for word in LATIN_WORD.finditer(text))
        return [(asked[word], start, end) for word, start, end in found if word in asked]
    spans = []
    for word, stem in asked.items():
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            whole = LATIN_WORD.match(text, start)
            if whole and whole.end() == end and not (start and LATIN_WORD.match(text, start - 1)):
                spans.append((stem, start, end))
            start = text.find(word, end)
    return sorted(spans, key=itemgetter(1))


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Texts repeat their words, and searches mark hundreds of passages a second. Empty for what is no word."""
    return "".join(words(word))


@cache
def stop_stems() -> frozenset[str]:
    """Stems that carry no meaning of their own."""
    return frozenset(words(STOP_WORDS))


def query_terms(query: str) -> dict[str, int]:
    """Distinct stems of a query with how often each occurs; stop words only when there is nothing else.

    Never parsed as syntax: `title:x` is the two words 'title' and 'x', `NOT` is a stop word.
    """
    counts = Counter(words(query))
    meant = {stem: count for stem, count in counts.items() if stem not in stop_stems()}
    return meant or dict(counts)
