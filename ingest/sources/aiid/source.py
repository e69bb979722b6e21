"""The AI Incident Database, from its weekly snapshot: `backup-YYYYMMDDHHMMSS.tar.bz2`, or the folder in it.

Its Excel export is read too, and its list of the incidents that the OECD tells of as well. The site asks not to be
crawled and publishes these instead. Incidents are shared under CC BY-SA 4.0; the texts of reports belong to their
publishers, and carry no licence.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from ingest.records import (
    MAX_SUMMARY,
    MAX_TEXT,
    MAX_TITLE,
    BadRecord,
    ClassificationRecord,
    DuplicateRecord,
    EntityRecord,
    EntityRelationRecord,
    LinkRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    SameRecord,
    TaxonomyRecord,
    clean_line,
    clean_text,
    date_or_warn,
    entry_or_bad,
    keep_valid,
    why,
)
from ingest.sources.aiid import files as aiid_files
from ingest.sources.aiid.contents import Contents
from ingest.sources.aiid.names import humanised
from ingest.sources.aiid.tables import Incident, Parties, Report
from ingest.sources.base import Options
from ingest.sources.files import fingerprint, local_path

PUBLISHER = "AI Incident Database"
LICENCE = "CC-BY-SA-4.0"
OURS = {"licence": LICENCE, "attribution": PUBLISHER}
CITE = "https://incidentdatabase.ai/cite/{}/"
NOTES = "## Notes of the editors\n\n"


class AiidSnapshot:
    """Taxonomies, the entities that are named, how these hang together, then the incidents by number, the proposals
    that nobody has reviewed, what was withdrawn as a duplicate, and what other databases call an incident.

    A withdrawn incident that the snapshot still lists is no entry of its own: its reports are added to the incident
    that stands for it, and its number leads there. Without an entity table names are made from the slugs, and no
    EntityRecord claims them. Proposals are drafts, or references of the incident that they were proposed for.
    """

    name = "aiid"
    takes: frozenset[str] = frozenset()
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_path(location, "an AIID snapshot (backup-….tar.bz2 or its unpacked folder)")
        aiid_files.check(self.path)
        # When its records have been read, it is known whether the location is the whole of it.
        self.collection = None if aiid_files.is_list_of_links(self.path) else "incidents"
        self.scratch = scratch
        self.notices: list[str] = []

    def count(self) -> int:
        read = self._contents
        kept = sum(1 for _ in read.current()) + len(read.unknown_drafts) + len(read.withdrawn) + len(read.same)
        return len(read.taxonomies) + len(self._entities) + len(read.relations) + len(read.problems) + kept

    def fingerprint(self) -> str:
        return fingerprint(aiid_files.files_at(self.path))

    def records(self) -> Iterator[Record]:
        read = self._contents
        for taxonomy in read.taxonomies:
            yield _or_bad(f"taxonomy {taxonomy.namespace}", TaxonomyRecord, taxonomy.told() | OURS)
        for key in self._entities:
            yield _or_bad(f"entity {key}", EntityRecord, self._entity(key))
        for one, relation, other in read.relations:
            told = {"namespace": "aiid", "key": one, "other": other, "relation": relation}
            yield _or_bad(f"relation of {one}", EntityRelationRecord, told)
        yield from (BadRecord(key="snapshot", reason=problem) for problem in read.problems)
        for number in read.current():
            yield self._entry(read.incident(number))
        for place in read.unknown_drafts:
            yield self._draft(place)
        for withdrawn, kept in read.withdrawn.items():
            yield DuplicateRecord(namespace="aiid", value=str(withdrawn), of=str(kept))
        for link in read.same:
            yield SameRecord(ids=[("aiid", str(link.incident)), link.other])
        if aiid_files.is_table(self.path):
            self.collection = None  # proposals and duplicates stand in other tables
        elif read.is_torn and self.collection:
            self.collection = None
            self.notices.append("some incidents could not be read, so none that is missing counts as vanished")

    @cached_property
    def _contents(self) -> Contents:
        contents = Contents(aiid_files.tables_at(self.path, self.scratch), self.scratch)
        self.notices += contents.notices
        if len(contents.incidents) and not len(contents.reports):
            self.notices.append("this snapshot has no reports; incidents come without references of their own")
        return contents

    @cached_property
    def _entities(self) -> list[str]:
        """The keys that something names and the entity table knows, in order."""
        read = self._contents
        return sorted({read.stand_ins.get(key, key) for key in read.parties} & read.names.keys())

    def _entity(self, key: str) -> dict[str, Any]:
        read = self._contents
        return {"namespace": "aiid", "key": key, "name": read.names[key], "aliases": read.aliases.get(key, [])}

    def _entry(self, incident: Incident) -> Record:
        number = str(incident.number)
        warnings: list[str] = []
        title = _fitting(incident.title, MAX_TITLE, "title", warnings)
        return entry_or_bad(
            f"incident {number}",
            kind="incident",
            title=title,
            **_told(incident.description, incident.notes, warnings),
            occurred=date_or_warn(incident.date, "date", warnings),
            language="en",
            licence=LICENCE,
            attribution=PUBLISHER,
            external_ids=[("aiid", number)],
            roles=self._roles(incident.parties, incident.names, warnings),
            references=self._references(incident, warnings),
            classifications=keep_valid(
                ClassificationRecord, self._contents.labels.of(incident.number), "classification", warnings
            ),
            facts={"details": details} if (details := self._contents.labels.details(incident.number)) else {},
            links=[
                LinkRecord(relation="similar", target=("aiid", str(other)))
                for other in incident.similar
                if other != incident.number
            ],
            page={"url": CITE.format(number), "title": title, "publisher": PUBLISHER, "language": "en"},
            warnings=warnings,
        )

    def _roles(self, parties: Parties, names: Parties, warnings: list[str]) -> list[RoleRecord]:
        known = self._contents.names
        roles = [
            {"role": role, "name": known.get(key) or humanised(key), "namespace": "aiid", "key": key}
            for role, keys in parties.items()
            for key in keys
        ]
        roles += [{"role": role, "name": name} for role, of_role in names.items() for name in of_role]
        return keep_valid(RoleRecord, roles, "entity", warnings)

    def _references(self, incident: Incident, warnings: list[str]) -> list[ReferenceRecord]:
        read = self._contents
        found, missing = [], []
        for number in read.reports_of(incident):
            report = read.report(number)
            if report is None:
                missing.append(str(number))
            elif reference := _reference(report, f"report {number}", warnings):
                found.append(reference)
        if missing and len(read.reports):
            warnings.append(f"reports {', '.join(missing[:20])} are not in the snapshot")
        for place in read.additions.get(incident.number, ()):
            draft = read.draft(place)
            if reference := _reference(draft.article, f"proposed address {draft.address}", warnings):
                found.append(reference)
        return found

    def _draft(self, place: int) -> Record:
        draft = self._contents.draft(place)
        warnings: list[str] = []
        if draft.incidents:
            numbers = ", ".join(map(str, draft.incidents[:20]))
            warnings.append(f"was proposed for incident {numbers}, which is not in the snapshot")
        page = _reference(draft.article, "page", warnings)
        title = _line(draft.title) or _line(draft.article.title) or in_words(draft.address)
        return entry_or_bad(
            f"proposed address {draft.address}",
            kind="incident",
            status="draft",
            title=_fitting(title, MAX_TITLE, "title", warnings),
            **_told(draft.description, "", warnings),
            occurred=date_or_warn(draft.date, "date", warnings),
            licence=LICENCE,
            attribution=PUBLISHER,
            roles=self._roles(draft.parties, {}, warnings),
            page=page,
            warnings=warnings,
        )


def in_words(address: str) -> str:
    """The host and path of an address, to be read as a title.

    >>> in_words("https://www.news.example/2024/lift-skips_floor.html?utm_source=x")
    'news.example: 2024 lift skips floor'
    """
    parts = urlsplit(address)
    path = re.sub(r"\.(html?|php|aspx?)$", "", unquote(parts.path))
    words = " ".join(re.split(r"[\s/_-]+", path)).strip()
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}: {words}" if words else host


def _told(description: object, notes: object, warnings: list[str]) -> dict[str, str]:
    """`summary` and `body` of what is told; what is too long for a summary is the body as well."""
    summary, said = _text(description, "description", warnings), _text(notes, "notes", warnings)
    long = summary if len(summary) > MAX_SUMMARY else ""
    body = "\n\n".join(part for part in (long, NOTES + said if said else "") if part)
    return {"summary": summary[:MAX_SUMMARY], "body": body}


def _reference(report: Report, what: str, warnings: list[str]) -> ReferenceRecord | None:
    """The report as a reference, or None when it makes none. Its text may be indexed, and not republished."""
    fields: dict[str, Any] = {
        "url": report.url,
        "title": _fitting(report.title, MAX_TITLE, f"{what}: title", warnings),
        "publisher": report.publisher,
        "authors": report.authors,
        "published": date_or_warn(report.published, f"{what}: date", warnings),
        "language": report.language,
        "text": _fitting(report.text, MAX_TEXT, f"{what}: text", warnings),
        "text_licence": report.licence,
        "role": "response" if report.is_response else "report",
    }
    try:
        return ReferenceRecord(**fields)
    except ValidationError as error:
        # Where no field is wrong, it is that there is no address.
        wrong = {str(detail["loc"][0]) if detail["loc"] else "url" for detail in error.errors()}
        said = why(error)
    if "url" in wrong and report.number:
        # An article whose address is lost, or was none of the web, is still worth finding.
        fields["urn"] = f"urn:aiid:report:{report.number}"
    try:
        reference = ReferenceRecord(**{name: value for name, value in fields.items() if name not in wrong})
    except ValidationError:
        warnings.append(f"{what} left out: {said}")
        return None
    warnings.append(f"{what}: left out {said}")
    return reference


def _text(value: object, what: str, warnings: list[str]) -> str:
    try:
        return clean_text(value).strip()
    except ValueError as error:
        warnings.append(f"{what} left out: {error}")
        return ""


def _line(value: object) -> str:
    return clean_line(value) if isinstance(value, str) else ""


def _fitting(text: Any, length: int, what: str, warnings: list[str]) -> Any:
    """`text`, cut to that length. What is no text stays what it is, and is told when a record is made of it."""
    said = clean_text(text) if isinstance(text, str) else ""
    if len(said) <= length:
        return text
    warnings.append(f"{what} cut at {length:,} of {len(said):,} characters")
    return said[: length - 1] + "…"


def _or_bad(
    key: str, model: type[TaxonomyRecord | EntityRecord | EntityRelationRecord], told: dict[str, Any]
) -> Record:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        return BadRecord(key=key[:200], reason=why(error))
