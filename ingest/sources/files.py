"""Files on this machine: where they are, what they say, and whether they changed."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from ingest.sources.base import SourceError

CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # bytes that no text is written with
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP = b"PK\x03\x04"  # how archives begin, workbooks among them
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # workbooks of the old format, and those with a password
MAX_CONTROLS = 0.01  # share of a file's bytes: pictures and archives have ten times as many
SAMPLE = 65536  # bytes read at each end of a file for its fingerprint


def local_path(location: str, what: str) -> Path:
    """`location` as an existing path; SourceError says that it is an address, missing, or neither file nor folder."""
    text = str(location).strip()
    if not text:
        raise SourceError(f"no location was given; name the path of {what}")
    if "://" in text:
        raise SourceError(f"{text} is an address; download it and give the path of {what}")
    path = Path(text).expanduser()
    try:
        mode = path.stat().st_mode
        path = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        reason = "there is no such path" if isinstance(error, FileNotFoundError) else error
        raise SourceError(f"cannot read {text!r}: {reason}; name the path of {what}") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise SourceError(f"{text} is neither a file nor a folder; name the path of {what}")
    return path


def local_file(location: str, what: str) -> Path:
    """`local_path` of a readable file."""
    path = local_path(location, what)
    if path.is_dir():
        raise SourceError(f"{path} is a folder; name the path of {what}")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} may not be read by this user; change its permissions")
    return path


def read_text(path: Path, limit: int) -> tuple[str, list[str]]:
    """The text of `path` and warnings about how it was read. UTF-8 (or UTF-16 with its mark), else Windows-1252.

    Raises ValueError for more than `limit` bytes and for what is no text, and OSError for what cannot be read.
    """
    with path.open("rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise ValueError(f"the file is larger than {limit:,} bytes")
    if raw[:2] in UTF_16_MARKS:
        return raw.decode("utf-16", errors="replace"), []
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        if len(CONTROLS.findall(raw)) > len(raw) * MAX_CONTROLS:
            raise ValueError("the file is not text") from None
        warning = f"not UTF-8 (byte {error.start}); read as Windows-1252"
        return raw.decode("cp1252", errors="replace"), [warning]


def beginning(raw: bytes) -> str:
    """The first bytes of a file as text, for telling what it is: what is no UTF-8 or UTF-16 is replaced."""
    return raw.decode("utf-16" if raw[:2] in UTF_16_MARKS else "utf-8-sig", errors="replace")


def fingerprint(paths: Iterable[Path], root: Path | None = None) -> str:
    """A digest of names, sizes, times of change, and of the two ends of each file; missing files count as missing."""
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root).as_posix() if root else path.name
        digest.update(f"{name!r}\0".encode(errors="surrogateescape"))
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                digest.update(f"{status.st_size} {status.st_mtime_ns}\0".encode())
                digest.update(file.read(SAMPLE))
                if status.st_size > SAMPLE:
                    file.seek(max(SAMPLE, status.st_size - SAMPLE))
                    digest.update(file.read(SAMPLE))
        except OSError:
            digest.update(b"missing\0")
    return digest.hexdigest()
