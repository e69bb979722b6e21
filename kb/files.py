"""Contents of files that belong to entries: kept once each under the data folder, named by what they hold."""

import hashlib
import os
import re
import tempfile
import time
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


def remove_unused(older_than_s: float = 24 * 3600) -> int:
    """Remove contents that no entry has any more, and what killed processes left half copied; how many those were.

    Younger ones stay: whoever is storing them has not said yet what they belong to.
    """
    from kb.models import Attachment

    before, removed = time.time() - older_than_s, 0
    for folder in Path(settings.KB_DATA_DIR, "files").glob("*"):
        for path in sorted(folder.iterdir()) if folder.is_dir() else [folder]:
            try:
                if path.stat().st_mtime > before:
                    continue
                if folder.is_dir() and Attachment.objects.filter(sha256=path.name).exists():
                    continue
                path.unlink()
                removed += 1
            except OSError:
                continue  # another process was faster
    return removed


def open_file(sha256: str) -> BinaryIO:
    """The content with this digest, open for reading. Raises FileNotFoundError where it is not kept."""
    return path_of(sha256).open("rb")
