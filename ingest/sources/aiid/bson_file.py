"""Concatenated BSON documents, as mongodump writes them. https://bsonspec.org/spec.html"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from ingest.sources.archives import open_plain

# MongoDB's documents end at 16 MiB, and it grants its own 16 KiB more; what says it is larger is not one.
MAX_DOCUMENT = (16 << 20) + (16 << 10)
# Years past 9999 and broken UTF-8 are one field's trouble, and no reason to lose the document.
OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
)


def read_documents(path: Path) -> Iterator[dict[str, Any] | str]:
    """Every document, one in memory at a time; in the place of one that cannot be read, a text that says why.

    After a length that cannot be right nothing more can be found, and that text is the last item.
    """
    with open_plain(path) as file:
        start = 0
        while head := file.read(4):
            size = int.from_bytes(head, "little")
            if len(head) < 4 or not 5 <= size <= MAX_DOCUMENT:
                yield f"{path.name} is damaged at byte {start}; the rest was not read"
                return
            raw = head + file.read(size - 4)
            if len(raw) < size:
                yield f"{path.name} ends in the middle of the document at byte {start}"
                return
            try:
                yield bson.decode(raw, OPTIONS)
            except (BSONError, ValueError, RecursionError) as error:
                yield f"{path.name}: the document at byte {start} cannot be read: {error}"
            start += size
