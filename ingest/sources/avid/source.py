"""The AI Vulnerability Database (https://avidml.org): its repository's JSON tree, an archive of it, or single files.

A vulnerability is an incident, and the reports that it lists are its evidence: they become ids and references of the
one entry, with their text, which is MIT like all of AVID. A report of no vulnerability is an entry of its own, and so
is one whose title is not that under which a vulnerability lists it, for then one of the two has the wrong number.
Records that stand in for an incident of AIID, a case study of ATLAS or a CVE join it: see `avid_crossrefs`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.records import (
    BadRecord,
    ClassificationRecord,
    LinkRecord,
    Record,
    ReferenceRecord,
    RoleRecord,
    SameRecord,
    entry_or_bad,
    keep_valid,
)
from ingest.sources import archives
from ingest.sources.avid import body as avid_body
from ingest.sources.avid import crossrefs as avid_crossrefs
from ingest.sources.avid import fields as avid_fields
from ingest.sources.avid import files as avid_files
from ingest.sources.avid import taxonomy as avid_taxonomy
from ingest.sources.base import Options
from ingest.sources.files import fingerprint, local_path
from ingest.sources.lists import listed
from ingest.sources.markdown.lead_paragraph import split_lead
from ingest.sources.works import each_cited_once
from kb.dates import PartialDate, parse_date

PUBLISHER = "AI Vulnerability Database"
LICENCE = "MIT"
EDITIONS = ("aiid", "atlas")  # databases whose records AVID took over
PAGE = "https://avidml.org/database/{}/"


@dataclass
class _Place:
    """What is remembered of a document: little, as there may be very many."""

    identity: str
    is_vulnerability: bool
    title: str
    lists: dict[str, str] = field(default_factory=dict)
    belongs_to: list[str] = field(default_factory=list)
    same: list[tuple[str, str]] = field(default_factory=list)


class AvidDatabase:
    """The taxonomies, then the records by the order of their files, then which of other databases' ids they share.

    What is not published yet (`reports/review/`, without an id) becomes a draft. A second record with the id of an
    earlier one is left out.
    """

    name = "avid"
    takes: frozenset[str] = frozenset()
    fetches = False

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_path(location, avid_files.WHAT)
        self.scratch = scratch
        self.notices: list[str] = []
        if self.path.is_dir() or not archives.is_archive(self.path):
            assert self._documents  # say at once that there are none
        else:
            archives.check(self.path)

    @property
    def collection(self) -> str | None:
        """A tree with reports and vulnerabilities is the whole database; a folder of one of them, or a file, is not."""
        folders = {part for name in self._documents.names for part in name.split("/")[:-1]}
        return "database" if {"reports", "vulnerabilities"} <= folders else None

    def count(self) -> int:
        entries = sum(1 for name in self._documents.names if not self._is_folded(name) and name not in self._repeated)
        return len(avid_taxonomy.definitions()) + entries + sum(1 for _ in self._sames())

    def fingerprint(self) -> str:
        if self.path.is_dir():
            return fingerprint((self.path / name for name in self._documents.names), self.path)
        return fingerprint([self.path])

    def records(self) -> Iterator[Record]:
        yield from avid_taxonomy.definitions()
        for name in self._documents.names:
            if name in self._problems:
                yield BadRecord(key=name, reason=self._problems[name])
            elif name in self._places and not self._is_folded(name):
                yield self._entry(name)
        yield from self._sames()
        if self._repeated:
            repeated = listed(sorted(self._repeated), 10)
            notice = f"{len(self._repeated)} records have the id of an earlier one and were left out: {repeated}"
            if notice not in self.notices:
                self.notices.append(notice)

    @cached_property
    def _documents(self) -> avid_files.Documents:
        return avid_files.open_documents(self.path, self.scratch)

    @cached_property
    def _read(self) -> tuple[dict[str, _Place], dict[str, str], set[str]]:
        """By the names of documents: what they are, what is wrong with the others, and those that repeat an id."""
        places: dict[str, _Place] = {}
        problems: dict[str, str] = {}
        repeated: set[str] = set()
        ids: set[str] = set()
        for name in self._documents.names:
            try:
                doc = self._documents.read(name)
            except ValueError as error:
                problems[name] = str(error)
                continue
            if not avid_fields.is_avid(doc):
                problems[name] = "not an AVID record: it says neither data_type AVID nor a problemtype"
                continue
            place = _place(doc, name)
            if place.identity in ids:
                repeated.add(name)
            else:
                ids |= {place.identity} - {""}
                places[name] = place
        return places, problems, repeated

    @property
    def _places(self) -> dict[str, _Place]:
        return self._read[0]

    @property
    def _problems(self) -> dict[str, str]:
        return self._read[1]

    @property
    def _repeated(self) -> set[str]:
        return self._read[2]

    @cached_property
    def _named(self) -> dict[str, str]:
        """id -> the name of its document."""
        return {place.identity: name for name, place in self._places.items() if place.identity}

    @cached_property
    def _owners(self) -> dict[str, str]:
        """Report -> the vulnerability whose entry it is part of: the first that lists it, or that it names itself."""
        owners: dict[str, str] = {}
        vulnerabilities = [place for place in self._places.values() if place.is_vulnerability and place.identity]
        for place in vulnerabilities:
            for report, title in place.lists.items():
                here = self._places.get(self._named.get(report, ""))
                if here is None or _same_title(title, here.title):
                    owners.setdefault(report, place.identity)
        known = {place.identity for place in vulnerabilities}
        listed_somewhere = {report for place in vulnerabilities for report in place.lists}
        for place in self._places.values():
            for vulnerability in place.belongs_to:
                if vulnerability in known and place.identity and place.identity not in listed_somewhere:
                    owners.setdefault(place.identity, vulnerability)
        return owners

    def _is_folded(self, name: str) -> bool:
        """Whether the document is a report that comes with its vulnerability."""
        return name in self._places and self._places[name].identity in self._owners

    def _sames(self) -> Iterator[SameRecord]:
        for name, place in self._places.items():
            shared = [pair for pair in place.same if pair[0] in EDITIONS]
            if place.identity and shared and not self._is_folded(name):
                yield SameRecord(ids=[("avid", place.identity), *shared])

    def _entry(self, name: str) -> Record:
        doc, place = self._documents.read(name), self._places[name]
        warnings: list[str] = []
        named = avid_crossrefs.cross_references(doc, place.identity)
        ids = [("avid", place.identity)] if place.identity else []
        links = [{"relation": "related", "target": pair} for pair in named.related]
        evidence: list[dict[str, Any]] = []
        reported: list[PartialDate] = []
        for report in self._reports_of(place):
            title = place.lists.get(report, "")
            if self._owners.get(report) == place.identity:
                ids.append(("avid", report))
                evidence += self._report(report, title, reported, warnings)
            else:
                links.append({"relation": "related", "target": ("avid", report)})
                if report not in self._owners:
                    warnings.append(f"{report} is listed as {title!r} but calls itself otherwise; linked, not joined")
        if not place.is_vulnerability:
            links += [{"relation": "related", "target": ("avid", one)} for one in place.belongs_to]
        language = avid_fields.language(doc)
        lead = split_lead(avid_fields.description(doc))
        linked = [{"url": url, "title": title} for url, title in lead.links]
        return entry_or_bad(
            place.identity or name,
            kind="incident",
            title=place.title,
            summary=lead.summary,
            body="\n\n".join(part for part in [lead.rest, *avid_body.sections(doc)] if part),
            status="" if place.identity else "draft",
            occurred=self._occurred(doc, place, reported, warnings),
            language=language,
            licence=LICENCE,
            attribution=PUBLISHER,
            external_ids=[*ids, *named.same],
            roles=keep_valid(RoleRecord, _roles(doc), "entity", warnings),
            references=keep_valid(
                ReferenceRecord, each_cited_once([*_references(doc), *linked, *evidence]), "reference", warnings
            ),
            classifications=keep_valid(
                ClassificationRecord, _once_each(avid_taxonomy.classifications(doc)), "classification", warnings
            ),
            links=keep_valid(LinkRecord, _once_each(links), "link", warnings),
            page=_page(doc, place, language, warnings),
            warnings=warnings,
        )

    def _reports_of(self, place: _Place) -> list[str]:
        """What the vulnerability lists, then what says by itself that it belongs to it."""
        if not place.is_vulnerability:
            return []
        return list(dict.fromkeys([*place.lists, *self._claimed.get(place.identity, [])]))

    @cached_property
    def _claimed(self) -> dict[str, list[str]]:
        claimed: dict[str, list[str]] = {}
        for report, owner in self._owners.items():
            claimed.setdefault(owner, []).append(report)
        return claimed

    def _report(
        self, report: str, title: str, reported: list[PartialDate], warnings: list[str]
    ) -> Iterator[dict[str, Any]]:
        """The report's own page, with what it says where it is here, and its references."""
        page: dict[str, Any] = {"url": PAGE.format(report.lower()), "title": title, "publisher": PUBLISHER}
        if report not in self._named:
            yield page
            return
        doc = self._documents.read(self._named[report])
        if day := _day(doc, "reported_date", warnings):
            reported.append(day)
        yield page | {
            "title": avid_fields.title(doc),
            "authors": avid_fields.credits(doc),
            "published": day,
            "language": avid_fields.language(doc),
            "text": "\n\n".join([avid_fields.description(doc), *avid_body.sections(doc)]),
            "text_licence": LICENCE,
        }
        yield from _references(doc)

    def _occurred(
        self, doc: dict[str, Any], place: _Place, reported: list[PartialDate], warnings: list[str]
    ) -> PartialDate | None:
        """When the problem was reported. What AVID took over from others happened before, and they know when."""
        if any(namespace in EDITIONS for namespace, _ in place.same):
            return None
        said = _day(doc, "reported_date", warnings) or min(reported, default=None)
        return said or _day(doc, "published_date", warnings)


