"""Jobs in plain words: what they are, what they did, how long they will take."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince

from kb.external import NAMESPACES
from kb.models import Job
from kb.models.jobs import JobState

# What a count is called: as it was done, and as a preview says that it would be.
DONE = {
    "created": "created {}",
    "updated": "changed {}",
    "unchanged": "left {} as they were",
    "failed": "refused {}",
    "conflicts": "left {} as a curator decided",
    "merged": "merged {}",
    "renamed": "followed {} to another place",
    "vanished": "found {} gone upstream",
    "returned": "found {} again",
    "left_out": "left out {} deleted here",
    "waiting": "noted {} for what is not here yet",
}
WOULD = {
    "created": "create {}",
    "updated": "change {}",
    "unchanged": "leave {} as they are",
    "failed": "refuse {}",
    "conflicts": "leave {} as a curator decided",
    "merged": "merge {}",
    "renamed": "follow {} to another place",
    "vanished": "mark {} as gone upstream",
    "returned": "find {} again",
    "left_out": "leave out {} deleted here",
    "waiting": "note {} for what is not here yet",
}
# Records that are no entries.
THINGS = {
    "entities": ("entity", "entities"),
    "relations": ("relation of entities", "relations of entities"),
    "duplicates": ("duplicate", "duplicates"),
    "same": ("known match", "known matches"),
    "taxonomies": ("taxonomy", "taxonomies"),
}
# What a job was told, where its own word for that says little to people.
PARAMETERS = {
    "of": "Follows job",
    "only": "Only these records",
    "local": "Downloaded to",
    "mapping": "Columns",
    "unmapped": "Columns not read",
}
HIDDEN = ("dry_run",)
SETTLED_S = 3.0  # before that a rate is a guess


def source_label(name: str) -> str:
    """AIID for aiid; a source that stands for no database is called what it is called."""
    return NAMESPACES.get(name, (name, ""))[0]


def job_title(job: Job) -> str:
    """`Import of AIID`, `Preview of csv`, `Reindex`."""
    if job.kind != "ingest":
        return job.kind.replace("_", " ").capitalize()
    source = source_label(str(job.parameters.get("source", "")))
    return f"{'Preview' if job.parameters.get('dry_run') else 'Import'} of {source}"


def parameters(job: Job) -> list[tuple[str, Any]]:
    """What the job was told and has noted about itself, each with what that is called."""
    given = job.parameters.items()
    return [
        (PARAMETERS.get(name) or name.replace("_", " ").capitalize(), value)
        for name, value in given
        if value and name not in HIDDEN
    ]


def summary(job: Job) -> str:
    """`Created 12, changed 3, left 898 as they were, refused 2.`; `Would create …` of a preview; "" for no counts."""
    preview = bool(job.parameters.get("dry_run"))
    words = WOULD if preview else DONE
    said = [words[name].format(f"{job.counts[name]:,}") for name in words if job.counts.get(name)]
    others = [
        f"{count:,} {_thing(name, count)}"
        for name, count in job.counts.items()
        if name not in words and isinstance(count, int) and count
    ]
    if not said and not others:
        return ""
    told = ", ".join(said)
    told = f"would {told}" if preview and told else told
    beside = f" Beside these: {', '.join(others)}." if others and told else ""
    told = told or ", ".join(others)
    return told[0].upper() + told[1:] + "." + beside


def _thing(name: str, count: int) -> str:
    one, many = THINGS.get(name, (name, name))
    return (one if count == 1 else many).replace("_", " ")


def took(job: Job) -> str:
    """How long it worked: `17 seconds`, `4 minutes`, `1 hour, 20 minutes`; "" for one that did not end or begin."""
    if not job.started_at or not job.finished_at:
        return ""
    seconds = round((job.finished_at - job.started_at).total_seconds())
    if seconds < 1:
        return "less than a second"
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return timesince(job.started_at, job.finished_at).replace("\xa0", " ")


@dataclass(frozen=True)
class Pace:
    """How fast a running job is, in things a second, and the seconds that it still takes; None where unknown."""

    rate: float
    left_s: float | None

    @property
    def left(self) -> str:
        """`about 3 minutes`."""
        if self.left_s is None:
            return ""
        if self.left_s < 60:
            return "less than a minute"
        minutes = round(self.left_s / 60)
        if minutes < 90:
            return f"about {minutes} minute{'' if minutes == 1 else 's'}"
        return f"about {round(minutes / 60)} hours"


def pace(job: Job) -> Pace | None:
    """How fast it goes; None while that cannot be known."""
    if job.state != JobState.RUNNING or not job.started_at or not job.done:
        return None
    seconds = (timezone.now() - job.started_at).total_seconds()
    if seconds < SETTLED_S:
        return None
    rate = job.done / seconds
    return Pace(rate, (job.total - job.done) / rate if job.total and job.total >= job.done else None)
