"""An option: a cross-encoder reads the question together with each of the first results and orders them anew.

It knows more than two vectors can say, and costs a model run for each passage it reads, which is why it is off unless
KB_RERANKER names one.
"""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search.errors import SemanticUnavailable
from search.fusion import Scores, stretch
from search.model_files import locate
from search.ranking import RankedEntry, RankedPassage
from search.text import clean

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

logger = logging.getLogger(__name__)

# Entries that are read again, each by its best passage. One of 200 words takes a small model some 30 ms of a core.
READ = 30
# What the cross-encoder says, against what the ranking said before it.
SHARE = 0.7
RERANKER_DOWN = "The re-ranking model is not available right now: results are in the order found without it."

# Texts by passage id: what the cross-encoder reads of them.
Texts = Callable[[Sequence[int]], Mapping[int, str]]


class Reranker(Protocol):
    """Says how well texts answer a question."""

    def scores(self, query: str, texts: Sequence[str]) -> Scores:
        """One number for each text, higher is better. Raises SemanticUnavailable when the model cannot be used."""
        ...


def reranked(query: str, entries: Sequence[RankedEntry], reranker: Reranker, texts: Texts) -> list[RankedEntry]:
    """All entries, the first `READ` of them in an order that the model has a say in; the others follow.

    A score stays the sum of its parts, from 0 to 1: the say of the model is part of `semantic`. Raises
    SemanticUnavailable like `Reranker.scores`.
    """
    read, rest = list(entries[:READ]), entries[READ:]
    known = texts([entry.passages[0].id for entry in read])
    if not read or not known:
        return list(entries)
    found = reranker.scores(query, [known.get(entry.passages[0].id, "") for entry in read])
    said = [_mixed(entry, float(say)) for entry, say in zip(read, stretch(found), strict=True)]
    return [
        *sorted(said, key=lambda entry: (-entry.score, entry.entry_id)),
        *(_mixed(entry, 0.0) for entry in rest),
    ]


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder on torch, read when it is first used. Safe to share between threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._model: CrossEncoder | None = None

    def scores(self, query: str, texts: Sequence[str]) -> Scores:
        with self._lock:
            if self._model is None:
                self._model = self._load()
            try:
                found = self._model.predict([(clean(query), clean(text)) for text in texts], show_progress_bar=False)
            except Exception as error:  # whatever the model's own code raises
                raise SemanticUnavailable(f"{self.name} failed: {error}") from error
        scores = np.asarray(found, np.float64)
        if scores.shape != (len(texts),) or not np.isfinite(scores).all():
            raise SemanticUnavailable(f"{self.name} gives no single number for a question and a text")
        return scores

    def _load(self) -> "CrossEncoder":
        path = locate(self.name, "KB_RERANKER").path
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            from sentence_transformers import CrossEncoder

            return CrossEncoder(str(path), local_files_only=True)
        except Exception as error:  # the library raises whatever the broken file made it raise
            raise SemanticUnavailable(f"{self.name} cannot be loaded from {path}: {error}") from error


def _mixed(entry: RankedEntry, say: float) -> RankedEntry:
    return entry._replace(
        score=_mix(entry.score, say),
        keyword=(1 - SHARE) * entry.keyword,
        semantic=_mix(entry.semantic, say),
        passages=[_mixed_passage(passage, say if at == 0 else 0.0) for at, passage in enumerate(entry.passages)],
    )


def _mixed_passage(passage: RankedPassage, say: float) -> RankedPassage:
    return RankedPassage(
        passage.id, _mix(passage.score, say), (1 - SHARE) * passage.keyword, _mix(passage.semantic, say)
    )


def _mix(before: float, say: float) -> float:
    return (1 - SHARE) * before + SHARE * say
