"""The index and the model of this process: opened on first use, shared by its threads."""

import logging
import threading
from contextlib import AbstractContextManager
from pathlib import Path

from django.conf import settings

from kb.env import index_url
from search.encoder import Encoder
from search.engines import stores
from search.engines.base import Engine
from search.engines.stores import Store, WritableEngine
from search.errors import IndexMismatch, SearchError, SemanticUnavailable
from search.reranker import CrossEncoderReranker, Reranker
from search.tuning import chosen as tuned
from search.writer_lock import DatabaseLock

log = logging.getLogger(__name__)

MODELS_KEPT = 2

_lock = threading.Lock()
_encoders: dict[str, Encoder] = {}
_rerankers: dict[str, Reranker] = {}
_stores: dict[tuple[str, str], Store] = {}
_readers: dict[tuple[Store, str], Engine] = {}


def encoder() -> Encoder:
    """The model that the index being read was made with, so that a question is encoded like the passages it meets;
    the chosen one where there is no index, or one of a model that KB_EMBEDDER has nothing to do with. Weights are read
    when the first text is encoded."""
    return _model_of(_made_with(store()))


def chosen() -> Encoder:
    """The model that an index is made with when it is made anew: KB_EMBEDDER's, or one adapted from it."""
    return _model(tuned.model())


def base() -> Encoder:
    """KB_EMBEDDER's model, as it came."""
    return _model(settings.KB_EMBEDDER)


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


def store(url: str = "") -> Store:
    """Where the index is kept that KB_INDEX_URL names, or another one by its URL. Raises ValueError for nonsense."""
    url = index_url("--engine", url) if url else settings.KB_INDEX_URL
    data = Path(settings.KB_DATA_DIR)
    key = (url, str(data))
    with _lock:
        if key not in _stores:
            _stores[key] = stores.store(url, data, DatabaseLock)
        return _stores[key]


def made_with(url: str = "") -> tuple[str, int] | None:
    """Fingerprint and dimension of the index there is; None where none was ever made, or it is gone."""
    return store(url).made_with()


def reader(url: str = "") -> Engine:
    """The index for searching; it follows what the writer does without being opened again.

    Where the model cannot be found or trusted it is the index as it was made: its words can still be searched, and its
    vectors compared with each other.
    """
    return opened(url)[0]


def opened(url: str = "") -> tuple[Engine, Encoder]:
    """The index for searching, and the model for asking it. They belong together also while an index of another model
    is swapped in: who holds the two goes on with the old one, and who asks again gets the new."""
    kept = store(url)
    while True:
        made = _made_with(kept)
        model = _model_of(made)
        engine = _reader(kept, made, model)
        if _made_with(kept) == made:
            return engine, model


def writer(wait: float = 0.0, url: str = "") -> WritableEngine:
    """The index for writing, as a context manager. IndexBusy while another process writes, after `wait` seconds.

    It goes on with the model that it was made with, whichever is chosen: another one is another index.
    """
    kept = store(url)
    while True:
        model = _model_of(_made_with(kept))
        model.prepare()
        try:
            return kept.writer(model.fingerprint, model.dimension, wait)
        except IndexMismatch:
            if _model_of(_made_with(kept)) is model:
                raise  # otherwise another index was swapped in since we looked


def rebuild(model: Encoder, wait: float = 0.0, url: str = "") -> AbstractContextManager[Engine]:
    """An empty index to fill beside the one in use, with vectors of `model`; searches see it when the block ends, not
    when it raises."""
    model.prepare()
    return store(url).rebuild(model.fingerprint, model.dimension, wait)


def _reader(kept: Store, made: tuple[str, int] | None, model: Encoder) -> Engine:
    try:
        fingerprint, dimension = model.fingerprint, model.dimension
    except SemanticUnavailable:
        fingerprint, dimension = made or ("", 0)
    key = (kept, fingerprint)
    with _lock:
        if key not in _readers:
            # Readers of a former model are let go; who still searches with one keeps it to the end.
            for other in [other for other in _readers if other[0] is kept]:
                del _readers[other]
            _readers[key] = kept.reader(fingerprint, dimension)
        return _readers[key]


def _made_with(kept: Store) -> tuple[str, int] | None:
    """What the index says of itself; nothing where it cannot be asked, which whoever searches it will be told."""
    try:
        return kept.made_with()
    except SearchError as error:
        log.warning("which model the index was made with cannot be told: %s", error)
        return None


def _model_of(made: tuple[str, int] | None) -> Encoder:
    """The model that made an index, as far as it is KB_EMBEDDER's or adapted from it; else the chosen one."""
    if made is None:
        return chosen()
    name = tuned.model_of(made[0])
    if name is not None:
        return _model(name)
    plain = _model(settings.KB_EMBEDDER)
    try:
        return plain if made[0] == plain.fingerprint else chosen()
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
