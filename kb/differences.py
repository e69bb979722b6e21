"""What is different between two texts, word by word, as a person reads it."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate, groupby
from typing import NamedTuple

SAME, OUT, IN, SKIPPED = "same", "out", "in", "skipped"
CHANGED = (OUT, IN)
CONTEXT = 12  # words of what is the same beside what is not
CONTEXT_CHARS = 200  # and characters of them
LONGEST_WORD = 40  # characters; what has no space for longer is cut into such words, and after STOPS
STOPS = "。！？，、；："
MOST = 600  # words are compared one by one, which takes the square; more are parted before
RUNS = (8, 3)  # where both have the same so many words, once
COMMON = 400  # pairs of one word, a sign of a table perhaps, beyond which it is not looked for by itself
MOST_STEPS = 5_000_000  # for a page: a quarter to a half of a second of a processor, each about a pair of words
TEXT_STEPS, LINE_STEPS, WORD_STEPS, BLOCK_STEPS = 500, 40, 60, 600  # what each of these takes beside
SHOWN_CHANGES = 50  # of a text; and of a list so many rows that left, that came and that changed within
SHOWN_CHARS = 16_000  # of what left and what came, of each text and each list
PAGE_CHARS = 400_000  # of all texts and lists of a page
ROW_CHARS = 40  # what a row of a list takes beside its own
SHOWN_PASSAGE = 3_000  # characters of one that left or came

_WORD = re.compile(
    rf"\s{{1,{LONGEST_WORD}}}"
    rf"|(?:[^\s{STOPS}]{{1,{LONGEST_WORD}}}[{STOPS}]{{0,8}}|[{STOPS}]{{1,{LONGEST_WORD}}})\s{{0,{LONGEST_WORD}}}"
)
_FIRST_WORD = re.compile(rf"[^\s{STOPS}]*[{STOPS}]*\s*")
_LAST_WORD = re.compile(rf"{_FIRST_WORD.pattern}$")


class Part(NamedTuple):
    """A stretch of text: the `same` in both, `out` of the old, `in` the new, or `skipped` because it is the same."""

    op: str
    text: str


class Difference(NamedTuple):
    """As much of a difference as a page shows, how many changes are left out of it, and whether one is shortened."""

    parts: tuple[Part, ...]
    left_out: int = 0
    shortened: bool = False


class Work:
    """The steps that all comparisons of a page may take together, and the characters that it may show of them. Where
    the steps are spent, all from the first word that is not the same to the last is told as taken out and put in whole;
    where the characters are, how much there is besides."""

    def __init__(self, steps: int = MOST_STEPS, chars: int = PAGE_CHARS) -> None:
        self.left = steps
        self.chars = chars

    def allows(self, steps: int, keep: int = 0) -> bool:
        """Whether so many may be taken, and so many to `keep` are left then; if so, they are."""
        if self.left - steps < keep:
            return False
        self.left -= steps
        return True

    def room(self) -> int:
        """How many characters of one text or list may be shown."""
        return min(SHOWN_CHARS, self.chars)

    def rows(self, lists: Iterable[Sequence[str]]) -> tuple[list[tuple[str, ...]], int]:
        """Of each of these lists, which are told together, the first rows for which there is room; and how many others
        there are."""
        room, left_out, shown = self.room(), 0, []
        for rows in lists:
            count = 0
            while count < min(len(rows), SHOWN_CHANGES) and room > 0:
                room -= len(rows[count]) + ROW_CHARS
                self.chars -= len(rows[count]) + ROW_CHARS
                count += 1
            shown.append(tuple(rows[:count]))
            left_out += len(rows) - count
        return shown, left_out


NOTHING = Difference(())
Stretch = tuple[str, str]


def difference(old: str, new: str, work: Work | None = None) -> Difference:
    """The first SHOWN_CHANGES changes between two texts, or SHOWN_CHARS of them, however long both are; a passage of
    more than SHOWN_PASSAGE is shortened."""
    work = work or Work()
    parts: list[Part] = []
    changes, room, left_out, shortened = 0, work.room(), 0, False
    for is_change, group in groupby(word_parts(old, new, work), key=lambda part: part.op in CHANGED):
        change = list(group)
        if is_change and (changes == SHOWN_CHANGES or room <= 0):
            left_out += 1
        elif is_change:
            shown = [Part(op, _cut(text)) for op, text in change]
            parts += shown
            changes, shortened = changes + 1, shortened or shown != change
            length = sum(len(text) for _, text in shown)
            room -= length
            work.chars -= length
        elif not left_out:
            parts += change
    return Difference(tuple(parts), left_out, shortened)


def word_parts(old: str, new: str, work: Work | None = None) -> list[Part]:
    """`old` and `new` as one text of parts; of long stretches that are the same, the words beside what is not.

    >>> word_parts("A ferry hit a reef.", "A tram hit a reef.")
    [Part(op='same', text='A '), Part(op='out', text='ferry '), Part(op='in', text='tram '), Part(op='same', text='hit a reef.')]
    """  # noqa: E501
    stretches = _joined(_line_by_line(old, new, work or Work()))
    last = len(stretches) - 1
    parts: list[Part] = []
    for place, (op, text) in enumerate(stretches):
        parts += _shortened(text, place > 0, place < last) if op == SAME else [Part(op, text)]
    return parts


def _words(text: str) -> list[str]:
    """The words, each with the white space after it, so that joining them gives the text again."""
    return _WORD.findall(text)


def _line_by_line(old: str, new: str, work: Work) -> Iterator[Stretch]:
    """Both as stretches, in order, some of which may be empty; compared between the lines that each has once."""
    front, old, new, back = _without_ends(old, new)
    yield SAME, front
    lines = old.count("\n") + new.count("\n")
    if lines and old and new and work.allows(LINE_STEPS * lines + (len(old) + len(new)) // 20):
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        for start, end, new_start, new_end in _between(before, after, 1):
            yield from _text("".join(before[start:end]), "".join(after[new_start:new_end]), work)
    else:
        yield from _text(old, new, work)
    yield SAME, back


def _text(old: str, new: str, work: Work) -> list[Stretch]:
    front, old, new, back = _without_ends(old, new)
    if old and new and work.allows(TEXT_STEPS + len(old) + len(new)):
        middle = _compared(_words(old), _words(new), RUNS, work)
    else:
        middle = [(OUT, old), (IN, new)]
    return [(SAME, front), *middle, (SAME, back)]


def _without_ends(old: str, new: str) -> tuple[str, str, str, str]:
    """What both begin with, each without that and without what both end with, and that, cut between words."""
    if old == new:
        return old, "", "", ""
    shorter = min(len(old), len(new))
    head = _first_word_in_doubt(old, _equal_chars(old, new, shorter))
    tail = _equal_chars(old[head:][::-1], new[head:][::-1], shorter - head)
    tail -= _rest_of_word(old, len(old) - tail)
    return old[:head], old[head : len(old) - tail], new[head : len(new) - tail], old[len(old) - tail :]


def _equal_chars(old: str, new: str, most: int) -> int:
    """How many of the first so many both begin with, by comparing halves rather than characters."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if old[least:middle] == new[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _first_word_in_doubt(text: str, end: int) -> int:
    """Where the last word before `end` begins; `end` itself within what has no space for long."""
    near = text[max(0, end - 2 * LONGEST_WORD) : end]
    word = _LAST_WORD.search(near)
    length = len(near) - word.start() if word else 0
    return end - length if length < 2 * LONGEST_WORD else end


