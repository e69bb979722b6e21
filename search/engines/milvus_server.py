"""A connection with a Milvus server: where it is, how long we wait for it, and what its errors mean here.

Every call has a time limit, since pymilvus otherwise tries again for minutes. A server that did not answer is not asked
again for some seconds, so that one that is gone costs one search its patience and not every search.
"""

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from search.errors import SearchError, SemanticUnavailable

log = logging.getLogger(__name__)

INSTALL = 'pip install "pymilvus>=3.0.2,<4"'
PORT = 19530
COLLECTION = "precedent"
CONNECT_S = 1.5
READ_S = 2.5
WRITE_S = 60.0
# A server that is back is noticed within a second: gRPC would wait longer with every failure, for all channels alike.
CHANNEL = {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
}
# How long a server that did not answer is left alone.
REST_S = 3.0
# The first Milvus with sparse vectors; older ones keep dense vectors alone.
SPARSE_SINCE = (2, 4)
NO_COLLECTION, NOT_LOADED = 100, 101


class CollectionGone(SearchError):
    """The collection that was asked does not exist (any more): look again which one is current."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a `milvus://` URL says. `keywords` is local or server, or empty where the server's version decides."""

    host: str
    port: int = PORT
    user: str = ""
    password: str = ""
    database: str = ""
    collection: str = COLLECTION
    keywords: str = ""
    index: str = "FLAT"
    secure: bool = False

    @classmethod
    def of(cls, url: str) -> "Address":
        """From a URL that `kb.env.index_url` has accepted."""
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return cls(
            host=parts.hostname or "",
            port=parts.port or PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")),
            collection=options.get("collection", COLLECTION),
            keywords=options.get("keywords", ""),
            index=options.get("index", "FLAT").upper(),
            secure=options.get("tls", "") == "1",
        )

    def __str__(self) -> str:
        """Without the password: this is shown in notices and logs."""
        return f"milvus://{self.host}:{self.port}/{self.database}"

    @property
    def key(self) -> str:
        """A name for a folder that belongs to this collection."""
        return re.sub(r"[^\w.-]", "_", f"milvus-{self.host}-{self.port}-{self.database}-{self.collection}")


class Server:
    """Calls by name, `server.call("search", …)`; connected at the first one. Threads may share it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._client: Any = None
        self._version: tuple[int, ...] = ()
        self._silent_until = 0.0
        self._reason = ""

    def call(self, method: str, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """What the method of `MilvusClient` of that name returns.

        Raises CollectionGone, SemanticUnavailable when the server does not answer in time, SearchError when it refuses.
        A collection that is not loaded, as after a restart of the server, is loaded first. `timeout` is that of a
        search, where nothing else is said.
        """
        timeout = READ_S if timeout is None else timeout
        try:
            return self._call(method, *args, timeout=timeout, **kwargs)
        except _NotLoaded:
            self._call("load_collection", args[0], timeout=timeout)
            return self._call(method, *args, timeout=timeout, **kwargs)

    def pages(self, collection: str, **kwargs: Any) -> Iterator[list[dict[str, Any]]]:
        """All rows that a query has, however many; the errors are those of `call`."""
        iterator = self.call("query_iterator", collection, **kwargs)
        try:
            while rows := self._guarded("query_iterator", iterator.next):
                yield rows
        finally:
            iterator.close()

    def create(self, collection: str, schema: Any, indexes: Any, **kwargs: Any) -> None:
        """A new collection, loaded. It is empty, so there is no index to wait for, which pymilvus does by sleeping."""
        self.call("create_collection", collection, schema=schema, timeout=WRITE_S, **kwargs)
        self.call("create_index", collection, indexes, sync=False, timeout=WRITE_S)
        self.call("load_collection", collection, timeout=WRITE_S)

    @property
    def has_sparse(self) -> bool:
        """Whether the server can hold the words too."""
        if not self._version:
            told = self._call("get_server_version", timeout=READ_S)
            # milvus-lite counts its own versions: its third generation has sparse vectors.
            numbers = re.findall(r"\d+", told)
            self._version = tuple(map(int, numbers[:2])) or SPARSE_SINCE
        return self._version >= SPARSE_SINCE

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):  # it may be the connection itself that is broken
                client.close()

    def _call(self, method: str, *args: Any, timeout: float, **kwargs: Any) -> Any:
        if time.monotonic() < self._silent_until:
            raise SemanticUnavailable(self._reason)
        return self._guarded(method, lambda: getattr(self._connected(), method)(*args, timeout=timeout, **kwargs))

    def _guarded(self, method: str, call: Callable[[], Any]) -> Any:
        """What it returns, its errors turned into ours."""
        exceptions = _pymilvus().exceptions
        try:
            return call()
        except exceptions.MilvusException as error:
            code = getattr(error, "code", None)
            if code == NO_COLLECTION:
                raise CollectionGone(str(error)) from error
            if code == NOT_LOADED:
                raise _NotLoaded(str(error)) from error
            if not isinstance(
                error, (exceptions.ConnectError, exceptions.MilvusUnavailableException)
            ) and not _unanswered(error):
                raise SearchError(f"Milvus at {self.address} refused {method}: {error.message}") from error
            failure: Exception = error
        except Exception as error:
            if not _from_grpc(error):
                raise
            failure = error
        self._reason = f"Milvus at {self.address} does not answer: {_line(failure)}"
        self._silent_until = time.monotonic() + REST_S
        self.close()  # a new connection finds a server that came back at once
        raise SemanticUnavailable(self._reason) from failure

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                scheme = "https" if self.address.secure else "http"
                host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
                self._client = _pymilvus().MilvusClient(
                    uri=f"{scheme}://{host}:{self.address.port}",
                    user=self.address.user,
                    password=self.address.password,
                    db_name=self.address.database,
                    timeout=CONNECT_S,
                    dedicated=True,  # pymilvus would share one, and keep it while anybody else has it, broken or not
                    grpc_options=CHANNEL,
                )
            return self._client


class _NotLoaded(SearchError):
    pass


def _pymilvus() -> Any:
    """The client library, which is needed only where KB_INDEX_URL names a Milvus."""
    try:
        import pymilvus
    except ImportError as error:
        raise SemanticUnavailable(f"KB_INDEX_URL names a Milvus, and its client is missing: {INSTALL}") from error
    # It logs a traceback for each failure that it raises as well.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    logging.getLogger("pymilvus.decorators").setLevel(logging.CRITICAL)
    return pymilvus


def _unanswered(error: Any) -> bool:
    """Whether a MilvusException means that nobody answered: the codes are gRPC's where it was the connection."""
    code = getattr(error, "code", None)
    name = getattr(code, "name", "")
    return name in ("UNAVAILABLE", "DEADLINE_EXCEEDED") or code == 2 or "timeout" in str(error.message).lower()


def _from_grpc(error: Exception) -> bool:
    """Errors of a channel: RpcError, or ValueError where another thread has just closed it."""
    import grpc

    return isinstance(error, grpc.RpcError) or (isinstance(error, ValueError) and "closed channel" in str(error))


def _line(error: Exception) -> str:
    return (str(getattr(error, "message", "")) or str(error) or type(error).__name__).splitlines()[0][:200]
