"""The vector half of the local engine: a base, a log of what changed since, one search over both."""

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.numbers import distinct
from search.engines.base import COSINE_DECIMALS, Hits, Ids, Stored, Vectors, best
from search.engines.delta import Delta, DeltaView
from search.engines.vector_base import VectorBase, write_base
from search.engines.vector_log import Kind, Record, read_records

logger = logging.getLogger(__name__)

# The delta is looked at whole by every search, held in memory by every process and read at its start; past this it is
# folded into a new base. While nobody reads it yet, it may be larger, and is folded less often.
COMPACT_ROWS = 5_000
COMPACT_SHARE = 8
COMPACT_LATEST = 16_000
COMPACT_UNREAD = 64_000


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What one search sees, whatever is written meanwhile."""

    base: VectorBase
    base_alive: NDArray[np.bool_]
    delta: DeltaView

    @property
    def alive(self) -> NDArray[np.bool_] | None:
        """Which rows of the base still count; None for all."""
        return None if self.base_alive.all() else self.base_alive


class LocalVectors:
    """Vectors of one generation. Any number of processes read; the one that holds the lock calls the writing half."""

    def __init__(self, folder: Path, generation: int, dimension: int, *, writable: bool = False) -> None:
        """Open a generation. A writer cuts off the torn tail of the log first.

        Raises FileNotFoundError when the generation is gone, as when a writer has just replaced it.
        """
        self._lock = threading.Lock()
        self.dimension = dimension
        self._base = VectorBase(folder / f"vectors-{generation}")
        self._base_alive = np.ones(len(self._base), np.bool_)
        self._delta = Delta(dimension)
        self._log = (folder / f"vectors-{generation}.log").open(
            "r+b" if writable else "rb",
            buffering=0,  # a buffer would keep bytes of a torn tail that a new writer has replaced
        )
        self._offset = 0
        self.unfinished: Ids = np.empty(0, np.int64)
        self._snapshot = Snapshot(self._base, self._base_alive.copy(), self._delta.view())
        self.refresh()
        if writable:
            self._truncate()

    @classmethod
    def create(cls, folder: Path, generation: int, dimension: int) -> None:
        """Write the files of a generation that holds nothing yet."""
        nothing = np.empty(0, np.int64)
        write_base(
            folder / f"vectors-{generation}", dimension, nothing, nothing, lambda _: np.empty((0, dimension), "<f4")
        )
        (folder / f"vectors-{generation}.log").touch()

    def refresh(self) -> None:
        """Apply what was appended to the log since the last time."""
        with self._lock:
            if os.fstat(self._log.fileno()).st_size == self._offset:
                return
            before = self._offset
            for record, offset in read_records(self._log, self._offset, self.dimension):
                self._apply(record)
                self._offset = offset
            if self._offset != before:
                self._snapshot = Snapshot(self._base, self._base_alive.copy(), self._delta.view())

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> Hits:
        """The `k` highest cosines inside the filter; see `vector_base` for what is looked at."""
        if k < 1:
            return Hits.none()
        now = self._snapshot
        ids, entry_ids, scores = now.delta.scores(vector, filter)
        rows, found = now.base.nearest(vector, now.alive, filter, k)
        return best(
            np.concatenate([now.base.ids[rows], ids]),
            np.concatenate([now.base.entry_ids(rows), entry_ids]),
            np.concatenate([_round(found), _round(scores)]),
            k,
        )

    def vectors(self, ids: Ids) -> Stored:
        """Stored vectors of those ids that are here."""
        with self._lock:
            wanted = distinct(ids)
            rows = self._base.rows(wanted)
            rows = rows[self._base_alive[rows]]  # what has changed is alive in the delta alone
            kept, changed = Stored(self._base.ids[rows], self._base.matrix(rows)), self._delta.stored(wanted)
            if not changed:
                return kept
            return Stored(np.concatenate([changed.ids, kept.ids]), np.concatenate([changed.matrix, kept.matrix]))

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        """The passages of these entries."""
        now, wanted = self._snapshot, np.unique(np.asarray(entry_ids, np.int64))
        rows = now.base.rows_of(wanted)
        in_delta = now.delta.alive & np.isin(now.delta.entry_ids, wanted)
        return [*now.base.ids[rows[now.base_alive[rows]]].tolist(), *now.delta.ids[in_delta].tolist()]

    def contents(self) -> tuple[Ids, Ids]:
        """Passage ids, sorted, and their entry ids."""
        now = self._snapshot
        ids = np.concatenate([now.base.ids[now.base_alive], now.delta.ids[now.delta.alive]])
        entry_ids = np.concatenate([now.base.entry_ids()[now.base_alive], now.delta.entry_ids[now.delta.alive]])
        order = np.argsort(ids)
        return ids[order], entry_ids[order]

    def check(self) -> None:
        """Raise OSError where a file of the base is not what was written. Reads everything."""
        self._base.check()

    def append(self, record: Record) -> None:
        """Write a record durably and apply it. Only for the holder of the lock."""
        with self._lock:
            rest = memoryview(record.encode())
            position = self._offset
            while rest:
                written = os.pwrite(self._log.fileno(), rest, position)
                rest, position = rest[written:], position + written
            os.fsync(self._log.fileno())
        self.refresh()

    def wants_compaction(self, *, unread: bool = False) -> bool:
        """Whether the delta has grown so large that it should become part of the base."""
        if unread:
            return len(self._delta) > COMPACT_UNREAD
        if self._base.is_outdated:
            return True
        return len(self._delta) > max(COMPACT_ROWS, min(COMPACT_LATEST, len(self._base) // COMPACT_SHARE))

    def write_compacted(self, folder: Path, generation: int) -> None:
        """Write everything here as the base of a new generation."""
        now = self._snapshot
        from_base, from_delta = np.flatnonzero(now.base_alive), np.flatnonzero(now.delta.alive)
        ids = np.concatenate([now.base.ids[from_base], now.delta.ids[from_delta]])
        entry_ids = np.concatenate([now.base.entry_ids(from_base), now.delta.entry_ids[from_delta]])
        order = np.argsort(ids)

        def read(positions: Ids) -> Vectors:
            chosen = order[positions]
            found = np.empty((len(chosen), self.dimension), np.float32)
            in_base = chosen < len(from_base)
            found[in_base] = now.base.matrix(from_base[chosen[in_base]])
            found[~in_base] = now.delta.matrix[from_delta[chosen[~in_base] - len(from_base)]]
            return found

        write_base(folder / f"vectors-{generation}", self.dimension, ids[order], entry_ids[order], read, now.base.codes)
        (folder / f"vectors-{generation}.log").touch()

    def close(self) -> None:
        self._log.close()
        self._base.close()

    def _apply(self, record: Record) -> None:
        if record.kind is Kind.INTENT:
            self.unfinished = record.ids
            return
        self.unfinished = np.empty(0, np.int64)
        self._base_alive[self._base.rows(record.ids)] = False
        if record.kind is Kind.UPSERT:
            self._delta.upsert(record.ids, record.entry_ids, record.vectors)
        else:
            self._delta.delete(record.ids)

    def _truncate(self) -> None:
        extra = os.fstat(self._log.fileno()).st_size - self._offset
        if extra:
            logger.warning("cut %d bytes of an unfinished write off %s", extra, self._log.name)
            self._log.truncate(self._offset)
            os.fsync(self._log.fileno())


def _round(scores: Vectors) -> NDArray[np.float64]:
    return scores.astype(np.float64).round(COSINE_DECIMALS)
