"""How near two entries are in meaning, from the vectors that search keeps; or from texts that are in no index."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.matching.accounts import Account
from kb.similar import Similar

NEAREST = 6
EMBEDDED = 1500  # characters: an encoder reads no more of a passage

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class Meaning(Protocol):
    """How near entries are by their vectors."""

    def learn(self, ids: Iterable[int]) -> None:
        """Get what will be asked about these entries, at once."""
        ...

    def nearness(self, one: int, other: int) -> float | None:
        """1 for the same, 0 for nothing in common; None where one of the entries has no vector."""
        ...

    def nearest(self, id: int, among: Ids) -> Sequence[int]:
        """Of the entries `among` which to look, rising ids, some that are near, best first."""
        ...


class _Vectors:
    """Models differ in the cosine that they give to what has nothing in common: that is 0 here."""

    def __init__(self, unrelated: float) -> None:
        self.vectors: dict[int, Vectors] = {}
        self.unrelated = unrelated

    def nearness(self, one: int, other: int) -> float | None:
        a, b = self.vectors.get(one), self.vectors.get(other)
        if a is None or b is None or self.unrelated >= 1:
            return None
        return min(max((float(a @ b) - self.unrelated) / (1 - self.unrelated), 0.0), 1.0)


class StoredMeaning(_Vectors):
    """From the index."""

    def __init__(self, similar: Similar) -> None:
        super().__init__(similar.unrelated())
        self._similar = similar
        self._asked: set[int] = set()

    def learn(self, ids: Iterable[int]) -> None:
        if new := sorted(set(ids) - self._asked):
            self._asked.update(new)
            self.vectors.update(self._similar.vectors(new))

    def nearest(self, id: int, among: Ids) -> Sequence[int]:
        return self._similar.nearest([id], NEAREST, among).get(id, []) if len(among) else []


class EncodedMeaning(_Vectors):
    """From texts, encoded now; equal ones once."""

    def __init__(self, accounts: Iterable[Account], similar: Similar) -> None:
        super().__init__(similar.unrelated())
        texts = {one.id: f"{one.title}\n{one.text[:EMBEDDED]}" for one in accounts}
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts.values()))}
        self._ids = np.array(list(texts), np.int64)
        self._matrix = (
            similar.encode(list(rows))[[rows[text] for text in texts.values()]] if texts else np.empty((0, 0))
        )
        self.vectors = dict(zip(texts, self._matrix, strict=True))

    def learn(self, ids: Iterable[int]) -> None:
        pass

    def nearest(self, id: int, among: Ids) -> Sequence[int]:
        rows = np.flatnonzero(np.isin(self._ids, among))
        order = np.argsort(-(self._matrix[rows] @ self.vectors[id]), kind="stable")[: NEAREST + 1]
        return [other for other in self._ids[rows[order]].tolist() if other != id][:NEAREST]
