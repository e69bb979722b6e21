"""The encoder that a name means on this machine: on OpenVINO, prepared once, or on torch where that cannot be."""

import threading
import time
from collections.abc import Sequence
from functools import cached_property, lru_cache

from search.encoder import Encoder
from search.engines.base import Vectors
from search.errors import SemanticUnavailable
from search.model_files import ModelFiles, locate
from search.openvino_encoder import OpenVinoEncoder
from search.prepared import TORCH, Prepared, find, folder_of, prepare
from search.progress import Told
from search.sentence_encoder import SentenceEncoder

LOOK_AGAIN_S = 60.0
ASKED_KEPT = 256


class ModelEncoder:
    """A sentence-transformers model by name or folder. Safe to share between threads.

    Passages are encoded after preparing the model, which takes a while once; a question only by a model that is
    prepared, since whoever asks cannot wait.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._files: ModelFiles | None = None
        self._missing = ""
        self._look_again_at = 0.0
        self._prepared: Prepared | None = None
        self._running: OpenVinoEncoder | SentenceEncoder | None = None
        # The next page, another filter, each kind of precedents: the same question is asked several times.
        self._asked = lru_cache(maxsize=ASKED_KEPT)(self._ask)

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
        return f"{self.files.name}:{self.files.checked_sum()[:16]}:{self._ready().suffix}"

    @cached_property
    def dimension(self) -> int:
        return self.files.dimension()

    def prepare(self, progress: Told | None = None) -> None:
        self._prepared = self._prepared or prepare(self.files, progress)

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.prepare()
        return self._runtime().encode(texts)

    def encode_query(self, text: str) -> Vectors:
        return self._asked(text)

    def _ask(self, text: str) -> Vectors:
        vector = self._runtime().encode_query(text)
        vector.setflags(write=False)
        return vector

    def _ready(self) -> Prepared:
        self._prepared = self._prepared or find(self.files)
        if self._prepared is None:
            raise SemanticUnavailable(
                f"{self.name} is not prepared for this machine yet; `python manage.py reindex` does that"
            )
        return self._prepared

    def _runtime(self) -> Encoder | OpenVinoEncoder:
        prepared = self._ready()
        with self._lock:
            if self._running is None:
                if prepared.runtime == TORCH:
                    self._running = SentenceEncoder(self.files)
                else:
                    self._running = OpenVinoEncoder(folder_of(self.files), prepared, self.dimension)
            return self._running
