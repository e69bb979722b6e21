"""What somebody asks to be imported, over the web: where it is, whether they may, and which source reads it."""

import os
from pathlib import Path
from typing import Any

from ingest import locations
from ingest.sources import SOURCES, SourceError
from ingest.web import guessing, uploads
from kb.models import Job

OFFERED = tuple(sorted(name for name in SOURCES if name != "starter"))
# What the text of a request is called as a file, for the sources whose format is told by the ending.
NAMES = {"csv": "text.csv", "jsonl": "text.jsonl", "markdown": "text.md", "atlas": "text.yaml", "url": "text.txt"}


class NotAllowed(Exception):
    """This account may not import from there; the message says who may."""


class NotTold(SourceError):
    """What the file or address `name` is cannot be told; the message says what there is to choose from."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it cannot be told what {name} is: choose one of {', '.join(OFFERED)}")
        self.name = name


def location_for(user: Any, location: str) -> str:
    """The location, if the user may import from there: addresses all staff, paths of this server superusers.

    Whoever may name a path reads with the rights of this program, its database and its keys included.
    """
    location = location.strip()
    if locations.is_address(location) or not location:
        return location
    if "://" in location:
        raise SourceError(f"{location[:80]} is no http or https address")
    if not user.is_superuser:
        raise NotAllowed("Only superusers may import from a path on this server: send the file, or give its address.")
    return location


def check_again(user: Any, job: Job) -> None:
    """NotAllowed where the job reads a path of this server and the user is no superuser, whoever began it."""
    location = str(job.parameters.get("location", ""))
    if location and not uploads.is_upload(location):
        location_for(user, location)


def source_for(source: str, location: str) -> str:
    """The source as it was chosen, else as the location suggests; SourceError where that says nothing."""
    if source:
        return source
    path = Path(location)
    if locations.is_address(location):
        guessed = guessing.guess_address(location)
    else:
        guessed = (
            guessing.guess_file(path)
            if os.path.isfile(path)
            else guessing.guess_folder(path)
            if os.path.isdir(path)
            else ""
        )
    if not guessed:
        name = location if locations.is_address(location) else path.name
        raise NotTold(name)
    return guessed


def keep_text(source: str, text: str) -> str:
    """The path of a file with the text of a request."""
    return str(uploads.keep_text(text, NAMES.get(source, "text.txt")))
