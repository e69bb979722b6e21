"""A small file of JSON lines as a source, and an import of it done here."""

import json
from pathlib import Path
from typing import Any

from ingest.pipeline import start_import
from kb import jobs
from kb.models import Job

OPTIONS = {"kind": "incident", "namespace": "lifts"}


def save(path: Path, *rows: Any) -> Path:
    """The file with these rows; a text is written as it is."""
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def done(job: Job, budget_s: float | None = None) -> Job:
    """The job after a turn at it."""
    jobs.run(job.pk, budget_s=budget_s)
    job.refresh_from_db()
    return job


def take(path: Path, **more: Any) -> Job:
    """The finished import of the file."""
    return done(start_import("jsonl", str(path), {**OPTIONS, **more.pop("options", {})}, ring=False, **more))


def counts(job: Job) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: count for name, count in job.counts.items() if count}
