"""An encoder on OpenVINO: a prepared model, loaded in a fraction of a second, without torch."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.memory import let_go
from search.engines.base import Vectors
from search.errors import SemanticUnavailable
from search.openvino_runtime import compiled, openvino
from search.prepared import INT8, REST, Prepared, instructions
from search.text import clean

# Passages that go through the model together: few, so that little is padding; more are no faster on a processor.
BATCH = 8
# So few texts are not worth starting all cores for, and the memory that takes: web processes encode no more.
FEW = 128
# Lengths are rounded up to so many tokens, since code is generated for each shape anew.
STEP = 8
# Of single texts most are questions as people type them, and of these most have no more tokens. In 8 bits they have a
# model of their own, which takes this length alone: one that takes any length makes itself ready again whenever it
# changes, for as long as a question takes, and what padding costs is little, since weights have to be read whatever the
# length. In floating point padding costs what it is worth, and a second model four times the memory.
SHORT = 16
STEP_FP32 = 4
# In floating point one text is done in two thirds of the time by two cores; more would wait for each other. In 8 bits a
# core is no slower alone, and the other one is free for another question.
THREADS_SINGLE = 1 if instructions() else 2


class OpenVinoEncoder:
    """Vectors by a model in `folder`, which `search.preparing` made. Safe to share between threads."""

    def __init__(self, folder: Path, prepared: Prepared, dimension: int) -> None:
        self.dimension = dimension
        self._folder = folder
        self._prepared = prepared
        self._short = SHORT if prepared.precision == INT8 else 0
        self._step = self._short or STEP_FP32
        self._lock = threading.Lock()
        self._tokens: Any = None
        self._single: dict[int, Any] = {}
        self._many: Any = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Encoder.encode`."""
        prompt = self._prepared.document_prompt
        if len(texts) <= FEW:
            return self._one_by_one([prompt + text for text in texts])
        tokens = self._tokenized([prompt + text for text in texts])
        vectors = np.empty((len(texts), self.dimension), np.float32)

        def keep(request: Any, rows: list[int]) -> None:
            vectors[rows] = request.get_output_tensor(0).data

        # A batch costs as much as its longest text, so texts of one length go together, the longest first: memory
        # that suffices for the first batch suffices for all.
        order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
        with self._lock:
            queue = self._throughput()
            queue.set_callback(keep)
            try:
                for start in range(0, len(order), BATCH):
                    rows = order[start : start + BATCH]
                    queue.start_async(_padded([tokens[row] for row in rows]), rows)
                queue.wait_all()
            except RuntimeError as error:
                raise SemanticUnavailable(f"{self._folder.name} failed: {error}") from error
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """As `Encoder.encode_query`."""
        return self._one_by_one([self._prepared.query_prompt + text])[0]

    def _one_by_one(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        tokens = self._tokenized(texts)
        with self._lock:
            try:
                for row in sorted(range(len(tokens)), key=lambda row: len(tokens[row])):
                    request = self._latency(len(tokens[row]))
                    found = request.infer(_padded([tokens[row]], self._step), share_inputs=True, share_outputs=True)
                    vectors[row] = found[0][0]
            except RuntimeError as error:
                raise SemanticUnavailable(f"{self._folder.name} failed: {error}") from error
        return vectors

    def _tokenized(self, texts: Sequence[str]) -> list[list[int]]:
        with self._lock:
            if self._tokens is None:
                from tokenizers import Tokenizer

                self._tokens = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                self._tokens.enable_truncation(self._prepared.max_tokens)
                self._tokens.no_padding()
        if len(texts) == 1:  # several are given to other threads, which have to wake first
            return [self._tokens.encode(clean(texts[0])).ids]
        return [found.ids for found in self._tokens.encode_batch([clean(text) for text in texts])]

    def _latency(self, tokens: int) -> Any:
        """What takes one text of so many tokens at a time."""
        length = self._short if tokens <= self._short else 0
        if length not in self._single:
            options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": THREADS_SINGLE}
            request = self._compiled(options, length).create_infer_request()
            request.infer(_padded([[0]], self._step))
            # Weights have been rearranged for the processor.
            let_go(self._folder.resolve() / "model.bin")
            self._single[length] = request
        return self._single[length]

    def _throughput(self) -> Any:
        if self._many is None:
            self._many = openvino().AsyncInferQueue(self._compiled({"PERFORMANCE_HINT": "THROUGHPUT"}))
        return self._many

    def _compiled(self, options: dict[str, Any], length: int = 0) -> Any:
        """For one text of this many tokens at a time, or for any number of any length."""
        options = {**options, "INFERENCE_PRECISION_HINT": REST}
        try:
            return compiled(self._folder / "model.xml", options, [1, length] if length else None)
        except ImportError as error:
            raise SemanticUnavailable(f'{error}: pip install "openvino>=2026.4,<2027"') from error
        except RuntimeError as error:
            raise SemanticUnavailable(
                f"{self._folder} cannot be loaded ({error}): delete it, and it is made again"
            ) from error


def _padded(tokens: Sequence[Sequence[int]], step: int = STEP) -> dict[int, np.ndarray]:
    """Token ids and their mask, both int64 (n, longest), the way the model takes them."""
    longest = -(-max(map(len, tokens)) // step) * step
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, found in enumerate(tokens):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    return {0: ids, 1: mask}
