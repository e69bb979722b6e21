"""A long list on a page: the first of it, and the rest folded away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Folded(Generic[Item]):
    """`shown` and, in a `<details class="folded">` that printing and addresses open, `rest`."""

    shown: Sequence[Item]
    rest: Sequence[Item]

    @property
    def count(self) -> int:
        return len(self.shown) + len(self.rest)

    @property
    def after(self) -> int:
        """The number that the rest begins with."""
        return len(self.shown) + 1


def fold(items: Sequence[Item], shown: int, spare: int = 0) -> Folded[Item]:
    """The first `shown` of them and the rest; all of them where there are at most `spare` more.

    >>> fold("abcdef", 3, spare=2).rest, fold("abcde", 3, spare=2).rest
    ('def', '')
    """
    cut = shown if len(items) > shown + spare else len(items)
    return Folded(items[:cut], items[cut:])