def _rest_of_word(text: str, start: int) -> int:
    """How much of the text at `start` belongs to the word there; nothing within what has no space for long."""
    near = text[start : start + 2 * LONGEST_WORD]
    word = _FIRST_WORD.match(near)
    length = word.end() if word else 0
    return length if length < 2 * LONGEST_WORD else 0


def _common(left: list[str], right: list[str]) -> int:
    for count, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return count
    return min(len(left), len(right))


def _compared(before: list[str], after: list[str], runs: tuple[int, ...], work: Work) -> list[Stretch]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    front, back = before[:head], before[len(before) - tail :]
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    parting = WORD_STEPS * (len(before) + len(after))
    middle: list[Stretch] = []
    if max(len(before), len(after)) <= MOST:
        middle += _word_by_word(before, after, work)
    elif runs and before and after and work.allows(parting):
        for start, end, new_start, new_end in _between(before, after, runs[0]):
            middle += _compared(before[start:end], after[new_start:new_end], runs[1:], work)
    else:
        middle += [(OUT, "".join(before)), (IN, "".join(after))]
    return [(SAME, "".join(front)), *middle, (SAME, "".join(back))]


def _between(before: list[str], after: list[str], size: int) -> Iterator[tuple[int, int, int, int]]:
    """Both cut where the same run begins, of so many words or lines: the bounds of one piece in each."""
    start = new_start = 0
    last = None
    for place, new_place in _same_runs(before, after, size):
        # A run that begins one further on in both than the last belongs to the same piece.
        if last != (place - 1, new_place - 1):
            yield start, place, new_start, new_place
            start, new_start = place, new_place
        last = place, new_place
    yield start, len(before), new_start, len(after)


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


