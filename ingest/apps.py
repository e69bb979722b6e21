"""ingest's start: its kinds of jobs, what is repeated, and what killed imports left behind."""

import shutil
import time
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

FORGOTTEN_AFTER_S = 24 * 3600
DOWNLOAD_KEPT_S = 3 * 24 * 3600
_cleared_at = -float("inf")


class IngestConfig(AppConfig):
    name = "ingest"

    def ready(self) -> None:
        from kb import jobs
        from kb.signals import sweep

        jobs.register("ingest", "ingest.pipeline.work")
        jobs.register("match", "ingest.matching.job.work")
        sweep.connect(_clear, dispatch_uid="ingest.scratch")
        sweep.connect(_start_due, dispatch_uid="ingest.schedules")
        sweep.connect(_clear_uploads, dispatch_uid="ingest.uploads")
        sweep.connect(_clear_files, dispatch_uid="ingest.files")


def _start_due(**_: Any) -> None:
    from ingest.schedules import start_due

    start_due()


def _clear_uploads(**_: Any) -> None:
    from ingest.web import uploads

    uploads.sweep()


def _clear_files(**_: Any) -> None:
    """Once a day and process, since it looks at every file."""
    global _cleared_at
    from kb import files

    if time.monotonic() - _cleared_at > FORGOTTEN_AFTER_S:
        _cleared_at = time.monotonic()
        files.remove_unused()


def _clear(**_: Any) -> None:
    """Remove what killed imports left unpacked, and what was downloaded for imports long over."""
    for folder, age in (("scratch", FORGOTTEN_AFTER_S), ("downloads", DOWNLOAD_KEPT_S)):
        for path in (Path(settings.KB_DATA_DIR) / folder).glob("*"):
            if path.is_dir() and path.stat().st_mtime < time.time() - age:
                shutil.rmtree(path, ignore_errors=True)
