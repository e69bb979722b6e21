"""Codes of languages: ISO 639-2 has three letters for what most sources, and readers, say with two."""

import re

from ingest.records import MAX_LANGUAGE

TWO_LETTERS = {
    "ara": "ar",
    "chi": "zh",
    "deu": "de",
    "dut": "nl",
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "ger": "de",
    "hin": "hi",
    "ita": "it",
    "jpn": "ja",
    "kor": "ko",
    "nld": "nl",
    "pol": "pl",
    "por": "pt",
    "rus": "ru",
    "spa": "es",
    "swe": "sv",
    "tur": "tr",
    "ukr": "uk",
    "zho": "zh",
}
NAMES = {
    "arabic": "ar",
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
}


def two_letters(said: str) -> str:
    """The code of a language from its code or English name; '' for what is neither.

    >>> [two_letters(said) for said in ("eng", "English", "en-GB", "en_US", "de", "tlh", "American English")]
    ['en', 'en', 'en-GB', 'en-US', 'de', 'tlh', '']
    """
    said = said.strip()
    known = TWO_LETTERS.get(said.lower()) or NAMES.get(said.lower())
    if known:
        return known
    if len(said) > MAX_LANGUAGE:
        return ""
    return said.replace("_", "-") if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", said) else ""
