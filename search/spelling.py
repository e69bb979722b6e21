"""“Did you mean”: words of a query that the collection does not have, as it spells them.

Only words that stand in an entry which this reader may see are ever named, and nothing is replaced unasked.
"""

from collections.abc import Callable, Sequence

from kb.models import Entry
from search.analysis import stop_stems
from search.analysis import words as stems
from search.engines.base import Engine, Ids
from search.model_words import known_words
from search.models import Passage
from search.vocabulary import WORD, Near, Vocabulary, fold

# A text with more words than this was pasted, and its meaning finds what one slip in it would lose.
MOST_WORDS = 16
MOST_CORRECTED = 3
SHORTEST = 4
# Words shorter than this are near too many others to allow for two slips.
TWO_SLIPS = 7
CANDIDATES = 4
LOOKED_AT = 8
# Of two words that both occur, one is a slip for the other only if that is this many times as common.
FAR_COMMONER = 50

Visible = Callable[[Sequence[int]], set[int]]


def did_you_mean(query: str, vocabulary: Vocabulary, engine: Engine, allowed: Ids | None, user: object) -> str:
    """The query with words that look misspelled as the collection spells them; empty where there is nothing to say.

    `allowed` are the entries that were searched in, sorted ids, None for all. Abbreviations and names with digits, such
    as GPT-4 or CVE-2021-44228, are left alone.
    """
    found = list(WORD.finditer(query))
    if not vocabulary.counts or len(found) > MOST_WORDS:
        return ""
    shouted = query.isupper()
    pieces, end, corrected = [], 0, 0
    for match in found:
        if corrected == MOST_CORRECTED or not _may_be_misspelled(query, match.start(), match.end(), shouted):
            continue
        better = _better(match[0], vocabulary, engine, allowed, user)
        if better:
            pieces += [query[end : match.start()], _in_the_case_of(match[0], better)]
            end, corrected = match.end(), corrected + 1
    return "".join([*pieces, query[end:]]) if corrected else ""


def _may_be_misspelled(query: str, start: int, end: int, shouted: bool) -> bool:
    word = query[start:end]
    beside = query[max(0, start - 2) : start] + query[end : end + 2]
    is_name = any(sign.isdigit() or sign in "_/@\\" for sign in beside) or (
        word[1:] != word[1:].lower() and not shouted
    )
    return len(word) >= SHORTEST and not is_name and not stop_stems().issuperset(stems(word))


def _better(word: str, vocabulary: Vocabulary, engine: Engine, allowed: Ids | None, user: object) -> str:
    """How the collection spells a word; empty where it has the word, or none that is like it."""
    count = vocabulary.counts.get(fold(word), 0)
    if count > 1 or (not count and vocabulary.knows(word)) or _is_of_the_language(word):
        return ""
    slips = 2 if len(word) >= TWO_SLIPS else 1
    likely = [near for near in vocabulary.near(word, slips) if _is_likelier(near, fold(word), count)]
    for near in likely[:CANDIDATES]:
        if shown := _as_shown(near.word, engine, allowed, user):
            return shown
    return ""


def _is_of_the_language(word: str) -> bool:
    plain = fold(word)
    forms = (plain, *(plain.removesuffix(ending) for ending in ("s", "es", "ed", "'s")))
    return not known_words().isdisjoint(forms)


def _is_likelier(near: Near, word: str, count: int) -> bool:
    if stems(near.word) == stems(word):
        return False
    if count:
        return near.distance == 1 and near.times >= FAR_COMMONER * count
    # The first letter is seldom wrong, and a word that stands in a single place may be a slip itself.
    return near.word[0] == word[0] and near.times > 1 if near.distance > 1 else near.times > 1 or len(word) >= TWO_SLIPS


def _as_shown(word: str, engine: Engine, allowed: Ids | None, user: object) -> str:
    """The word as it stands in the text or title of an entry that this reader may see; empty where it does not."""
    hits = engine.keyword(word, allowed, LOOKED_AT)
    rows = Passage.objects.filter(pk__in=[hit.id for hit in hits], entry__in=Entry.objects.visible_to(user))  # type: ignore[arg-type]
    for text, title in rows.values_list("text", "entry__title"):
        for found in (*WORD.findall(text), *WORD.findall(title)):
            if fold(found) == word:
                return found if found[1:] != found[1:].lower() and not found.isupper() else found.lower()
    return ""


def _in_the_case_of(typed: str, word: str) -> str:
    if typed.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if typed[:1].isupper() else word
