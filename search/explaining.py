"""Which sentence of a passage answers a question best, by the words of the question."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable

from search.chunking import Span
from search.highlight import Matches
from search.sentences import sentences

Weight = Callable[[str], float]


def best_sentence(text: str, found: Matches, weight: Weight) -> Span | None:
    """The sentence with the most telling words of those found: each counts once, by `weight`.

    Of equals the first; so also where no word was asked for, since what stands first says what the rest is about.
    None where there is no sentence.
    """
    spans = sentences(text)
    if not spans:
        return None
    starts = [span.start for span in spans]
    told: defaultdict[int, set[str]] = defaultdict(set)
    for stem, start, end in found:
        at = bisect_right(starts, start) - 1
        if at >= 0 and end <= spans[at].end:
            told[at].add(stem)
    return spans[max(told, key=lambda at: (sum(map(weight, told[at])), -at), default=0)]
