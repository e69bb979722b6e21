"""What is different between two texts, word by word, as a person reads it."""

import re
from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import NamedTuple

SAME, OUT, IN, SKIPPED = "same", "out", "in", "skipped"
CHANGED = (OUT, IN)
CONTEXT = 12  # words of what is the same beside what is not
MOST = 600  # words are compared one by one, which takes the square; more are parted before
RUNS = (8, 3)  # where both have the same so many words, once
MOST_PARTED = 60_000  # words; more are one passage out and one in
SHOWN_CHANGES = 50
SHOWN_CHARS = 16_000  # of what left and what came
SHOWN_PASSAGE = 3_000  # characters of one that left or came


class Part(NamedTuple):
    """A stretch of text: the `same` in both, `out` of the old, `in` the new, or `skipped` because it is the same."""

    op: str
    text: str


class Difference(NamedTuple):
    """As much of a difference as a page shows, how many changes are left out of it, and whether one is shortened."""

    parts: tuple[Part, ...]
    left_out: int = 0
    shortened: bool = False


NOTHING = Difference(())
Stretch = tuple[str, list[str]]


def difference(old: str, new: str) -> Difference:
    """The first SHOWN_CHANGES changes between two texts, or SHOWN_CHARS of them, however long both are; a passage of
    more than SHOWN_PASSAGE is shortened."""
    parts: list[Part] = []
    changes, room, left_out, shortened = 0, SHOWN_CHARS, 0, False
    for is_change, group in groupby(word_parts(old, new), key=lambda part: part.op in CHANGED):
        change = list(group)
        if is_change and (changes == SHOWN_CHANGES or room <= 0):
            left_out += 1
        elif is_change:
            shown = [Part(op, _cut(text)) for op, text in change]
            parts += shown
            changes, shortened = changes + 1, shortened or shown != change
            room -= sum(len(text) for _, text in shown)
        elif not left_out:
            parts += change
    return Difference(tuple(parts), left_out, shortened)


def word_parts(old: str, new: str) -> list[Part]:
    """`old` and `new` as one text of parts; of long stretches that are the same, the words beside what is not.

    >>> word_parts("A ferry hit a reef.", "A tram hit a reef.")
    [Part(op='same', text='A '), Part(op='out', text='ferry '), Part(op='in', text='tram '), Part(op='same', text='hit a reef.')]
    """  # noqa: E501
    stretches = _joined(_compared(_words(old), _words(new), RUNS))
    last = len(stretches) - 1
    parts: list[Part] = []
    for place, (op, words) in enumerate(stretches):
        parts += _shortened(words, place > 0, place < last) if op == SAME else [Part(op, "".join(words))]
    return parts


def _words(text: str) -> list[str]:
    """The words, each with the white space after it, so that joining them gives the text again."""
    return re.findall(r"\s+|\S+\s*", text)


def _common(left: list[str], right: list[str]) -> int:
    for count, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return count
    return min(len(left), len(right))


def _compared(before: list[str], after: list[str], runs: tuple[int, ...]) -> list[Stretch]:
    """Both as stretches, in order, some of which may be empty."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    front, back = before[:head], before[len(before) - tail :]
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    longest = max(len(before), len(after))
    if longest <= MOST:
        middle = _word_by_word(before, after)
    elif runs and before and after and longest <= MOST_PARTED:
        middle = _parted(before, after, runs)
    else:
        middle = [(OUT, before), (IN, after)]
    return [(SAME, front), *middle, (SAME, back)]


def _parted(before: list[str], after: list[str], runs: tuple[int, ...]) -> list[Stretch]:
    """Compared between the words at which both have the same run."""
    found: list[Stretch] = []
    start = new_start = 0
    for end, new_end in [*_same_runs(before, after, runs[0]), (len(before), len(after))]:
        found += _compared(before[start:end], after[new_start:new_end], runs[1:])
        start, new_start = end, new_end
    return found


def _same_runs(before: list[str], after: list[str], size: int) -> list[tuple[int, int]]:
    """Where runs begin that each of them has once, as many as are in the same order in both."""
    there = dict(_once(after, size))
    pairs = [(place, there[run]) for run, place in _once(before, size) if run in there]
    # The longest rising sequence: for each length the pair that ends the one that rises least, and what is before it.
    ends: list[int] = []
    at: list[int] = []
    previous: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        previous.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        at[length : length + 1] = [number]
    found = []
    number = at[-1] if at else -1
    while number >= 0:
        found.append(pairs[number])
        number = previous[number]
    return found[::-1]


def _once(words: list[str], size: int) -> list[tuple[tuple[str, ...], int]]:
    """The runs of so many words that are there once, and where they begin."""
    runs = list(zip(*(words[start:] for start in range(size)), strict=False))
    counts = Counter(runs)
    return [(run, place) for place, run in enumerate(runs) if counts[run] == 1]


def _word_by_word(before: list[str], after: list[str]) -> list[Stretch]:
    found: list[Stretch] = []
    for op, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            found.append((SAME, before[start:end]))
        else:
            found += [(OUT, before[start:end]), (IN, after[new_start:new_end])]
    return found


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Without empty ones: what is the same is one stretch, and a change is what left and then what came."""
    found: list[Stretch] = []
    for is_change, group in groupby((one for one in stretches if one[1]), key=lambda one: one[0] in CHANGED):
        of: dict[str, list[str]] = {OUT: [], IN: []} if is_change else {SAME: []}
        for op, words in group:
            of[op] += words
        found += [(op, words) for op, words in of.items() if words]
    return found


def _cut(text: str) -> str:
    if len(text) <= SHOWN_PASSAGE:
        return text
    beginning = text[:SHOWN_PASSAGE]
    return (beginning.rpartition(" ")[0] or beginning) + " … "


def _shortened(words: list[str], after_change: bool, before_change: bool) -> list[Part]:
    """The words beside a change, and a mark for those that are left out."""
    cuts = [0, CONTEXT if after_change else 0, len(words) - CONTEXT if before_change else len(words), len(words)]
    if cuts[2] - cuts[1] <= CONTEXT:
        return [Part(SAME, "".join(words))]
    first, left_out, rest = ("".join(words[start:end]) for start, end in pairwise(cuts))
    return [part for part in (Part(SAME, first), Part(SKIPPED, left_out), Part(SAME, rest)) if part.text]
