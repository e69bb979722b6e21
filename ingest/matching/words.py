"""Texts as words, and as fingerprints that tell how much of two texts is the same."""

import re
import sys
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

from datasketch import MinHash

SHINGLE = 3
PERMUTATIONS = 64
# Scripts that put no blanks between words are read two characters at a time.
_SOLID = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_PIECE = re.compile(rf"[{_SOLID}]+|[^\W_{_SOLID}]+(?:['’][^\W\d_]+)?")
# What stands in any account of anything.
_COMMON_WORDS = """
    a about after all also an and any are as at be been before being but by can could did do does for from had has
    have he her his how in into is it its may more most not of on or other our out over said she so some such than that
    the their them then there these they this through to under up used using was we were what when where which while
    who will with would you
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def words(text: str) -> list[str]:
    """The words that tell something, in their order: lower case, without accents, endings of plural and genitive.

    >>> words("The airline's chatbots, it said, gave café discounts")
    ['airline', 'chatbot', 'gave', 'cafe', 'discount']
    """
    return [word for word, _ in _read(text)]


def spelled(text: str) -> dict[str, str]:
    """Of each of its `words` how the text spells it first, but for case and accents."""
    found: dict[str, str] = {}
    for word, piece in _read(text):
        found.setdefault(word, piece)
    return found


@cache
def _family() -> MinHash:
    return MinHash(PERMUTATIONS, hashfunc=zlib.crc32)


def fingerprint(said: Sequence[str]) -> MinHash:
    """The MinHash of every run of SHINGLE words; of a shorter text, of its words together."""
    minhash = _family().copy()
    runs = {" ".join(said[i : i + SHINGLE]).encode() for i in range(max(len(said) - SHINGLE + 1, 1))}
    minhash.update_batch(sorted(runs))
    return minhash


def _read(text: str) -> Iterator[tuple[str, str]]:
    for piece in _PIECE.findall(text.casefold() if text.isascii() else _plain(text)):
        if re.match(f"[{_SOLID}]", piece):
            yield from ((piece[i : i + 2], piece) for i in range(max(len(piece) - 1, 1)))
        elif piece not in _COMMON:
            yield sys.intern(_stem(piece)), piece  # a word of ten thousand entries is held once


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).casefold()


def _stem(word: str) -> str:
    word = re.sub(r"['’].*", "", word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
