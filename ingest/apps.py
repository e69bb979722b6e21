"""ingest's start: its kind of job, and what killed imports left behind."""

import shutil
import time
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

FORGOTTEN_AFTER_S = 24 * 3600


class IngestConfig(AppConfig):
    name = "ingest"

    def ready(self) -> None:
        from kb import jobs
        from kb.signals import sweep

        jobs.register("ingest", "ingest.pipeline.work")
        sweep.connect(_clear_scratch, dispatch_uid="ingest.scratch")


def _clear_scratch(**_: Any) -> None:
    """Remove what killed imports left unpacked."""
    for path in (Path(settings.KB_DATA_DIR) / "scratch").glob("*"):
        if path.is_dir() and path.stat().st_mtime < time.time() - FORGOTTEN_AFTER_S:
            shutil.rmtree(path, ignore_errors=True)
