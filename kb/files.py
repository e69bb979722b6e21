"""Contents of files that belong to entries: kept once each under the data folder, named by what they hold."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

BLOCK = 1 << 20
DIGEST = re.compile(r"[0-9a-f]{64}")


def path_of(sha256: str) -> Path:
    """Where the content with this digest lies, or would lie. Raises ValueError for what is no digest."""
    if not DIGEST.fullmatch(sha256):
        raise ValueError(f"not a SHA-256 in lower case: {sha256[:80]!r}")
    return Path(settings.KB_DATA_DIR, "files", sha256[:2], sha256)


def store(path: Path) -> str:
    """Keep a copy of the file's content; its SHA-256, in hexadecimal.

    The content is whole or not there, whoever else stores the same at the same moment and whenever this is killed.
    Raises OSError where the file cannot be read or the data folder not be written.
    """
    root = Path(settings.KB_DATA_DIR, "files")
    root.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("rb") as source, tempfile.NamedTemporaryFile(dir=root, prefix=".new-", delete=False) as copy:
        try:
            while block := source.read(BLOCK):
                digest.update(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
            kept = path_of(digest.hexdigest())
            kept.parent.mkdir(exist_ok=True)
            os.replace(copy.name, kept)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest()


def open_file(sha256: str) -> BinaryIO:
    """The content with this digest, open for reading. Raises FileNotFoundError where it is not kept."""
    return path_of(sha256).open("rb")
