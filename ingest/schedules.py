"""Imports that repeat: written down once, started when they are due."""

import logging
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ingest import locations
from ingest.pipeline import check, start_import
from ingest.sources import SourceError
from kb.models import Schedule

log = logging.getLogger(__name__)

UNITS = {"m": 1, "h": 60, "d": 24 * 60}
SHORTEST = 5  # minutes
NEVER = "never"


def repeat(source: str, location: str, options: dict[str, Any], every: str) -> str:
    """Import that again and again, or with `never` no more; what was done, in words. SourceError for nonsense."""
    location = locations.absolute(location)
    if every == NEVER:
        ended, _ = Schedule.objects.filter(source=source, location=location).delete()
        return f"{location} is no longer imported by itself" if ended else f"{location} was on no schedule"
    minutes = minutes_of(every)
    check(source, location, options)
    said = {"options": options, "every_minutes": minutes, "next_at": timezone.now(), "is_on": True}
    Schedule.objects.update_or_create(source=source, location=location, defaults=said)
    return f"{location} will be imported every {every}, first within a minute of a worker being there"


def minutes_of(every: str) -> int:
    """`30m`, `6h` or `7d` in minutes; SourceError for anything else, and for what is too often."""
    found = re.fullmatch(r"(\d{1,4})\s*([mhd])", every.strip().lower())
    if not found:
        raise SourceError(f"say how often as 30m, 6h or 7d, not {every!r}")
    minutes = int(found[1]) * UNITS[found[2]]
    if minutes < SHORTEST:
        raise SourceError(f"every {every} is too often; every {SHORTEST} minutes is the least")
    return minutes


def start_due(**_: Any) -> None:
    """Start what is due, unless its last import is still at work. For the worker's sweep."""
    for schedule in Schedule.objects.filter(is_on=True, next_at__lte=timezone.now()).select_related("last_job"):
        next_at = timezone.now() + timedelta(minutes=schedule.every_minutes)
        # Of two workers that see the same, one moves it on.
        if not Schedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at).update(next_at=next_at):
            continue
        if schedule.last_job and not schedule.last_job.is_over:
            continue
        try:
            job = start_import(schedule.source, schedule.location, schedule.options)
        except SourceError as error:
            log.error("the scheduled import of %s could not start: %s", schedule.location, error)
            continue
        Schedule.objects.filter(pk=schedule.pk).update(last_job=job)
