"""Who can say which entries are alike in meaning. kb and ingest ask here; search, which can, says so at its start."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from numpy.typing import NDArray

_module = ""


class Similar(Protocol):
    """What the registered module has. Vectors are float32, of unit length, and those of one model."""

    def nearest(
        self, entry_ids: Sequence[int], count: int, among: NDArray[Any] | None = None
    ) -> Mapping[int, Sequence[int]]:
        """For each entry that is indexed up to `count` others, the nearest first; of those `among` which to look,
        rising ids, None for all."""
        ...

    def vectors(self, entry_ids: Sequence[int]) -> Mapping[int, NDArray[Any]]:
        """One vector for each entry that is indexed, from what the index holds; nothing is encoded."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[Any]:
        """Vectors of texts that are in no index, (n, dimension)."""
        ...

    def unrelated(self) -> float:
        """The cosine that the model gives to things that have nothing in common; 1 where it is not known."""
        ...

    def waiting(self) -> int:
        """How many entries the index still has to follow."""
        ...


def register(module: str) -> None:
    """The module with this dotted name answers; imported when it is asked first."""
    global _module
    _module = module


def registered() -> Similar | None:
    """Who answers; None where nobody does."""
    return cast(Similar, import_module(_module)) if _module else None