class _Bounded(SequenceMatcher[str]):
    """Looks for what is the same as long as the work allows it, and by itself for no word of which there are COMMON
    pairs: with that it would take the cube of the length of a table whose every value changed."""

    b2j: dict[str, list[int]]

    def __init__(self, before: list[str], after: list[str], work: Work) -> None:
        super().__init__(None, before, after, autojunk=False)
        counts = Counter(before)
        for word in [word for word, places in self.b2j.items() if len(places) * counts[word] > COMMON]:
            del self.b2j[word]
        self._steps = [0, *accumulate(3 + len(self.b2j.get(word, ())) for word in before)]
        self._length = len(before)
        self._work = work
        self._keep = work.left * 3 // 4  # for the texts that are still to come

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        steps = self._steps[self._length if ahi is None else ahi] - self._steps[alo]
        if self._work.allows(steps, self._keep):
            return super().find_longest_match(alo, ahi, blo, bhi)
        return Match(alo, blo, 0)


def _word_by_word(before: list[str], after: list[str], work: Work) -> list[Stretch]:
    if not (before and after and work.allows(BLOCK_STEPS + WORD_STEPS // 4 * (len(before) + len(after)))):
        return [(OUT, "".join(before)), (IN, "".join(after))]
    found: list[Stretch] = []
    for op, start, end, new_start, new_end in _Bounded(before, after, work).get_opcodes():
        if op == "equal":
            found.append((SAME, "".join(before[start:end])))
        else:
            found += [(OUT, "".join(before[start:end])), (IN, "".join(after[new_start:new_end]))]
    return found


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Without empty ones: what is the same is one stretch, and a change is what left and then what came."""
    found: list[Stretch] = []
    for is_change, group in groupby((one for one in stretches if one[1]), key=lambda one: one[0] in CHANGED):
        of: dict[str, list[str]] = {OUT: [], IN: []} if is_change else {SAME: []}
        for op, text in group:
            of[op].append(text)
        found += [(op, "".join(texts)) for op, texts in of.items() if texts]
    return found


def _cut(text: str) -> str:
    if len(text) <= SHOWN_PASSAGE:
        return text
    whole_words, _, rest = text[:SHOWN_PASSAGE].rpartition(" ")
    return (whole_words if len(rest) <= LONGEST_WORD else text[:SHOWN_PASSAGE]) + " … "


def _shortened(text: str, after_change: bool, before_change: bool) -> list[Part]:
    """The words beside a change, and a mark for those that are left out."""
    first = _first_words(text) if after_change else ""
    rest = _last_words(text[len(first) :]) if before_change else ""
    left_out = text[len(first) : len(text) - len(rest)]
    if len(left_out) <= CONTEXT_CHARS and len(_words(left_out)) <= CONTEXT:
        return [Part(SAME, text)]
    return [part for part in (Part(SAME, first), Part(SKIPPED, left_out), Part(SAME, rest)) if part.text]


def _first_words(text: str) -> str:
    words = _words(text[:CONTEXT_CHARS])
    # The last may go on beyond what was looked at.
    words = words[:-1] or words if len(text) > CONTEXT_CHARS else words
    return "".join(words[:CONTEXT])


def _last_words(text: str) -> str:
    words = _words(text[-CONTEXT_CHARS:])
    words = words[1:] or words if len(text) > CONTEXT_CHARS else words
    return "".join(words[-CONTEXT:])
