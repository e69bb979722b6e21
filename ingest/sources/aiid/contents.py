"""All that a location of the AI Incident Database says, put together: the large parts on disk, indexes in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from ingest.records import check_url
from ingest.sources.aiid.labels import Classifications
from ingest.sources.aiid.store import RowStore
from ingest.sources.aiid.tables import Draft, Incident, Parties, Report, Same, Tables
from ingest.sources.aiid.taxa import ANNOTATOR, Taxonomy
from ingest.sources.base import SourceError
from ingest.sources.lists import listed
from kb.addresses import canonical_url

Row = TypeVar("Row")
Key = TypeVar("Key", int, str)
MAX_PROBLEMS = 1000  # that are told one by one


class Contents:
    """The tables, read once.

    A withdrawn incident that is still listed is none of its own: its reports are those of the incident that stands for
    it. `problems` are rows that could not be read, and `notices` what was left out. `is_torn` when an incident may be
    among those, so that one that is missing may be there all the same. SourceError when there are none at all.
    """

    def __init__(self, tables: Tables, scratch: Path | None) -> None:
        self.problems: list[str] = []
        self.notices = tables.notices
        self._unread = 0
        self._more = 0
        self.parties: set[str] = set()
        self._cited: set[int] = set()
        self.incidents = self._read_incidents(tables, RowStore(scratch))
        self.is_torn = self._unread > 0
        if tables.collection and not len(self.incidents):
            said = f": {self.problems[0]}" if self.problems else ""
            raise SourceError(f"no incident could be read{said}; nothing was taken in")
        self.withdrawn = self._read_duplicates(tables)
        self.names, self.aliases, self.stand_ins = self._read_entities(tables)
        self.drafts, self._waiting = self._read_drafts(tables, RowStore(scratch))
        self._reports_of: dict[int, list[int]] = {}
        self.reports = self._read_reports(tables, RowStore(scratch))
        self.additions, self.unknown_drafts = self._place_drafts()
        self.relations = self._read_relations(tables)
        self.taxonomies = self._read_taxonomies(tables)
        self.labels = Classifications(self._good(tables.classifications()), self.taxonomies, scratch)
        self.same = self._read_links(tables)
        self._tell()

    def reports_of(self, incident: Incident) -> list[int]:
        """The numbers of its reports, and of those of the incidents that were withdrawn in its favour; each once."""
        numbers = [*incident.reports, *self._reports_of.get(incident.number, ())]
        for number in self._absorbed.get(incident.number, ()):
            gone = self._listed(number)
            numbers += [*gone.reports, *self._reports_of.get(number, ())]
        return list(dict.fromkeys(numbers))

    def incident(self, number: int) -> Incident:
        """The incident of that number, with the keys of entities that stand for those it names."""
        incident = self._listed(number)
        incident.parties = self.standing(incident.parties)
        incident.similar = list(dict.fromkeys(self.withdrawn.get(one, one) for one in incident.similar))
        return incident

    def report(self, number: int) -> Report | None:
        """The report of that number, if it is there."""
        row = self.reports.get(number)
        return Report(**row) if row else None

    def draft(self, place: int) -> Draft:
        """The draft that was kept at `place`."""
        row = self.drafts.get(place)
        return Draft(**row | {"article": Report(**row["article"]), "parties": self.standing(row["parties"])})

    def standing(self, parties: Parties) -> Parties:
        """`parties` with every key that was withdrawn as the one that stands for it."""
        return {
            role: list(dict.fromkeys(self.stand_ins.get(key, key) for key in keys)) for role, keys in parties.items()
        }

    def current(self) -> Iterator[int]:
        """The numbers of the incidents that stand, from the lowest."""
        return (number for number in self.incidents if number not in self.withdrawn)

    def is_current(self, number: int) -> bool:
        """Whether an incident of that number is there and was not withdrawn."""
        return number in self.incidents and number not in self.withdrawn

    def _listed(self, number: int) -> Incident:
        return Incident(**self.incidents.get(number))

    def _good(self, rows: Iterable[Row | str]) -> Iterator[Row]:
        for row in rows:
            if isinstance(row, str):
                self._unread += 1
                self._problem(row)
            else:
                yield row

    def _problem(self, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)
        else:
            self._more += 1

    def _read_incidents(self, tables: Tables, store: RowStore) -> RowStore:
        for incident in self._good(tables.incidents()):
            if incident.number in store:
                self._problem(f"incident {incident.number} stands there twice; the first was read")
            else:
                store.add(incident.number, asdict(incident))
                self._name(incident.parties)
                self._cited.update(incident.reports)
        return store

    def _read_reports(self, tables: Tables, store: RowStore) -> RowStore:
        for report in self._good(tables.reports()):
            if report.number in store:
                self._problem(f"report {report.number} stands there twice; the first was read")
            else:
                store.add(report.number, asdict(report))
                self._see(report)
        if lost := sum(number not in self._cited for number in store):
            self.notices.append(f"{lost:,} reports belong to no incident, and were left out")
        self._cited.clear()
        return store

    def _name(self, parties: Parties) -> None:
        self.parties.update(key for keys in parties.values() for key in keys)

    def _see(self, report: Report) -> None:
        for number in report.incidents:
            self._reports_of.setdefault(number, []).append(report.number)
            self._cited.add(report.number)
        if self._waiting and (address := _canonical(report.url)) in self._waiting:
            del self._waiting[address]

    def _read_duplicates(self, tables: Tables) -> dict[int, int]:
        ends = _ends(dict(self._good(tables.duplicates())))
        self._absorbed: dict[int, list[int]] = {}
        for withdrawn, kept in list(ends.items()):
            if kept not in self.incidents or kept == withdrawn:
                self._problem(f"incident {withdrawn} is a duplicate of {kept}, which is not there; left as it is")
                del ends[withdrawn]
            elif withdrawn in self.incidents:
                self._absorbed.setdefault(kept, []).append(withdrawn)
        return ends

    def _read_entities(self, tables: Tables) -> tuple[dict[str, str], dict[str, list[str]], dict[str, str]]:
        names = dict(self._good(tables.entities()))
        stand_ins = {key: end for key, end in _ends(dict(self._good(tables.same_entities()))).items() if end != key}
        aliases: dict[str, list[str]] = {}
        for key, end in sorted(stand_ins.items()):
            if key in names:
                aliases.setdefault(end, []).append(names[key])
        if not names and len(self.incidents):
            self.notices.append("this snapshot has no entity table; names of entities are made from their slugs")
        return names, aliases, stand_ins

    def _read_drafts(self, tables: Tables, store: RowStore) -> tuple[RowStore, dict[str, int]]:
        waiting: dict[str, int] = {}
        rejected = 0
        for draft in self._good(tables.drafts()):
            try:
                address = canonical_url(check_url(draft.address))
            except ValueError as error:
                self._problem(f"proposed address: {error}")
                continue
            if draft.rejected:
                rejected += 1
            elif address not in waiting:
                waiting[address] = len(store)
                store.add(len(store), asdict(draft))
        if rejected:
            self.notices.append(f"{rejected:,} submissions were rejected upstream, and were left out")
        return store, waiting

    def _place_drafts(self) -> tuple[dict[int, list[int]], list[int]]:
        """Incident -> drafts that are about it, and the drafts about no incident that is there, by their addresses."""
        additions: dict[int, list[int]] = {}
        others = []
        for _, place in sorted(self._waiting.items()):
            said = self.drafts.get(place)
            about = [number for one in said["incidents"] if self.is_current(number := self.withdrawn.get(one, one))]
            for number in about:
                additions.setdefault(number, []).append(place)
            if not about:
                others.append(place)
                self._name(said["parties"])
        if known := len(self.drafts) - len(self._waiting):
            self.notices.append(f"{known:,} proposed addresses are those of reports by now, and were left out")
        return additions, others

    def _read_relations(self, tables: Tables) -> list[tuple[str, str, str]]:
        found = {
            (self.stand_ins.get(one, one), said, self.stand_ins.get(other, other))
            for one, said, other in self._good(tables.relations())
        }
        related = sorted(row for row in found if row[0] != row[2])
        self.parties.update(key for one, _, other in related for key in (one, other))
        return related

    def _read_taxonomies(self, tables: Tables) -> list[Taxonomy]:
        found: dict[str, Taxonomy] = {}
        for one in self._good(tables.taxonomies()):
            if not ANNOTATOR.fullmatch(one.namespace):
                found.setdefault(one.namespace, one)
        return [found[name] for name in sorted(found)]

    def _read_links(self, tables: Tables) -> list[Same]:
        """Links by which an incident of ours has names elsewhere, by number: of two that one name is given to, the
        first is known by it, and the other is linked with the first."""
        holders: dict[tuple[str, str], set[int]] = {}
        for link in self._good(tables.links()):
            holders.setdefault(link.other, set()).add(self.withdrawn.get(link.incident, link.incident))
        shared = [
            f"{value} ({', '.join(map(str, sorted(numbers)))})"
            for (_, value), numbers in sorted(holders.items())
            if len(numbers) > 1
        ]
        if shared:
            self.notices.append(
                f"{len(shared):,} incidents of other databases are linked with several of ours; of these the first "
                f"that is here is known by it, and the others are linked with that one: {'; '.join(shared[:100])}"
            )
        links = [Same(number, other) for other, numbers in holders.items() for number in numbers]
        return sorted(links, key=lambda link: (link.incident, link.other))

    def _tell(self) -> None:
        for problem in self.labels.problems:
            self._problem(problem)
        self.notices += self.labels.notices
        lost = [str(number) for number in self.labels.incidents if not self.is_current(number)]
        if lost:
            self.notices.append(
                f"classifications of incidents that are withdrawn or missing were left out: {listed(lost)}"
            )
        if self._more:
            self.problems.append(f"{self._more:,} more records could not be read")


def _canonical(url: object) -> str:
    try:
        return canonical_url(str(url or ""))
    except ValueError:
        return ""


def _ends(pairs: dict[Key, Key]) -> dict[Key, Key]:
    """Where the chain of duplicates that begins with each ends. What leads into a circle ends where it began."""
    ends: dict[Key, Key] = {}
    for start in sorted(pairs):
        path: dict[Key, None] = {}
        at = start
        while at in pairs and at not in ends and at not in path:
            path[at] = None
            at = pairs[at]
        circles = at in path or ends.get(at) == at
        ends |= {passed: passed if circles else ends.get(at, at) for passed in path}
    return dict(sorted(ends.items()))
