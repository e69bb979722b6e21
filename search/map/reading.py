"""What is called something in a text, as far as that can be told without a dictionary: from the words around it."""

from collections.abc import Iterator

from search.analysis import stop_stems, word_spans
from search.map.things import FUNCTION, Span, is_of_somebody, is_thing, is_thing_of_two, without_s
from search.map.usage import AFTER_DEEDS, BETWEEN, HYPHENS, Usage

SHORTEST = 3
# After these a word says what is done, or how something is: "to help", "which runs", "was wrong".
BEFORE_DEEDS = {
    *("to", "can", "could", "will", "would", "may", "might", "must", "shall", "should", "cannot", "not", "can't"),
    *("couldn't", "won't", "wouldn't", "don't", "doesn't", "didn't", "do", "does", "did", "never", "who", "which"),
    *("that", "they", "we", "you", "he", "she", "i", "it", "let", "lets", "is", "was", "are", "were", "be", "been"),
    *("being", "has", "had", "have", "how", "why", "when", "where", "then", "also"),
}
Said = Iterator[tuple[str, str]]
"""Stems in a row, and as they are spelled there."""


def things_in(text: str, usage: Usage | None = None) -> Said:
    """Words and pairs of words of an English text where they stand as what something is called, but for those that the
    collection seldom uses so.

    >>> [words for _, words in things_in("The bank asked a chatbot to help, and put the wrong man on a watch list.")]
    ['bank', 'chatbot', 'man', 'list', 'watch list']
    """
    spans, usage = list(word_spans(text)), usage or Usage()
    for at, span in enumerate(spans):
        before = spans[at - 1] if at and _are_together(spans[at - 1], span, text) else None
        after = spans[at + 1] if at + 1 < len(spans) and _are_together(span, spans[at + 1], text) else None
        if _is_empty(span, text) or (after and _word(after, text) in AFTER_DEEDS):
            continue
        if usage.is_deed(text[span[1] : span[2]]):
            continue
        if _is_last(span, after, text, usage) and not (before and _word(before, text) in BEFORE_DEEDS):
            yield span[0], without_s(text[span[1] : span[2]])
        if before and not _is_empty(before, text) and is_thing_of_two(before, span, text):
            yield f"{before[0]} {span[0]}", without_s(text[before[1] : span[2]])


def words_in(text: str) -> Said:
    """The words of a text whose language has other rules."""
    for span in word_spans(text):
        if not _is_empty(span, text):
            yield span[0], text[span[1] : span[2]]


def _is_last(span: Span, after: Span | None, text: str, usage: Usage) -> bool:
    """Whether a word is not only the first part of something."""
    if after is None or is_of_somebody(text[span[1] : span[2]]):
        return True
    if text[span[2] : after[1]] in HYPHENS and usage.is_part(text[span[1] : span[2]]):
        return False
    return _says_nothing(after, text) or not is_thing(text[after[1] : after[2]])


def _are_together(first: Span, second: Span, text: str) -> bool:
    return text[first[2] : second[1]] in BETWEEN


def _is_empty(span: Span, text: str) -> bool:
    return span[2] - span[1] < SHORTEST or not span[0] or span[0].isdecimal() or _says_nothing(span, text)


def _says_nothing(span: Span, text: str) -> bool:
    return span[0] in stop_stems() or _word(span, text) in FUNCTION


def _word(span: Span, text: str) -> str:
    return text[span[1] : span[2]].lower()
