"""What an index promises, whichever engine keeps it.

The convention at this seam: a score is higher when better; `nearest` scores are cosines; vectors are float32 of unit
length; passage ids are unique positive integers, so `upsert` replaces; an unknown id is ignored; an empty index
finds nothing. Hits come best first and ties by id, so the same question always gets the same answer.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]

# A title is repeated for every passage of its entry and is short, which BM25 rewards already: 0.5 to 0.7 was best.
FIELD_WEIGHTS = {"title": 0.7, "text": 1.0, "context": 0.5}
# A pasted page is a legitimate query; its rarest words carry it.
MAX_TERMS = 64
# Cosines are rounded here before they are compared: the order of additions differs between engines.
COSINE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """One passage as an engine sees it; `title` and `context` are words matched beside the text itself."""

    id: int
    entry_id: int
    title: str
    text: str
    context: str
    vector: Vectors


class Hit(NamedTuple):
    """A passage found, with the score of the half that found it."""

    id: int
    entry_id: int
    score: float


class Hits(Sequence[Hit]):
    """Hits, best first, in parallel arrays: a search finds hundreds and looks at few of them one by one."""

    __slots__ = ("entry_ids", "ids", "scores")

    def __init__(self, ids: Ids, entry_ids: Ids, scores: NDArray[np.float64]) -> None:
        self.ids, self.entry_ids, self.scores = ids, entry_ids, scores

    @classmethod
    def none(cls) -> "Hits":
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, np.empty(0, np.float64))

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Hit: ...

    @overload
    def __getitem__(self, at: "slice | NDArray[Any]") -> "Hits": ...

    def __getitem__(self, at: "int | slice | NDArray[Any]") -> "Hit | Hits":
        """One, or those of a slice or of an array of places or marks."""
        ids, entry_ids, scores = self.ids[at], self.entry_ids[at], self.scores[at]
        if isinstance(at, slice | np.ndarray):
            return Hits(ids, entry_ids, scores)
        return Hit(int(ids), int(entry_ids), float(scores))

    def __iter__(self) -> Iterator[Hit]:
        return map(Hit._make, zip(self.ids.tolist(), self.entry_ids.tolist(), self.scores.tolist(), strict=True))

    def __reversed__(self) -> Iterator[Hit]:
        return iter(self[::-1])

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Hits({list(self)})"


class Stored(Mapping[int, Vectors]):
    """Stored vectors by passage id, in one matrix (n, d) whose rows run parallel to `ids`, which are distinct."""

    __slots__ = ("_rows", "ids", "matrix")

    def __init__(self, ids: Ids, matrix: Vectors) -> None:
        self.ids, self.matrix = ids, matrix
        self._rows: dict[int, int] | None = None

    @classmethod
    def of(cls, vectors: Mapping[int, Vectors], dimension: int) -> "Stored":
        matrix = np.array(list(vectors.values()), np.float32).reshape(len(vectors), dimension)
        return cls(np.fromiter(vectors, np.int64), matrix)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids.tolist())

    def __getitem__(self, id: int) -> Vectors:
        if self._rows is None:
            self._rows = {known: row for row, known in enumerate(self.ids.tolist())}
        return self.matrix[self._rows[id]]

    def of_all(self, ids: Ids) -> Vectors:
        """The vectors of these ids, (n, d), zeros for one that is not here."""
        if np.array_equal(ids, self.ids):
            return self.matrix
        found = np.zeros((len(ids), self.matrix.shape[1]), np.float32)
        if len(self.ids):
            order = np.argsort(self.ids)
            at = order[np.minimum(np.searchsorted(self.ids, ids, sorter=order), len(order) - 1)]
            known = self.ids[at] == ids
            found[known] = self.matrix[at[known]]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class EngineState:
    """What the index holds, for a comparison with the database. All arrays are int64 and sorted by passage id.

    `ids` are in both halves, `entry_ids` runs parallel to it; `keyword_ids` and `vector_ids` are what each half holds.
    `generation` grows when the files are built anew.
    """

    ids: Ids
    entry_ids: Ids
    keyword_ids: Ids
    vector_ids: Ids
    fingerprint: str
    generation: int


class Engine(Protocol):
    """Keywords and vectors of passages. A filter is a sorted int64 array of *entry* ids, None for all."""

    def upsert(self, passages: Sequence[IndexedPassage]) -> None:
        """Add or replace passages; durable and visible to this engine when the call returns."""
        ...

    def delete(self, ids: Iterable[int]) -> None:
        """Forget passages."""
        ...

    def keyword(self, query: str, filter: Ids | None, k: int) -> Hits:
        """The `k` best by BM25 over title, text and context. The query is words, never syntax; it cannot raise."""
        ...

    def keyword_scores(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        """What `keyword` would score these passages; those without a word of the query are left out."""
        ...

    def coverage(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        """How much of the query each of these passages has, in any field: the share of its words that the index knows,
        from 0 to 1, where rare words and words asked twice count more (`shares`). Those without any are left out."""
        ...

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> Hits:
        """The `k` passages of highest cosine: exactly, but for an engine that says above which size it finds most.

        Scores are always cosines of the stored vectors. Raises SemanticUnavailable when vectors cannot be searched.
        """
        ...

    def vectors(self, ids: Sequence[int] | Ids) -> Stored:
        """The stored vectors of those ids that are here. Raises SemanticUnavailable like `nearest`."""
        ...

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        """Ids, sorted, of the passages that either half holds of these entries; as fast in a large index."""
        ...

    def state(self) -> EngineState:
        """What both halves hold now."""
        ...

    def check(self) -> None:
        """Raise IndexMismatch where files are not what was written, which `state` need not show. Reads much."""
        ...

    def refresh(self) -> None:
        """See what other processes wrote; cheap when nothing changed. Searches call it themselves."""
        ...

    def steady(self) -> AbstractContextManager[None]:
        """In its block this thread's searches do not each look for what other processes wrote: that is seen by all that
        follow it, and by those in it at the latest as it was when the block began."""
        ...

    def close(self) -> None:
        """Let go of files and locks."""
        ...


def latest(passages: Sequence[IndexedPassage], dimension: int) -> tuple[list[IndexedPassage], Vectors]:
    """The passages with the last of each id, by id, and their vectors as one (n, dimension) array.

    Raises ValueError for an id below 1 and for a vector of another length, not finite or not of unit length.
    """
    chosen = [passage for _, passage in sorted({passage.id: passage for passage in passages}.items())]
    stacked = np.empty((len(chosen), dimension), np.float32)
    for row, passage in enumerate(chosen):
        if passage.id < 1 or passage.entry_id < 1:
            raise ValueError(f"ids start at 1: passage {passage.id} of entry {passage.entry_id}")
        if np.shape(passage.vector) != (dimension,):
            raise ValueError(
                f"passage {passage.id}: vector of shape {np.shape(passage.vector)}, expected ({dimension},)"
            )
        stacked[row] = passage.vector
    lengths = np.linalg.norm(stacked, axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) < 1e-2))
    if wrong.size:
        raise ValueError(f"passage {chosen[wrong[0]].id}: vector of length {lengths[wrong[0]]:.3f}, expected 1")
    return chosen, stacked


def query_vector(vector: Vectors, dimension: int) -> Vectors:
    """The vector as contiguous float32 of the right length, or ValueError."""
    if np.shape(vector) != (dimension,):
        raise ValueError(f"query vector of shape {np.shape(vector)}, expected ({dimension},)")
    return np.ascontiguousarray(vector, dtype=np.float32)


def best(ids: Ids, entry_ids: Ids, scores: NDArray[np.float64], k: int) -> Hits:
    """The `k` best as hits, highest score first, ties by id."""
    return Hits(ids, entry_ids, scores)[np.lexsort((ids, -scores))[: max(k, 0)]]


def rarest(terms: Mapping[str, int], frequency: dict[str, int]) -> dict[str, int]:
    """Query terms that occur in the index, at most `MAX_TERMS`, the rarest; `frequency` counts passages."""
    known = [term for term in terms if frequency.get(term, 0)]
    known.sort(key=lambda term: (frequency[term], term))
    return {term: terms[term] for term in known[:MAX_TERMS]}


def shares(terms: Mapping[str, int], frequency: dict[str, int], passages: int) -> dict[str, float]:
    """How much of a query each of its words is: as often as it is said, times how rare it is; together 1.

    `frequency` counts the passages that have the word in the field where most have it, out of all `passages`.
    """
    rarity = {term: many * math.log1p(passages / frequency[term]) for term, many in rarest(terms, frequency).items()}
    whole = sum(rarity.values())
    return {term: value / whole for term, value in rarity.items()}
