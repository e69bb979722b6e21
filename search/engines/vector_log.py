"""The append-only log of changes to the vectors: one record per batch.

A record is a header (magic, kind, count, payload length, CRC-32 of the rest) and a payload of little-endian arrays:
ids int64[n], and for an upsert entry ids int64[n] and vectors float32[n, d]. A reader stops before a record that is
incomplete or damaged; what a killed writer left half written is cut off by the next one.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

import numpy as np

from search.engines.base import Ids, Vectors

HEADER = struct.Struct("<4sBxxxIQI")
MAGIC = b"PVL1"


class Kind(IntEnum):
    """What a record does. An intent names ids that the writer is about to change in both halves."""

    INTENT = 1
    UPSERT = 2
    DELETE = 3


KINDS = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One batch. `entry_ids` and `vectors` are empty but for an upsert."""

    kind: Kind
    ids: Ids
    entry_ids: Ids
    vectors: Vectors

    def encode(self) -> bytes:
        """The bytes to append."""
        payload = self.ids.astype("<i8").tobytes()
        if self.kind is Kind.UPSERT:
            payload += self.entry_ids.astype("<i8").tobytes() + self.vectors.astype("<f4").tobytes()
        crc = zlib.crc32(payload, zlib.crc32(bytes([self.kind])))
        return HEADER.pack(MAGIC, self.kind, len(self.ids), len(payload), crc) + payload


def record(kind: Kind, ids: Ids, entry_ids: Ids | None = None, vectors: Vectors | None = None) -> Record:
    """A record with the arrays that its kind does not need left empty."""
    return Record(
        kind,
        ids,
        np.empty(0, np.int64) if entry_ids is None else entry_ids,
        np.empty((0, 0), np.float32) if vectors is None else vectors,
    )


def read_records(file: BinaryIO, offset: int, dimension: int) -> Iterator[tuple[Record, int]]:
    """Whole records from `offset` on, each with the offset after it."""
    file.seek(offset)
    while len(head := file.read(HEADER.size)) == HEADER.size:
        magic, kind, count, length, crc = HEADER.unpack(head)
        expected = count * (8 if kind != Kind.UPSERT else 16 + 4 * dimension)
        if magic != MAGIC or kind not in KINDS or length != expected:
            return
        payload = file.read(length)
        if len(payload) != length or zlib.crc32(payload, zlib.crc32(bytes([kind]))) != crc:
            return
        offset += HEADER.size + length
        yield _decode(Kind(kind), count, payload, dimension), offset


def _decode(kind: Kind, count: int, payload: bytes, dimension: int) -> Record:
    ids = np.frombuffer(payload, "<i8", count)
    if kind is not Kind.UPSERT:
        return record(kind, ids)
    entry_ids = np.frombuffer(payload, "<i8", count, 8 * count)
    return record(kind, ids, entry_ids, np.frombuffer(payload, "<f4", offset=16 * count).reshape(count, dimension))
