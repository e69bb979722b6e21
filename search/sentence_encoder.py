"""An encoder on torch, for models that OpenVINO cannot run, and to compare with."""

import logging
import os
import threading
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from search.engines.base import Vectors
from search.errors import SemanticUnavailable
from search.model_files import ModelFiles
from search.progress import Told
from search.text import clean

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

BATCH = 32


class SentenceEncoder:
    """Safe to share between threads. Load it after a fork, never before: torch's threads do not survive one."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    @cached_property
    def fingerprint(self) -> str:
        return f"{self.files.name}:{self.files.checked_sum()[:16]}:torch-fp32"

    @cached_property
    def dimension(self) -> int:
        return self.files.dimension()

    def prepare(self, progress: Told | None = None) -> None:
        """Nothing to do."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        # A batch costs as much as its longest text, so texts of one length go together, the longest first: memory
        # that suffices for the first batch suffices for all.
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._run([texts[at] for at in batch], "encode_document")
        return vectors

    def encode_query(self, text: str) -> Vectors:
        # One short text is done sooner by one thread, several times as soon where other processes want the cores:
        # threads that share its small steps wait for each other at every one.
        return self._run([text], "encode_query", threads=1)[0]

    def _run(self, texts: list[str], method: str, threads: int | None = None) -> Vectors:
        """Vectors by that method of the model, on so many threads, or on as many as torch would take."""
        # One at a time: the tokenizer cannot be borrowed twice, and torch uses all cores already.
        with self._lock:
            model = self._loaded()
            _use_threads(threads)
            try:
                found = getattr(model, method)(
                    [clean(text) for text in texts],
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            except (RuntimeError, MemoryError) as error:
                raise SemanticUnavailable(f"{self.files.name} failed: {error}") from error
        return np.asarray(found, np.float32)

    def _loaded(self) -> "SentenceTransformer":
        if self._model is None:
            self._model = self._load()
        return self._model

    def _load(self) -> "SentenceTransformer":
        self.files.checked_sum()
        # The files are here; nothing below may ask a server about them.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar
        except ImportError as error:
            raise SemanticUnavailable(f"{error}: pip install torch sentence-transformers") from error
        disable_progress_bar()
        try:
            model = SentenceTransformer(str(self.files.path), local_files_only=True)
        except Exception as error:  # the library raises whatever the broken file made it raise
            raise SemanticUnavailable(f"{self.files.name} cannot be loaded from {self.files.path}: {error}") from error
        found = model.get_embedding_dimension()
        if found != self.dimension:
            raise SemanticUnavailable(
                f"{self.files.name} gives {found} dimensions, its configuration says {self.dimension}"
            )
        logger.info("loaded %s from %s", self.fingerprint, self.files.path)
        return model


@cache
def _usual_threads() -> int:
    import torch

    return torch.get_num_threads()


def _use_threads(count: int | None) -> None:
    """Torch keeps this number for each thread that calls it."""
    import torch

    usual = _usual_threads()
    torch.set_num_threads(count or usual)
