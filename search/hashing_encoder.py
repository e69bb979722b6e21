"""The twin of the real encoder that needs no model: shared words and spellings make vectors similar. For tests."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from search.engines.base import Vectors
from search.text import clean

WORD = re.compile(r"\w+")
NGRAM = 3
NGRAM_WEIGHT = 0.3


class HashingEncoder:
    """Signed feature hashing of words and of their letter trigrams (Weinberger et al. 2009)."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.fingerprint = f"hashing:{dimension}"

    def prepare(self, progress: object = None) -> None:
        """Nothing to do."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.encode_query(text)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        vector = np.zeros(self.dimension, np.float64)
        for word in WORD.findall(clean(text).lower()):
            self._add(vector, word, 1.0)
            padded = f"^{word}$"
            for at in range(len(padded) - NGRAM + 1):
                self._add(vector, padded[at : at + NGRAM], NGRAM_WEIGHT)
        length = float(np.linalg.norm(vector))
        if not length:
            vector[0] = length = 1.0  # text without a word still needs a direction
        return (vector / length).astype(np.float32)

    def _add(self, vector: np.ndarray, feature: str, weight: float) -> None:
        code = zlib.crc32(feature.encode())
        vector[(code >> 1) % self.dimension] += weight if code & 1 else -weight
