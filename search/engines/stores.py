"""Where an index is kept, by KB_INDEX_URL: who reads it, who writes it, and how it is built anew."""

import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from search.engines.base import Engine
from search.engines.layout import WriterLock, read_current
from search.engines.local import LocalEngine
from search.errors import SearchError

log = logging.getLogger(__name__)

SCRATCH = "precedent_scratch_"


class WritableEngine(Engine, Protocol):
    """An engine that holds the right to write until it is closed."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *_: object) -> None: ...


class Lock(Protocol):
    def release(self) -> None: ...


# Takes the right to write to what has this name, trying for some seconds; IndexBusy where another has it.
AlsoLock = Callable[[str, float], Lock]


class Store(Protocol):
    """One place for an index."""

    def reader(self, fingerprint: str, dimension: int) -> Engine:
        """For searching; it follows what the writer does without being opened again."""
        ...

    def writer(self, fingerprint: str, dimension: int, wait: float) -> WritableEngine:
        """For writing. Raises IndexBusy while another process writes, after `wait` seconds."""
        ...

    def rebuild(self, fingerprint: str, dimension: int, wait: float) -> AbstractContextManager[Engine]:
        """An empty index to fill beside the one in use, which it replaces when the block ends without an error."""
        ...

    def made_with(self) -> tuple[str, int] | None:
        """Fingerprint and dimension of the index there is; None where there is none. Cheap."""
        ...


class LocalStore:
    """faiss and tantivy in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return "local"

    def reader(self, fingerprint: str, dimension: int) -> Engine:
        return LocalEngine(self.folder, fingerprint, dimension)

    def writer(self, fingerprint: str, dimension: int, wait: float) -> WritableEngine:
        return LocalEngine(self.folder, fingerprint, dimension, writable=True, wait=wait)

    def rebuild(self, fingerprint: str, dimension: int, wait: float) -> AbstractContextManager[Engine]:
        return LocalEngine.rebuild(self.folder, fingerprint, dimension, wait=wait)

    def made_with(self) -> tuple[str, int] | None:
        current = read_current(self.folder)
        return (current.fingerprint, current.dimension) if current else None


class MilvusStore:
    """A collection in a Milvus, that of the URL where none is named; `folder` holds the lock of this machine, and words
    where the server cannot. `also_lock` is for what more than one machine writes to."""

    def __init__(self, url: str, folder: Path, also_lock: AlsoLock | None = None, collection: str = "") -> None:
        from search.engines.milvus_server import Address

        address = Address.of(url)
        self._address = replace(address, collection=collection or address.collection)
        self._folder = folder / self._address.key
        self._also_lock = also_lock
        self._asking = self._engine("", 0, None)

    def __str__(self) -> str:
        return str(self._address)

    def reader(self, fingerprint: str, dimension: int) -> Engine:
        return self._engine(fingerprint, dimension, None)

    def writer(self, fingerprint: str, dimension: int, wait: float) -> WritableEngine:
        return self._engine(fingerprint, dimension, self._lock(wait))

    def rebuild(self, fingerprint: str, dimension: int, wait: float) -> AbstractContextManager[Engine]:
        from search.engines.milvus import MilvusEngine

        return MilvusEngine.rebuild(self._address, self._folder, fingerprint, dimension, lock=self._lock(wait))

    def made_with(self) -> tuple[str, int] | None:
        made = self._asking.made_with()
        return (made.fingerprint, made.dimension) if made else None

    def forget(self) -> None:
        """Take away all of it, which nobody else may be reading or writing."""
        self._asking.forget()

    def _engine(self, fingerprint: str, dimension: int, lock: Lock | None) -> Any:
        from search.engines.milvus import MilvusEngine

        return MilvusEngine(self._address, self._folder, fingerprint, dimension, lock=lock)

    def _lock(self, wait: float) -> Lock:
        """Against others on this machine by a file, against other machines by what `also_lock` asks."""
        here = WriterLock(self._folder, wait)
        if self._also_lock is None:
            return here
        try:
            return _Both(here, self._also_lock(self._address.key, wait))
        except BaseException:
            here.release()
            raise


class _Both:
    def __init__(self, *locks: Lock) -> None:
        self._locks = locks

    def release(self) -> None:
        for lock in reversed(self._locks):
            lock.release()


def store(url: str, data: Path, also_lock: AlsoLock | None = None) -> Store:
    """What the URL of an index names; what of it is kept in files is under `data`."""
    return LocalStore(data / "index") if _is_local(url) else MilvusStore(url, data / "milvus", also_lock)


@contextmanager
def scratch(url: str) -> Iterator[Store]:
    """A place for an index that is nobody else's, of the kind and on the server that the URL of an index names: a
    folder, or a collection of its own. Gone when the block ends; who is killed in it leaves the collection."""
    with tempfile.TemporaryDirectory(prefix="index-") as folder:
        if _is_local(url):
            yield LocalStore(Path(folder))
            return
        own = f"{SCRATCH}{secrets.token_hex(4)}"
        store = MilvusStore(url, Path(folder), collection=own)
        try:
            yield store
        finally:
            try:
                store.forget()
            except SearchError as error:
                log.warning("the collection %s is still there: %s", own, error)


def _is_local(url: str) -> bool:
    return url in ("", "local:")
