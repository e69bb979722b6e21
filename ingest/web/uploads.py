"""Files that people send: streamed to a folder of the data folder, kept while an import needs them, then removed."""

import os
import re
import secrets
import shutil
import time
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.utils import timezone

from kb.models import Job
from kb.models.jobs import JobState

KEPT = timedelta(days=3)
MEGABYTE = 1_000_000
LONGEST_NAME = 120  # characters; at four bytes each that is more than file systems take, so it is cut by bytes too
LONGEST_NAME_BYTES = 200
PROBLEM = "upload_problem"


def folder() -> Path:
    return Path(settings.KB_DATA_DIR) / "uploads"


def max_bytes() -> int:
    return settings.KB_MAX_UPLOAD_MB * MEGABYTE


class StoredFile(UploadedFile):
    """A file as it was sent, at its `path`; it is removed with the request unless somebody keeps it."""

    def __init__(self, path: Path, size: int, content_type: str) -> None:
        super().__init__(file=None, name=path.name, content_type=content_type, size=size)
        self.path = path
        self._kept = False

    def keep(self) -> Path:
        self._kept = True
        return self.path

    def close(self) -> None:
        if not self._kept:
            remove(self.path)


class ToUploads(FileUploadHandler):
    """Streams what staff send to a folder of its own, and no more of it than the limit allows.

    Of others' files, and of what is too big, the rest is read and dropped, so that the answer can be told; why is said
    by `problem_of(request)`.
    """

    _out: Any = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if not getattr(user, "is_staff", False):
            self._refuse("Only staff may send files.")
        self._path = _free_place(self.file_name or "")
        self._size = 0
        self._out = self._path.open("wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > max_bytes():
            self._drop()
            self._refuse(
                f"{self.file_name} is larger than the {settings.KB_MAX_UPLOAD_MB} MB that may be sent."
                " Put it where this server can fetch it, and give its address."
            )
        try:
            self._out.write(raw_data)
        except OSError as error:
            self._drop()
            self._refuse(f"The file could not be stored: {error.strerror}.")

    def file_complete(self, file_size: int) -> StoredFile:
        self._out.close()
        self._out = None
        return StoredFile(self._path, self._size, self.content_type or "")

    def upload_interrupted(self) -> None:
        if self._out is not None:
            self._drop()

    def _drop(self) -> None:
        self._out.close()
        self._out = None
        remove(self._path)

    def _refuse(self, why: str) -> None:
        if self.request is not None:
            setattr(self.request, PROBLEM, why)
        raise SkipFile


def problem_of(request: Any) -> str:
    """Why a file that was sent with this request is not there; "" where nothing was wrong."""
    return getattr(request, PROBLEM, "")


def keep_text(text: str, name: str) -> Path:
    """A text as if it had been sent as a file of that name; of characters, JSON may hold halves, which are no text."""
    path = _free_place(name)
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    return path


def is_upload(location: str) -> bool:
    """Whether that is a file that somebody sent."""
    path = Path(location)
    return path.parent.parent == folder() and path.name not in ("", ".", "..")


def remove(path: Path) -> None:
    """Remove a sent file with its folder; nothing else."""
    if is_upload(str(path)):
        shutil.rmtree(path.parent, ignore_errors=True)


def safe_name(name: str) -> str:
    """`name` as a file name: its letters and its ending, but no folder, no control character and no leading dot.

    >>> safe_name("../../Bücher & so.CSV")
    'Bücher & so.CSV'
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 12:
        stem, ending = name, ""
    room = LONGEST_NAME - len(ending) - 1
    stem = stem[:room].encode()[: LONGEST_NAME_BYTES - len(ending.encode()) - 1].decode(errors="ignore")
    return (f"{stem or 'upload'}.{ending}" if ending else stem) or "upload"


def sweep(**_: Any) -> None:
    """Remove what was sent for imports that have been over for days, or that never began."""
    before = time.time() - KEPT.total_seconds()
    for path in folder().glob("*"):
        if path.is_dir() and path.stat().st_mtime < before and not _is_needed(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_needed(path: Path) -> bool:
    jobs = Job.objects.filter(kind="ingest", parameters__location__startswith=f"{path}{os.sep}")
    waiting = jobs.filter(state__in=[JobState.PENDING, JobState.RUNNING])
    return waiting.exists() or jobs.filter(finished_at__gte=timezone.now() - KEPT).exists()


def _free_place(name: str) -> Path:
    place = folder() / secrets.token_hex(8)
    place.mkdir(parents=True)
    return place / safe_name(name)
