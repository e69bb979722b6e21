"""The vector half of the local engine: a base file, a log of what changed since, exact search over both."""

import logging
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.engines.base import COSINE_DECIMALS, Hit, Ids, Vectors, best
from search.engines.delta import Delta, DeltaView
from search.engines.vector_base import VectorBase, write_base
from search.engines.vector_log import Kind, Record, read_records

logger = logging.getLogger(__name__)

# The delta is scanned in numpy and read by every process at start; past this it is folded into a new base.
COMPACT_ROWS = 5_000
COMPACT_SHARE = 4
# Rows copied at a time while a base is built, to bound memory.
BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What one search sees, whatever is written meanwhile."""

    base: VectorBase
    base_alive: NDArray[np.bool_]
    delta: DeltaView


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
        cls._write(folder, generation, dimension, nothing, nothing, [])

    @staticmethod
    def _write(
        folder: Path, generation: int, dimension: int, ids: Ids, entry_ids: Ids, batches: Iterable[Vectors]
    ) -> None:
        write_base(folder / f"vectors-{generation}", dimension, ids, entry_ids, batches)
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

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> list[Hit]:
        """Exactly the `k` highest cosines inside the filter."""
        if k < 1:
            return []
        now = self._snapshot
        ids, entry_ids, scores = now.delta.scores(vector, filter)
        keep = None if now.base_alive.all() else now.base_alive
        if filter is not None:
            keep = now.base_alive & np.isin(now.base.entry_ids, filter)
        wanted = k
        while True:
            # One more than wanted shows whether the last place is shared; ids decide such ties, so fetch them all.
            rows, found = now.base.nearest(vector, keep, wanted + 1)
            rounded = _round(found)
            if len(rows) <= wanted or rounded[-1] < rounded[k - 1]:
                break
            wanted *= 2
        return best(
            np.concatenate([now.base.ids[rows], ids]),
            np.concatenate([now.base.entry_ids[rows], entry_ids]),
            np.concatenate([rounded, _round(scores)]),
            k,
        )

    def vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        """Stored vectors of those ids that are here."""
        with self._lock:
            found = {id: vector for id in ids if (vector := self._delta.get(id)) is not None}
            rows = self._base.rows(np.array([id for id in ids if id not in found], np.int64))
            rows = rows[self._base_alive[rows]]
            return found | dict(zip(self._base.ids[rows].tolist(), self._base.matrix(rows), strict=True))

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        """The passages of these entries."""
        now, wanted = self._snapshot, np.asarray(entry_ids, np.int64)
        in_base = now.base_alive & np.isin(now.base.entry_ids, wanted)
        in_delta = now.delta.alive & np.isin(now.delta.entry_ids, wanted)
        return [*now.base.ids[in_base].tolist(), *now.delta.ids[in_delta].tolist()]

    def contents(self) -> tuple[Ids, Ids]:
        """Passage ids, sorted, and their entry ids."""
        now = self._snapshot
        ids = np.concatenate([now.base.ids[now.base_alive], now.delta.ids[now.delta.alive]])
        entry_ids = np.concatenate([now.base.entry_ids[now.base_alive], now.delta.entry_ids[now.delta.alive]])
        order = np.argsort(ids)
        return ids[order], entry_ids[order]

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

    def wants_compaction(self) -> bool:
        """Whether the delta has grown so large that it should become part of the base."""
        return len(self._delta) > max(COMPACT_ROWS, len(self._base) // COMPACT_SHARE)

    def write_compacted(self, folder: Path, generation: int) -> None:
        """Write everything here as the base of a new generation."""
        ids, entry_ids = self.contents()
        batches = (self._gather(ids[at : at + BATCH_ROWS]) for at in range(0, len(ids), BATCH_ROWS))
        self._write(folder, generation, self.dimension, ids, entry_ids, batches)

    def _gather(self, ids: Ids) -> Vectors:
        stored = self.vectors(ids.tolist())
        return np.stack([stored[id] for id in ids.tolist()])

    def close(self) -> None:
        self._log.close()

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
