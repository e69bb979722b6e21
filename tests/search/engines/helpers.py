"""Passages and vectors for engine tests."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np

from search.engines.base import Hit, IndexedPassage
from search.engines.layout import WriterLock
from search.engines.milvus import MilvusEngine
from search.engines.milvus_server import Address

collections = count(1)

EAST, NORTH, UP = np.eye(3, dtype=np.float32)
NORTH_EAST = np.array([0.6, 0.8, 0.0], np.float32)


def passage(
    id: int, text: str = "", *, entry: int = 1, title: str = "", context: str = "", vector: np.ndarray = UP
) -> IndexedPassage:
    return IndexedPassage(id, entry, title, text, context, vector)


def filter_of(*entries: int) -> np.ndarray:
    return np.array(sorted(entries), np.int64)


def ids(hits: Sequence[Hit]) -> list[int]:
    return [hit.id for hit in hits]


def unit_vectors(count: int, dimension: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def milvus_writer(url: str, folder: Path, fingerprint: str = "model-a", dimension: int = 3) -> MilvusEngine:
    """A writer of a collection of its own, or of the one that the URL names."""
    address = Address.of(url if "?" in url else f"{url}?collection=test_{next(collections)}")
    return MilvusEngine(address, folder, fingerprint, dimension, lock=WriterLock(folder))
