"""A source of any records that a test thinks of, read from a file of JSON lines as every source is read."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest import records as kinds
from ingest.pipeline import start_import
from ingest.records import EntryRecord, Record
from kb.models import Job
from tests.ingest.lifts import done

NAME = "telling"
LOCATED = "tests.ingest.telling.Telling"


class Telling:
    """Each line is the name of a record's class and its fields."""

    name = NAME
    takes: frozenset[str] = frozenset()
    fetches = False
    collection: str | None = "told"

    def __init__(self, location: str, options: Any = None, scratch: Path | None = None) -> None:
        self.path = Path(location)
        self.notices = ["that is all"]

    def count(self) -> int:
        return sum(1 for _ in self.records())

    def records(self) -> Iterator[Record]:
        for line in self.path.read_text().splitlines():
            name, fields = json.loads(line)
            yield getattr(kinds, name)(**fields)

    def fingerprint(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def entry(key: str, title: str, *ids: tuple[str, str], **fields: Any) -> EntryRecord:
    return EntryRecord(key=key, kind="incident", title=title, external_ids=list(ids), **fields)


def tell(path: Path, *records: Record) -> Path:
    """The file with these records."""
    lines = [json.dumps([type(one).__name__, one.model_dump(mode="json")]) for one in records]
    path.write_text("\n".join(lines))
    return path


def told(path: Path, *records: Record, **more: Any) -> Job:
    """The finished import of these records."""
    tell(path, *records)
    return done(start_import(NAME, str(path), {}, ring=False, **more))
