"""What a collection teaches by itself: pairs of a short text, such as a title, and a passage that it stands for."""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from search.beir import Document
from search.chunking import passages

# Training sees no more than these, so that time and memory are bounded however large the collection is.
MOST = 8_000
# With fewer there is too little to learn from, and too little to tell whether it helped.
FEWEST = 200
HELD_OUT = 0.1
HELD_OUT_MOST = 500
HELD_OUT_FEWEST = 10
FEWEST_WORDS = {"asked": 3, "text": 8}
# A title that stands above more texts than this names a series, not what one of its texts is about.
SHARED = 3


class TooFew(Exception):
    """There are not enough pairs to adapt an encoder to; the text says how many there are, for whoever asked."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`asked` is a short text that should find `text`. Pairs of one `subject` are no counter-examples of each other."""

    asked: str
    text: str
    subject: str
    kind: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def of_documents(documents: Iterable[Document]) -> Iterator[Pair]:
    """The title of each document with its first passage."""
    for document in documents:
        yield from paired(document.title, document.text, document.id, "title")


def paired(asked: str, text: str, subject: str, kind: str) -> Iterator[Pair]:
    """The pair of `asked` and the first passage of `text`, where both say enough. A text that begins with the very
    words asked would teach to compare letters: it goes without them."""
    asked = " ".join(asked.split())
    first = next(iter(passages(text)), None)
    if first is None:
        return
    passage = " ".join(text[first.start : first.end].split())
    passage = passage.removeprefix(asked).lstrip(" .:–—-")
    if len(asked.split()) >= FEWEST_WORDS["asked"] and len(passage.split()) >= FEWEST_WORDS["text"]:
        yield Pair(asked, passage, subject, kind)


def chosen(pairs: Iterable[Pair], most: int = MOST) -> list[Pair]:
    """Each pair once, at most `most` of them, the same ones however often and in whatever order it is asked.

    Raises TooFew where nothing could be learned.
    """
    # The smallest digests are a fair sample, and one pass that holds no more than the sample finds it.
    sample: list[tuple[int, Pair]] = []
    held: set[int] = set()
    for pair in pairs:
        key = -int.from_bytes(hashlib.blake2b(f"{pair.asked}\0{pair.text}".encode(), digest_size=8).digest(), "big")
        if key in held:
            continue
        item = (key, pair)
        if len(sample) < most:
            heapq.heappush(sample, item)
            held.add(key)
        elif key > sample[0][0]:
            held.remove(heapq.heapreplace(sample, item)[0])
            held.add(key)
    found = [pair for _, pair in sorted(sample, key=lambda item: -item[0])]
    titled = Counter(asked for asked, _ in {(pair.asked, pair.subject) for pair in found})
    found = [pair for pair in found if titled[pair.asked] <= SHARED]
    if len(found) < FEWEST:
        raise TooFew(f"there are {len(found)} pairs of a title and its text to learn from; {FEWEST} are needed")
    return found


def split(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Those to train on, and those held out to judge by: of whole subjects, and the same ones every time, so that no
    encoder is ever judged by what a former one was trained on. Raises TooFew where too little is left to judge by."""
    held = [pair for pair in pairs if _is_held(pair.subject)][:HELD_OUT_MOST]
    if len(held) < HELD_OUT_FEWEST:
        raise TooFew(f"{len(held)} of {len(pairs)} pairs could be held out to judge by; {HELD_OUT_FEWEST} are needed")
    subjects = {pair.subject for pair in held}
    return [pair for pair in pairs if pair.subject not in subjects], held


def write(path: Path, pairs: Iterable[Pair]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(pair.as_json()) + "\n" for pair in pairs)


def read(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8") as file:
        return [Pair(**json.loads(line)) for line in file]


def _is_held(subject: str) -> bool:
    digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < HELD_OUT * 2**64
