"""Where a source is read: a path of this machine as it is, a file at an address after it was downloaded."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from ingest.sources import SourceError, source_class
from kb import jobs

MEGABYTE = 1_000_000
MAX_DOWNLOAD = 2_000 * MEGABYTE
TELL_EVERY_S = 1.0  # how soon a download is seen to go on, and sees that it was cancelled
HEAVY = 20 * MEGABYTE  # a file that takes seconds to open, which nobody should have to wait for


def is_address(location: str) -> bool:
    return location.strip().lower().startswith(("http://", "https://"))


def absolute(location: str) -> str:
    """Paths in full, because the worker that opens them runs elsewhere; addresses as they are."""
    return location if not location or "://" in location else str(Path(location).expanduser().absolute())


def is_downloaded(source: str, location: str) -> bool:
    """Whether the source reads files and the location is an address, so that it has to come here first."""
    return is_address(location) and not source_class(source).fetches


def is_heavy(location: str) -> bool:
    """Whether the location is a file that is better opened by a worker than while somebody waits."""
    return os.path.isfile(location) and os.path.getsize(location) > HEAVY


def local(run: jobs.Run, parameters: dict[str, Any]) -> str:
    """The location that the source can read: downloaded once a job, whatever interrupts it.

    Raises SourceError when it cannot be had.
    """
    location: str = parameters["location"]
    if not is_downloaded(parameters["source"], location):
        return location
    from ingest.fetching import FetchError, download  # an HTTP client, which web and worker start without

    for path in (run.job.cursor.get("local"), parameters.get("local")):
        if path and Path(path).is_file():
            return str(path)
    folder = Path(settings.KB_DATA_DIR) / "downloads" / hashlib.sha256(location.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    told = time.monotonic()

    def tell(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            of = f" of {total / MEGABYTE:.0f}" if total else ""
            run.phase(f"Downloading: {done / MEGABYTE:.0f}{of} MB")

    try:
        run.phase(f"Downloading {location}")
        path = download(location, folder, max_bytes=MAX_DOWNLOAD, progress=tell)
        run.phase("")
    except FetchError as error:
        raise SourceError(str(error)) from error
    with run.batch():
        run.job.cursor = {**run.job.cursor, "local": str(path)}
    return str(path)
