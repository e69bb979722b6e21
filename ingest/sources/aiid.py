"""The AI Incident Database, from its weekly snapshot: `backup-YYYYMMDDHHMMSS.tar.bz2`, or the folder in it.

The site asks not to be crawled and publishes these snapshots instead. Incidents are shared under CC BY-SA 4.0; the
texts of reports belong to their publishers, and carry no licence.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingest.records import (
    BadRecord,
    DuplicateRecord,
    EntityRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    entry_or_bad,
    keep_valid,
    why,
)
from ingest.sources import aiid_files, aiid_rows
from ingest.sources.aiid_names import humanised
from ingest.sources.aiid_reports import ReportStore
from ingest.sources.base import Options
from ingest.sources.files import fingerprint, local_path
from kb.dates import parse_date

PUBLISHER = "AI Incident Database"
CITE = "https://incidentdatabase.ai/cite/{}/"
PARTIES = (*aiid_rows.PARTIES, "system")


class AiidSnapshot:
    """First the entities that incidents name, then the incidents by number, then what was withdrawn as a duplicate.

    A withdrawn incident that the snapshot still lists is no entry of its own: its reports are added to the incident
    that stands for it, and its number leads there. Without an entity table names are made from the slugs, and no
    EntityRecord claims them.
    """

    name = "aiid"
    takes: frozenset[str] = frozenset()
    fetches = False
    collection = "incidents"

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_path(location, "an AIID snapshot (backup-….tar.bz2 or its unpacked folder)")
        aiid_files.check(self.path)
        self.scratch = scratch
        self.notices: list[str] = []

    def count(self) -> int:
        return len(self._entities) + len(self._problems) + len(self._incidents) + len(self._duplicates)

    def fingerprint(self) -> str:
        return fingerprint(self._files.values() if self.path.is_dir() else [self.path])

    def records(self) -> Iterator[Record]:
        for slug in self._entities:
            yield EntityRecord(namespace="aiid", key=slug, name=self._names[slug])
        yield from (BadRecord(key="snapshot", reason=problem) for problem in self._problems)
        for incident in self._incidents:
            yield self._entry(incident)
        for withdrawn, kept in self._duplicates.items():
            yield DuplicateRecord(namespace="aiid", value=str(withdrawn), of=str(kept))

    @cached_property
    def _files(self) -> dict[str, Path]:
        return aiid_files.files_in(self.path, self.scratch)

    @cached_property
    def _reports(self) -> ReportStore | None:
        store = ReportStore(aiid_rows.reports(self._files), self.scratch)
        if not len(store) and not store.problems:
            self.notices.append("this snapshot has no reports; incidents come without references of their own")
            return None
        return store

    @cached_property
    def _read(self) -> tuple[list[dict[str, Any]], dict[int, int], list[str]]:
        """Incidents by number, the withdrawn -> what stands for it, and what could not be read."""
        problems: list[str] = []
        incidents: dict[int, dict[str, Any]] = {}
        for row in aiid_rows.incidents(self._files):
            if isinstance(row, str):
                problems.append(row)
            elif row["incident_id"] in incidents:
                problems.append(f"incident {row['incident_id']} stands there twice; the first was read")
            else:
                incidents[row["incident_id"]] = row
        pairs = {}
        for pair in aiid_rows.duplicates(self._files):
            if isinstance(pair, str):
                problems.append(pair)
            else:
                pairs[pair[0]] = pair[1]
        duplicates = {number: _end_of(number, pairs) for number in sorted(pairs)}
        for withdrawn, kept in list(duplicates.items()):
            if kept not in incidents or kept == withdrawn:
                problems.append(f"incident {withdrawn} is a duplicate of {kept}, which is not there; left as it is")
                del duplicates[withdrawn]
            elif gone := incidents.pop(withdrawn, None):
                incidents[kept]["reports"] += gone["reports"]
        store = self._reports
        problems += store.problems if store else []
        # The order of rows changes from week to week, and an import resumes by position.
        return [incidents[number] for number in sorted(incidents)], duplicates, problems

    @property
    def _incidents(self) -> list[dict[str, Any]]:
        return self._read[0]

    @property
    def _duplicates(self) -> dict[int, int]:
        return self._read[1]

    @property
    def _problems(self) -> list[str]:
        return self._read[2]

    @cached_property
    def _names(self) -> dict[str, str]:
        names, problems = aiid_rows.entity_names(self._files)
        self.notices += problems
        if not names:
            self.notices.append("this snapshot has no entity table; names of entities are made from their slugs")
        return names

    @cached_property
    def _entities(self) -> list[str]:
        """The slugs that incidents name and the entity table knows, in order."""
        named = {slug for incident in self._incidents for role in PARTIES for slug in incident[role]}
        return sorted(named & self._names.keys())

    def _entry(self, incident: dict[str, Any]) -> Record:
        number = str(incident["incident_id"])
        warnings: list[str] = []
        try:
            occurred = parse_date(incident["date"]) if incident["date"] else None
        except ValueError as error:
            occurred = None
            warnings.append(f"date left out: {error}")
        roles = (
            {"role": role, "name": self._names.get(slug) or humanised(slug), "namespace": "aiid", "key": slug}
            for role in PARTIES
            for slug in dict.fromkeys(incident[role])
        )
        return entry_or_bad(
            f"incident {number}",
            kind="incident",
            title=incident["title"],
            summary=incident["description"],
            occurred=occurred,
            language="en",
            licence="CC-BY-SA-4.0",
            attribution=PUBLISHER,
            external_ids=[("aiid", number)],
            roles=keep_valid(RoleRecord, roles, "entity", warnings),
            references=self._references(incident, warnings),
            page={"url": CITE.format(number), "title": incident["title"], "publisher": PUBLISHER, "language": "en"},
            warnings=warnings,
        )

    def _references(self, incident: dict[str, Any], warnings: list[str]) -> list[ReferenceRecord]:
        if self._reports is None:
            return []
        found, missing = [], []
        for number in dict.fromkeys(incident["reports"]):
            row = self._reports.get(number)
            if row is None:
                missing.append(str(number))
            elif reference := _reference(row, warnings):
                found.append(reference)
        if missing:
            warnings.append(f"reports {', '.join(missing[:20])} are not in the snapshot")
        return found


def _reference(row: dict[str, Any], warnings: list[str]) -> ReferenceRecord | None:
    """The report as a reference, or None when it makes none. Its text may be indexed, and not republished."""
    what = f"report {row['report_number']}"
    published = None
    try:
        published = parse_date(row["date_published"]) if row["date_published"] else None
    except ValueError as error:
        warnings.append(f"{what}: date left out: {error}")
    try:
        return ReferenceRecord(
            url=row["url"],
            title=row["title"],
            publisher=row["source_domain"],
            authors=row["authors"],
            published=published,
            language=row["language"],
            text=row["text"],
        )
    except ValidationError as error:
        warnings.append(f"{what} left out: {why(error)}")
        return None


def _end_of(number: int, pairs: dict[int, int]) -> int:
    """Where a chain of duplicates ends: the incident that is one of none. A circle ends where it began."""
    seen = {number}
    end = pairs[number]
    while end in pairs and end not in seen:
        seen.add(end)
        end = pairs[end]
    return number if end in seen else end
