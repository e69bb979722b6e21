"""The directory at the end of a zip archive, looked at before zipfile makes an object of each file in it."""

import os
import zipfile
from pathlib import Path

from ingest.sources.base import SourceError

MAX_BYTES = 32 << 20  # of a directory, which is read as a whole
END = 65_557  # bytes: the last record has 22, and a comment of at most 65,535
WIDE_END = 76  # bytes of the two records that archives of more than 4 GB or 65,535 files have before it


def check(path: Path, most: int) -> None:
    """Raise SourceError when the archive lists more than so many files, and BadZipFile when its end is missing.

    zipfile trusts the size that stands at the end of the file, and not the number of files there; so does this.
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
    """
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - END - WIDE_END))
        tail = bytes(WIDE_END) + file.read()
        place = tail.rfind(b"PK\x05\x06", max(WIDE_END, len(tail) - END))
        if place < 0 or len(tail) < place + 22:
            raise zipfile.BadZipFile("its end is missing")
        end = length - len(tail) + place
        size = int.from_bytes(tail[place + 12 : place + 16], "little")
        if tail[place - 20 : place].startswith(b"PK\x06\x07"):
            size = int.from_bytes(tail[place - 36 : place - 28], "little")
            end -= WIDE_END
        if size <= MAX_BYTES:
            file.seek(max(0, end - size))
            if file.read(size).count(b"PK\x01\x02") <= most:
                return
    raise SourceError(f"{path} holds more than {most:,} files")
