"""The index and the model of this process: opened on first use, shared by its threads."""

import logging
import threading
from contextlib import AbstractContextManager
from pathlib import Path

from django.conf import settings

from kb.env import index_url
from search.encoder import Encoder, load_encoder
from search.engines.base import Engine
from search.engines.stores import LocalStore, MilvusStore, Store, WritableEngine
from search.errors import SearchError, SemanticUnavailable
from search.writer_lock import DatabaseLock

log = logging.getLogger(__name__)

_lock = threading.Lock()
_encoders: dict[str, Encoder] = {}
_stores: dict[tuple[str, str], Store] = {}
_readers: dict[tuple[Store, str], Engine] = {}


def encoder() -> Encoder:
    """The model that KB_EMBEDDER names. Its weights are read when the first text is encoded."""
    name = settings.KB_EMBEDDER
    with _lock:
        if name not in _encoders:
            _encoders[name] = load_encoder(name)
        return _encoders[name]


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


def store(url: str = "") -> Store:
    """Where the index is kept that KB_INDEX_URL names, or another one by its URL. Raises ValueError for nonsense."""
    url = index_url("--engine", url) if url else settings.KB_INDEX_URL
    data = Path(settings.KB_DATA_DIR)
    key = (url, str(data))
    with _lock:
        if key not in _stores:
            if url.startswith("milvus:"):
                _stores[key] = MilvusStore(url, data / "milvus", DatabaseLock)
            else:
                _stores[key] = LocalStore(data / "index")
        return _stores[key]


def made_with(url: str = "") -> tuple[str, int] | None:
    """Fingerprint and dimension of the index there is; None where none was ever made, or it is gone."""
    return store(url).made_with()


def reader(url: str = "") -> Engine:
    """The index for searching; it follows what the writer does without being opened again.

    Where the model cannot be found or trusted it is the index as it was made: its words can still be searched, and its
    vectors compared with each other.
    """
    kept = store(url)
    try:
        model = encoder()
        fingerprint, dimension = model.fingerprint, model.dimension
    except SemanticUnavailable:
        fingerprint, dimension = kept.made_with() or ("", 0)
    with _lock:
        key = (kept, fingerprint)
        if key not in _readers:
            _readers[key] = kept.reader(fingerprint, dimension)
        return _readers[key]


def writer(wait: float = 0.0, url: str = "") -> WritableEngine:
    """The index for writing, as a context manager. IndexBusy while another process writes, after `wait` seconds."""
    model = encoder()
    model.prepare()
    return store(url).writer(model.fingerprint, model.dimension, wait)


def rebuild(wait: float = 0.0, url: str = "") -> AbstractContextManager[Engine]:
    """An empty index to fill beside the one in use; searches see it when the block ends, not when it raises."""
    model = encoder()
    model.prepare()
    return store(url).rebuild(model.fingerprint, model.dimension, wait)
