"""The embedded engine: faiss for vectors and tantivy for words, in one folder, one writer and many readers.

The two halves commit separately, so every change first logs which passages it is about (an intent), then commits the
words, then logs the vectors. A writer that finds an intent without its end takes those passages out of both halves:
after a kill the index holds a passage whole or not at all, and `state` shows which ones to send again.
"""

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from search.engines.base import EngineState, Hits, Ids, IndexedPassage, Stored, Vectors, latest, query_vector
from search.engines.layout import (
    REBUILD,
    SCHEMA,
    Current,
    WriterLock,
    next_number,
    read_current,
    sweep,
    sync_folder,
    write_current,
)
from search.engines.local_vectors import LocalVectors
from search.engines.local_words import LocalWords
from search.engines.vector_log import Kind, record
from search.errors import IndexMismatch, SearchError

logger = logging.getLogger(__name__)

# A reader can meet files that a rebuild is just replacing; it then looks again which ones are current.
OPEN_ATTEMPTS = 20
# Where a rebuild happens until it is whole.
BESIDE = "rebuild"


class _Looked(threading.local):
    """Whether this thread has looked for what others wrote, and is `steady`."""

    already = False


class LocalEngine:
    """See `search.engines.base.Engine` for the promise.

    A reader still answers keywords where the vectors are of another model or damaged; `nearest` and `vectors` then
    raise IndexMismatch.
    """

    def __init__(
        self,
        folder: Path | str,
        fingerprint: str,
        dimension: int,
        *,
        writable: bool = False,
        wait: float = 0.0,
        unread: bool = False,
    ) -> None:
        """Open the index in `folder`; a writer creates it when there is none.

        `wait` is how many seconds a writer tries for the lock; `unread` is an index that nobody reads before it is
        whole. Raises IndexBusy when another process writes, and
        IndexMismatch for an index of another layout, or (writer) of another model or dimension.
        """
        self.folder = Path(folder)
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._unread = unread
        self._opening = threading.RLock()
        self._looked = _Looked()
        self._current: Current | None = None
        self._stamp: tuple[int, ...] = ()
        self._vectors: LocalVectors | None = None
        self._words: LocalWords | None = None
        self._broken: Exception | None = None
        self._writer = WriterLock(self.folder, wait) if writable else None
        try:
            if self._writer:
                self._prepare()
            self.refresh()
            self._finish_interrupted()
        except BaseException:
            self.close()
            raise

    def upsert(self, passages: Sequence[IndexedPassage]) -> None:
        words, vectors = self._writing()
        chosen, stacked = latest(passages, self.dimension)
        if not chosen:
            return
        ids = np.array([passage.id for passage in chosen], np.int64)
        vectors.append(record(Kind.INTENT, ids))
        words.write(chosen, [])
        entry_ids = np.array([passage.entry_id for passage in chosen], np.int64)
        vectors.append(record(Kind.UPSERT, ids, entry_ids, stacked))
        if vectors.wants_compaction(unread=self._unread):
            self.compact()

    def delete(self, ids: Iterable[int]) -> None:
        words, vectors = self._writing()
        gone = np.unique(np.array([id for id in ids if id > 0], np.int64))
        if not gone.size:
            return
        vectors.append(record(Kind.INTENT, gone))
        words.write([], gone.tolist())
        vectors.append(record(Kind.DELETE, gone))

    def compact(self) -> None:
        """Fold the log of the vectors into a new base, beside the old one, and swap."""
        _, vectors = self._writing()
        assert self._current is not None
        current = replace(self._current, generation=next_number(self.folder))
        vectors.write_compacted(self.folder, current.generation)
        self._swap(current)

    def keyword(self, query: str, filter: Ids | None, k: int) -> Hits:
        self.refresh()
        return self._words.keyword(query, filter, k) if self._words else Hits.none()

    def keyword_scores(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        self.refresh()
        return self._words.keyword_scores(query, ids) if self._words else {}

    def coverage(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        self.refresh()
        return self._words.coverage(query, ids) if self._words else {}

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> Hits:
        vectors = self._readable_vectors()
        return vectors.nearest(query_vector(vector, self.dimension), filter, k) if vectors else Hits.none()

    def vectors(self, ids: Sequence[int] | Ids) -> Stored:
        vectors = self._readable_vectors()
        return vectors.vectors(np.asarray(ids, np.int64)) if vectors else Stored.of({}, self.dimension)

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        self.refresh()
        halves = (half for half in (self._words, self._vectors) if half is not None)
        return sorted({id for half in halves for id in half.passages_of(entry_ids)})

    def state(self) -> EngineState:
        """Both halves as they are, also for an index of another model: `fingerprint` is that of the index."""
        self.refresh()
        words, vectors, current = self._words, self._vectors, self._current
        nothing = np.empty(0, np.int64)
        if current is None or words is None:
            return EngineState(nothing, nothing, nothing, nothing, self.fingerprint, 0)
        keyword_ids, _ = words.contents()
        vector_ids, entry_ids = vectors.contents() if vectors else (nothing, nothing)
        both = np.isin(vector_ids, keyword_ids)
        return EngineState(
            vector_ids[both], entry_ids[both], keyword_ids, vector_ids, current.fingerprint, current.generation
        )

    def check(self) -> None:
        self.refresh()
        if self._broken is not None:
            raise IndexMismatch(f"the vectors in {self.folder} cannot be read ({self._broken}): {REBUILD}")
        if self._words is not None:
            self._words.check()
        if self._vectors is not None:
            try:
                self._vectors.check()
            except OSError as error:
                raise IndexMismatch(f"the vectors in {self.folder} are damaged ({error}): {REBUILD}") from error

    def refresh(self) -> None:
        if self._looked.already:
            return
        with self._opening:
            for _ in range(OPEN_ATTEMPTS):
                stamp = self._current_stamp()
                try:
                    if stamp != self._stamp:
                        if self._is_left_behind():
                            return
                        self._reopen(stamp)
                    for half in (self._words, self._vectors):
                        if half is not None:
                            half.refresh()
                    return
                except (OSError, ValueError, RuntimeError) as error:  # what the three libraries raise for a lost file
                    failure = error
                    if stamp == self._current_stamp():
                        break  # nobody replaced the files under our hands
            raise IndexMismatch(f"the index in {self.folder} cannot be read ({failure}): {REBUILD}") from failure

    @contextmanager
    def steady(self) -> Iterator[None]:
        self.refresh()
        before, self._looked.already = self._looked.already, True
        try:
            yield
        finally:
            self._looked.already = before

    def close(self) -> None:
        with self._opening:
            try:
                self._let_go()
            finally:
                if self._writer:
                    self._writer.release()
                    self._writer = None

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    @contextmanager
    def rebuild(
        cls, folder: Path | str, fingerprint: str, dimension: int, *, wait: float = 0.0
    ) -> Iterator["LocalEngine"]:
        """An empty engine to fill; readers see it when the block ends, and keep the old index when it raises. The words
        that are put in are seen by nobody before that.

        Needs no readable old index, so it is the way out of an IndexMismatch. Takes the lock like any writer.
        """
        folder = Path(folder)
        lock = WriterLock(folder, wait)
        beside = folder / BESIDE
        try:
            shutil.rmtree(beside, ignore_errors=True)
            with cls(beside, fingerprint, dimension, writable=True, unread=True) as fresh:
                yield fresh
                words, vectors = fresh._writing()
                words.settle()
                if vectors.wants_compaction():
                    fresh.compact()
            _adopt(folder, beside)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            lock.release()

    def _prepare(self) -> None:
        current = read_current(self.folder)
        if current is None:
            number = next_number(self.folder)
            current = Current(SCHEMA, self.fingerprint, self.dimension, number, number)
            LocalVectors.create(self.folder, number, self.dimension)
            LocalWords.create(self.folder, number)
            write_current(self.folder, current)
        current.require(self.fingerprint, self.dimension)
        sweep(self.folder, current)
        shutil.rmtree(self.folder / BESIDE, ignore_errors=True)  # of a rebuild that was killed

    def _current_stamp(self) -> tuple[int, ...]:
        try:
            stat = (self.folder / "CURRENT").stat()
        except FileNotFoundError:
            return ()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _is_left_behind(self) -> bool:
        """Whether an index of another model took the place of the one that this reader has open: it goes on with that,
        whose files stay readable as long as they are open, for questions that were encoded by that model."""
        if self._writer is not None or self._vectors is None or self._current is None:
            return False
        if self._current.fingerprint != self.fingerprint:
            return False
        try:
            current = read_current(self.folder)
        except IndexMismatch:
            return False
        return current is not None and current.fingerprint != self.fingerprint

    def _reopen(self, stamp: tuple[int, ...]) -> None:
        """Open what CURRENT names; the stamp is that of CURRENT, taken before."""
        current = read_current(self.folder)
        if current is None:
            self._let_go()
        elif current.schema != SCHEMA:
            current.require(self.fingerprint, self.dimension)
        else:
            self._open(current, stamp)
        self._stamp, self._current = stamp, current

    def _open(self, current: Current, stamp: tuple[int, ...]) -> None:
        writable = self._writer is not None
        words, self._broken = self._words, None
        if words is None or self._current is None or self._current.words != current.words:
            words = LocalWords(self.folder, current.words, writable=writable, unread=self._unread)
        vectors = None
        try:
            vectors = LocalVectors(self.folder, current.generation, current.dimension, writable=writable)
        except (OSError, ValueError, RuntimeError) as error:
            if writable or stamp != self._current_stamp():
                if words is not self._words:
                    words.close()
                raise
            logger.error("the vectors in %s cannot be read", self.folder, exc_info=error)
            self._broken = error
        old_words, old_vectors = self._words, self._vectors
        self._words, self._vectors = words, vectors
        if old_words is not None and old_words is not words:
            old_words.close()
        if old_vectors is not None:
            old_vectors.close()

    def _let_go(self) -> None:
        words, vectors = self._words, self._vectors
        self._words = self._vectors = None
        if vectors is not None:
            vectors.close()
        if words is not None:
            words.close()

    def _swap(self, current: Current) -> None:
        write_current(self.folder, current)
        self.refresh()
        sweep(self.folder, current)

    def _writing(self) -> tuple[LocalWords, LocalVectors]:
        if self._writer is None:
            raise SearchError("this engine was opened for reading; open it with writable=True")
        self.refresh()
        self._finish_interrupted()
        assert self._words is not None
        assert self._vectors is not None
        return self._words, self._vectors

    def _finish_interrupted(self) -> None:
        """Take passages whose change was cut short out of both halves, so that `state` shows them missing."""
        if self._writer is None or self._words is None or self._vectors is None:
            return
        ids = self._vectors.unfinished
        if ids.size:
            logger.warning("%d passages were being changed when a writer stopped; they must be sent again", ids.size)
            self._words.write([], ids.tolist())
            self._vectors.append(record(Kind.DELETE, ids))

    def _readable_vectors(self) -> LocalVectors | None:
        self.refresh()
        if self._current is not None:
            self._current.require(self.fingerprint, self.dimension)
        if self._broken is not None:
            raise IndexMismatch(f"the vectors in {self.folder} cannot be read ({self._broken}): {REBUILD}")
        return self._vectors


def _adopt(folder: Path, beside: Path) -> None:
    """Move the files of the index in `beside` into `folder` under a new number and make them current."""
    built = read_current(beside)
    assert built is not None
    number = next_number(folder)
    for path in beside.glob(f"vectors-{built.generation}.*"):
        path.rename(folder / f"vectors-{number}{path.suffix}")
    (beside / f"words-{built.words}").rename(folder / f"words-{number}")
    sync_folder(folder)
    current = replace(built, generation=number, words=number)
    write_current(folder, current)
    sweep(folder, current)
