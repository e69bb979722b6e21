"""Names of entities where a snapshot has only their slugs."""

import re

SMALL = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "that", "the", "to", "who", "with"}
)
CAPITALS = frozenset({"ai", "eu", "fbi", "gpt", "llc", "uk", "us", "usa"})


def humanised(slug: str) -> str:
    """A readable name, as near as a slug allows: hyphens become blanks, words are capitalised, the rest stays.

    >>> [humanised(slug) for slug in ("x-(twitter)-users", "qure.ai", "bank-of-america", "stability-ai", "--")]
    ['X (Twitter) Users', 'Qure.ai', 'Bank of America', 'Stability AI', '--']
    """
    words = slug.replace("-", " ").split()
    return " ".join(_word(word, first=place == 0) for place, word in enumerate(words)) or slug


def _word(word: str, first: bool) -> str:
    if word in CAPITALS:
        return word.upper()
    if word in SMALL and not first:
        return word
    return re.sub(r"^(\W*)(\w)", lambda match: match[1] + match[2].upper(), word)
