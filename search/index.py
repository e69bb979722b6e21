"""The index and the model of this process: opened on first use, shared by its threads."""

import logging
import threading
from pathlib import Path

from django.conf import settings

from search.encoder import Encoder, load_encoder
from search.engines.base import Engine
from search.engines.layout import read_current
from search.engines.local import LocalEngine
from search.errors import SearchError, SemanticUnavailable
from search.reranker import CrossEncoderReranker, Reranker

log = logging.getLogger(__name__)

_lock = threading.Lock()
_encoders: dict[str, Encoder] = {}
_rerankers: dict[str, Reranker] = {}
_readers: dict[tuple[str, str], LocalEngine] = {}


def encoder() -> Encoder:
    """The model that KB_EMBEDDER names. Its weights are read when the first text is encoded."""
    name = settings.KB_EMBEDDER
    with _lock:
        if name not in _encoders:
            _encoders[name] = load_encoder(name)
        return _encoders[name]


def reranker() -> Reranker | None:
    """The model that KB_RERANKER names; None where that is off. It is read when it is first asked."""
    name = settings.KB_RERANKER
    if not name:
        return None
    with _lock:
        if name not in _rerankers:
            _rerankers[name] = CrossEncoderReranker(name)
        return _rerankers[name]


def fingerprint() -> str:
    """Which model is in use; empty where it cannot be found or trusted."""
    try:
        return encoder().fingerprint
    except SemanticUnavailable as error:
        log.warning("%s", error)
        return ""


def warm_up() -> None:
    """Load model and index now. What fails here fails again, and is told, when somebody searches."""
    try:
        encoder().encode_query("warm up")
        reader().refresh()
    except SearchError as error:
        log.warning("search by meaning is not ready: %s", error)


def folder() -> Path:
    """Where the local engine keeps its files."""
    return Path(settings.KB_DATA_DIR) / "index"


def reader() -> Engine:
    """The index for searching; it follows what the writer does without being opened again.

    Where the model cannot be found or trusted it is the index as it was made: its words can still be searched, and its
    vectors compared with each other.
    """
    try:
        model = encoder()
        fingerprint, dimension = model.fingerprint, model.dimension
    except SemanticUnavailable:
        current = read_current(folder())
        fingerprint, dimension = (current.fingerprint, current.dimension) if current else ("", 0)
    key = (str(folder()), fingerprint)
    with _lock:
        if key not in _readers:
            _readers[key] = LocalEngine(folder(), fingerprint, dimension)
        return _readers[key]


def writer(wait: float = 0.0) -> LocalEngine:
    """The index for writing, as a context manager. IndexBusy while another process writes, after `wait` seconds."""
    model = encoder()
    return LocalEngine(folder(), model.fingerprint, model.dimension, writable=True, wait=wait)
