"""What is different between two texts, word by word, as a person reads it."""

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

SAME, OUT, IN, SKIPPED = "same", "out", "in", "skipped"
CONTEXT = 12  # words of what is the same beside what is not
MOST = 600  # words that differ at both ends; more are one passage out and one in, since comparing takes the square


class Part(NamedTuple):
    """A stretch of text: the `same` in both, `out` of the old, `in` the new, or `skipped` because it is the same."""

    op: str
    text: str


def word_parts(old: str, new: str) -> list[Part]:
    """`old` and `new` as one text of parts; of long stretches that are the same, the words beside what is not.

    >>> word_parts("A ferry hit a reef.", "A tram hit a reef.")
    [Part(op='same', text='A '), Part(op='out', text='ferry '), Part(op='in', text='tram '), Part(op='same', text='hit a reef.')]
    """  # noqa: E501
    before, after = _words(old), _words(new)
    head = _common(before, after)
    before, after, front = before[head:], after[head:], before[:head]
    tail = _common(before[::-1], after[::-1])
    back = before[len(before) - tail :]
    before, after = before[: len(before) - tail], after[: len(after) - tail]
    middle = _compared(before, after) if max(len(before), len(after)) <= MOST else [(OUT, before), (IN, after)]
    stretches = [(op, words) for op, words in ((SAME, front), *middle, (SAME, back)) if words]
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


def _compared(before: list[str], after: list[str]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for op, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            found.append((SAME, before[start:end]))
        else:
            found += [(OUT, before[start:end]), (IN, after[new_start:new_end])]
    return found


def _shortened(words: list[str], after_change: bool, before_change: bool) -> list[Part]:
    """The words beside a change, and a mark for those that are left out."""
    cuts = [0, CONTEXT if after_change else 0, len(words) - CONTEXT if before_change else len(words), len(words)]
    if cuts[2] - cuts[1] <= CONTEXT:
        return [Part(SAME, "".join(words))]
    first, left_out, rest = ("".join(words[start:end]) for start, end in pairwise(cuts))
    return [part for part in (Part(SAME, first), Part(SKIPPED, left_out), Part(SAME, rest)) if part.text]
