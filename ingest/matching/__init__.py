"""Which entries may be about the same thing although no identifier says so: proposals for a curator, with evidence."""

from kb.models import Job


def enqueue(import_job: Job, *, ring: bool = True) -> Job | None:
    """The `match` job that follows this import, or None where it changed nothing; see `ingest.matching.job`."""
    from ingest.matching import job

    return job.enqueue(import_job, ring=ring)
