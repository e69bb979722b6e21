"""The index and the model of this process: opened on first use, shared by its threads."""

import logging
import threading
from pathlib import Path

from django.conf import settings

from search.encoder import Encoder
from search.engines.base import Engine
from search.engines.layout import Current, read_current
from search.engines.local import LocalEngine
from search.errors import IndexMismatch, SearchError, SemanticUnavailable
from search.tuning import chosen as tuned

log = logging.getLogger(__name__)

MODELS_KEPT = 2

_lock = threading.Lock()
_encoders: dict[str, Encoder] = {}
_readers: dict[tuple[str, str], LocalEngine] = {}


def encoder() -> Encoder:
    """The model that the index being read was made with, so that a question is encoded like the passages it meets;
    the chosen one where there is no index, or one of a model that KB_EMBEDDER has nothing to do with. Weights are read
    when the first text is encoded."""
    return _made_with(_current())


def chosen() -> Encoder:
    """The model that an index is made with when it is made anew: KB_EMBEDDER's, or one adapted from it."""
    return _model(tuned.model())


def base() -> Encoder:
    """KB_EMBEDDER's model, as it came."""
    return _model(settings.KB_EMBEDDER)


def fingerprint() -> str:
    """Which model answers searches; empty where it cannot be found or trusted."""
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
    return opened()[0]


def opened() -> tuple[Engine, Encoder]:
    """The index for searching, and the model for asking it. They belong together also while an index of another model
    is swapped in: who holds the two goes on with the old one, and who asks again gets the new."""
    while True:
        current = _current()
        model = _made_with(current)
        engine = _reader(current, model)
        if _fingerprint(_current()) == _fingerprint(current):
            return engine, model


def writer(wait: float = 0.0) -> LocalEngine:
    """The index for writing, as a context manager. IndexBusy while another process writes, after `wait` seconds.

    It goes on with the model that it was made with, whichever is chosen: another one is another index.
    """
    while True:
        model = encoder()
        model.prepare()
        try:
            return LocalEngine(folder(), model.fingerprint, model.dimension, writable=True, wait=wait)
        except IndexMismatch:
            if encoder() is model:
                raise  # otherwise another index was swapped in since we looked


def _reader(current: Current | None, model: Encoder) -> LocalEngine:
    try:
        fingerprint, dimension = model.fingerprint, model.dimension
    except SemanticUnavailable:
        fingerprint, dimension = (current.fingerprint, current.dimension) if current else ("", 0)
    key = (str(folder()), fingerprint)
    with _lock:
        if key not in _readers:
            # Readers of a former model are let go; who still searches with one keeps it to the end.
            for other in [other for other in _readers if other[0] == key[0]]:
                del _readers[other]
            _readers[key] = LocalEngine(folder(), fingerprint, dimension)
        return _readers[key]


def _current() -> Current | None:
    """What the index says of itself."""
    return read_current(folder())


def _fingerprint(current: Current | None) -> str | None:
    return current.fingerprint if current else None


def _made_with(current: Current | None) -> Encoder:
    """The model that made an index, as far as it is KB_EMBEDDER's or adapted from it; else the chosen one."""
    if current is None:
        return chosen()
    name = tuned.model_of(current.fingerprint)
    if name is not None:
        return _model(name)
    plain = _model(settings.KB_EMBEDDER)
    try:
        return plain if current.fingerprint == plain.fingerprint else chosen()
    except SemanticUnavailable:
        return plain


def _model(name: str) -> Encoder:
    with _lock:
        if name not in _encoders:
            # The one before may still be asked; those before that are not.
            for other in list(_encoders)[: -MODELS_KEPT + 1]:
                del _encoders[other]
            _encoders[name] = tuned.load(name)
        return _encoders[name]
