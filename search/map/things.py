"""Which words may be what something is called, as far as that can be told without a dictionary: in English."""

import re

from search.analysis import word_spans

Span = tuple[str, int, int]
"""The stem of a word, and where it stands."""

BETWEEN = (" ", "-", "\u2010", "\u2011")  # what two words that are one thing have between them
POSSESSIVE = re.compile(r"['’]s\Z")
DONE_OR_HOW = re.compile(r"[^ ]{3,}(?:(?<!e)ed|edly|ally|ely|ously|ntly)\Z", re.IGNORECASE)
DONE = {
    *("became", "began", "came", "fell", "found", "gave", "got", "hit", "kept", "led", "left", "lost", "made"),
    *("misread", "put", "ran", "said", "sang", "saw", "sent", "shot", "shown", "sold", "spoke", "stole", "taken"),
    *("told", "took", "went", "won", "wrote", "written"),
}
LONGEST_NAME, MOST_WORDS = 40, 4
NOTHING = {"none", "unknown", "other", "others", "n/a", "na", "not applicable", "unclear", "various", "multiple"}
# What reports say of anything, in stems, and what relates one thing to another.
OF_ANYTHING = {
    *("use", "user", "alleg", "report", "incid", "involv", "includ", "claim", "caus", "result", "issu"),
    *("system", "technolog"),
    *("onto", "near", "across", "despit", "via", "among", "amid", "toward"),
}


def is_name(words: str) -> bool:
    """Whether a tag or a fact is short enough to call something by, and says something.

    >>> [words for words in ("face recognition", "None", "loss of a chance that others had") if is_name(words)]
    ['face recognition']
    """
    return len(words) <= LONGEST_NAME and len(words.split()) <= MOST_WORDS and words.lower() not in NOTHING


def is_thing(word: str) -> bool:
    """Whether a word may be what something is called: not what was done, nor how, nor what reports say of anything.

    >>> [word for word in ("speed", "crashed", "falsely", "family", "alleged", "pricing") if is_thing(word)]
    ['speed', 'family', 'pricing']
    """
    return not (DONE_OR_HOW.match(word) or word.lower() in DONE or key_of(word) in OF_ANYTHING)


def is_thing_of_two(first: Span, second: Span, text: str) -> bool:
    """Whether two words in a row may be what something is called."""
    (stem, begin, stop), (other, start, end) = first, second
    if stem == other or stem in OF_ANYTHING or text[begin:stop].lower() in DONE or text[stop:start] not in BETWEEN:
        return False
    return is_thing(text[start:end])


def are_akin(one: str, other: str) -> bool:
    """Whether two stems are of one word.

    >>> are_akin("face", "facial"), are_akin("chatgpt", "chatbot")
    (True, False)
    """
    short, long = sorted((one, other), key=len)
    return long.startswith(short[: max(3, len(short) - 1)])


def without_s(words: str) -> str:
    """`OpenAI` for `OpenAI's`."""
    return POSSESSIVE.sub("", words)


def key_of(words: str) -> str:
    """By what words are the same, however they are spelled: their stems in a row."""
    return " ".join(stem for stem, _, _ in word_spans(words) if stem)
