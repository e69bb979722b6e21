"""The reference engine: numpy and plain Python, in memory. Contract tests hold the real engines against it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from search.analysis import query_terms, words
from search.engines.base import (
    COSINE_DECIMALS,
    FIELD_WEIGHTS,
    EngineState,
    Hits,
    Ids,
    IndexedPassage,
    Stored,
    Vectors,
    best,
    latest,
    query_vector,
    rarest,
    shares,
)

# Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"; the usual constants.
K1, B = 1.2, 0.75


class ReferenceEngine:
    """Everything in dictionaries, every search a full scan."""

    def __init__(self, fingerprint: str, dimension: int) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._passages: dict[int, IndexedPassage] = {}
        self._words: dict[str, dict[int, Counter[str]]] = {field: {} for field in FIELD_WEIGHTS}

    def upsert(self, passages: Sequence[IndexedPassage]) -> None:
        for passage in latest(passages, self.dimension)[0]:
            self._passages[passage.id] = passage
            for field, counts in self._words.items():
                counts[passage.id] = Counter(words(getattr(passage, field)))

    def delete(self, ids: Iterable[int]) -> None:
        for id in ids:
            if self._passages.pop(id, None):
                for counts in self._words.values():
                    del counts[id]

    def keyword(self, query: str, filter: Ids | None, k: int) -> Hits:
        ids = self._filtered(filter)
        scores = self.keyword_scores(query, ids.tolist())
        found = np.array(sorted(scores), np.int64)
        return best(found, self._entries(found), np.array([scores[id] for id in found.tolist()]), k)

    def keyword_scores(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        terms = query_terms(query)
        frequency = self._frequency(terms)
        scores: dict[int, float] = {}
        for term, repeats in rarest(terms, frequency).items():
            for field, weight in FIELD_WEIGHTS.items():
                for id, score in self._bm25(field, term).items():
                    scores[id] = scores.get(id, 0.0) + repeats * weight * score
        return {id: scores[id] for id in ids if id in scores}

    def coverage(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        terms = query_terms(query)
        parts = shares(terms, self._frequency(terms), len(self._passages))
        having = {
            id: sum(part for term, part in parts.items() if any(counts[id][term] for counts in self._words.values()))
            for id in ids
            if id in self._passages
        }
        return {id: part for id, part in having.items() if part}

    def _frequency(self, terms: Iterable[str]) -> dict[str, int]:
        return {
            term: max(sum(term in counts for counts in field.values()) for field in self._words.values())
            for term in terms
        }

    def _bm25(self, field: str, term: str) -> dict[int, float]:
        counts = self._words[field]
        having = {id: words[term] for id, words in counts.items() if words[term]}
        idf = math.log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
        average = sum(words.total() for words in counts.values()) / max(len(counts), 1)
        return {
            id: idf * (K1 + 1) * count / (count + K1 * (1 - B + B * counts[id].total() / average))
            for id, count in having.items()
        }

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> Hits:
        vector = query_vector(vector, self.dimension)
        ids = self._filtered(filter)
        if not ids.size:
            return Hits.none()
        matrix = np.stack([self._passages[id].vector for id in ids.tolist()]).astype(np.float64)
        return best(ids, self._entries(ids), np.round(matrix @ vector, COSINE_DECIMALS), k)

    def vectors(self, ids: Sequence[int] | Ids) -> Stored:
        return Stored.of({int(id): self._passages[id].vector for id in ids if id in self._passages}, self.dimension)

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        return self._filtered(np.array(sorted(entry_ids), np.int64)).tolist()

    def state(self) -> EngineState:
        ids = self._filtered(None)
        return EngineState(ids, self._entries(ids), ids, ids, self.fingerprint, 1)

    def check(self) -> None:
        pass

    def refresh(self) -> None:
        """Nobody else can write here."""

    def steady(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        """Nothing is held."""

    def _filtered(self, filter: Ids | None) -> Ids:
        ids = np.array(sorted(self._passages), np.int64)
        return ids if filter is None else ids[np.isin(self._entries(ids), filter)]

    def _entries(self, ids: Ids) -> Ids:
        return np.array([self._passages[id].entry_id for id in ids.tolist()], np.int64)
