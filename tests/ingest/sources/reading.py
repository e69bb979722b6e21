"""A whole source as a list."""

from pathlib import Path
from typing import Any

from ingest.sources import open_source


def read(name: str, location: Path | str, **options: Any) -> list[Any]:
    """Every record of the source, in order."""
    return list(open_source(name, str(location), options).records())


def read_one(name: str, location: Path | str, **options: Any) -> Any:
    """The only record of the source."""
    (record,) = read(name, location, **options)
    return record