def _place(doc: dict[str, Any], name: str) -> _Place:
    identity = avid_fields.record_id(doc, name)
    is_vulnerability = avid_fields.is_vulnerability(doc, identity)
    return _Place(
        identity=identity,
        is_vulnerability=is_vulnerability,
        title=avid_fields.title(doc),
        lists=avid_fields.listed_reports(doc) if is_vulnerability else {},
        belongs_to=[] if is_vulnerability else avid_fields.vulnerabilities(doc),
        same=avid_crossrefs.cross_references(doc, identity).same,
    )


def _page(doc: dict[str, Any], place: _Place, language: str, warnings: list[str]) -> ReferenceRecord | None:
    if not place.identity:
        return None
    said = {
        "url": PAGE.format(place.identity.lower()),
        "title": place.title,
        "publisher": PUBLISHER,
        "authors": avid_fields.credits(doc),
        "published": _day(doc, "published_date" if place.is_vulnerability else "reported_date", warnings),
        "language": language,
    }
    return next(iter(keep_valid(ReferenceRecord, [said], "page", warnings)), None)


def _roles(doc: dict[str, Any]) -> Iterator[dict[str, Any]]:
    named = {
        "developer": avid_fields.affected(doc, "developer"),
        "deployer": avid_fields.affected(doc, "deployer"),
        "system": avid_fields.systems(doc),
    }
    # Early records name the system as its own deployer.
    only_system = set(named["system"]) - set(named["developer"])
    named["deployer"] = [name for name in named["deployer"] if name not in only_system]
    for role, names in named.items():
        yield from ({"role": role, "name": name} for name in names)


def _references(doc: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from ({"url": one["url"], "title": one["title"][:500]} for one in avid_fields.references(doc))


def _day(doc: dict[str, Any], key: str, warnings: list[str]) -> PartialDate | None:
    try:
        return parse_date(doc[key]) if doc.get(key) else None
    except ValueError as error:
        if (warning := f"{key} left out: {error}") not in warnings:
            warnings.append(warning)
        return None


def _once_each(dicts: Any) -> list[dict[str, Any]]:
    return list({tuple(sorted(one.items())): one for one in dicts}.values())


def _same_title(given: str, own: str) -> bool:
    """Whether two titles are of one record: they share half of the shorter one's words."""
    one, other = ({word for word in title.casefold().split() if len(word) > 2} for title in (given, own))
    return not one or not other or len(one & other) * 2 >= min(len(one), len(other))
