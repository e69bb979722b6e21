"""The real encoder: a sentence-transformers model on torch, loaded when it is first used."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from search.engines.base import Vectors
from search.errors import SemanticUnavailable
from search.model_files import ModelFiles, locate
from search.text import clean

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

BATCH = 32
LOOK_AGAIN_S = 60.0


class SentenceEncoder:
    """Safe to share between threads. Load it after a fork, never before: torch's threads do not survive one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._files: ModelFiles | None = None
        self._missing = ""
        self._look_again_at = 0.0

    @property
    def files(self) -> ModelFiles:
        """Where the model is. What was not found, maybe over a slow network, is not looked for again at once."""
        if self._files is None:
            if time.monotonic() < self._look_again_at:
                raise SemanticUnavailable(self._missing)
            try:
                self._files = locate(self.name)
            except SemanticUnavailable as error:
                self._missing, self._look_again_at = str(error), time.monotonic() + LOOK_AGAIN_S
                raise
        return self._files

    @cached_property
    def fingerprint(self) -> str:
        return f"{self.files.name}:{self.files.checked_sum()[:16]}:torch-fp32"

    @cached_property
    def dimension(self) -> int:
        return self.files.dimension()

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
                raise SemanticUnavailable(f"{self.name} failed: {error}") from error
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
            raise SemanticUnavailable(f"{self.name} cannot be loaded from {self.files.path}: {error}") from error
        found = model.get_embedding_dimension()
        if found != self.dimension:
            raise SemanticUnavailable(f"{self.name} gives {found} dimensions, its configuration says {self.dimension}")
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
