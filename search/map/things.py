"""Which words may be what something is called, as far as that can be told without a dictionary: in English."""

import re

from search.analysis import word_spans

Span = tuple[str, int, int]
"""The stem of a word, and where it stands."""

POSSESSIVE = re.compile(r"['’]s\Z")
DONE_OR_HOW = re.compile(r"[^ ]{3,}(?:(?<!e)ed|edly|ally|ely|ously|ntly)\Z", re.IGNORECASE)
DONE = {
    *("became", "began", "came", "fell", "found", "gave", "got", "hit", "kept", "led", "left", "lost", "made"),
    *("misread", "put", "ran", "said", "sang", "saw", "sent", "shot", "shown", "sold", "spoke", "stole", "taken"),
    *("told", "took", "went", "won", "wrote", "written"),
}
LONGEST_NAME, MOST_WORDS = 40, 4
NOTHING = {"none", "unknown", "other", "others", "n/a", "na", "not applicable", "unclear", "various", "multiple"}
# What relates things, besides the words that a search passes over.
FUNCTION = {
    *(
        "across",
        "already",
        "another",
        "many",
        "much",
        "several",
        "just",
        "also",
        "although",
        "among",
        "amid",
        "anyone",
        "became",
        "become",
        "becomes",
        "despite",
    ),
    *("either", "else", "enough", "even", "ever", "everybody", "everyone", "every", "everywhere", "instead"),
    *("later", "less", "like", "may", "maybe", "might", "must", "near", "neither", "never", "nobody", "nor"),
    *("nothing", "often", "one", "onto", "otherwise", "per", "rather", "shall", "since", "someone", "something"),
    *("sometimes", "soon", "still", "though", "toward", "towards", "two", "unless", "unlike", "via", "whether"),
    *("whoever", "whose", "within", "without", "yet"),
}
# What reports say of anything, in stems, and how much of it there is.
OF_ANYTHING = {
    *("use", "user", "alleg", "report", "incid", "involv", "includ", "claim", "caus", "result", "issu"),
    *("system", "technolog"),
    *("time", "day", "week", "month", "year", "hour", "dollar", "number", "set", "thing", "way"),
    *("ten", "dozen", "hundr", "thousand", "million", "billion", "trillion"),
    *("peopl", "person", "faster", "better", "wors", "wrong"),
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
    """Whether two words that stand together may be what something is called."""
    (stem, begin, stop), (other, start, end) = first, second
    said = text[begin:stop]
    if stem == other or stem in OF_ANYTHING or said.lower() in DONE or is_of_somebody(said):
        return False
    return is_thing(text[start:end])


def are_akin(one: str, other: str) -> bool:
    """Whether two stems are of one word.

    >>> are_akin("face", "facial"), are_akin("chatgpt", "chatbot")
    (True, False)
    """
    short, long = sorted((one, other), key=len)
    return long.startswith(short[: max(3, len(short) - 1)])


def is_of_somebody(word: str) -> bool:
    """Whether what follows is the word's own."""
    return POSSESSIVE.search(word) is not None


def without_s(words: str) -> str:
    """`OpenAI` for `OpenAI's`."""
    return POSSESSIVE.sub("", words)


def key_of(words: str) -> str:
    """By what words are the same, however they are spelled: their stems in a row."""
    return " ".join(stem for stem, _, _ in word_spans(words) if stem)
