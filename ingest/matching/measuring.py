"""How good are the proposals? Collections whose true pairs somebody published, with what gives them away hidden.

Everything is read from the sources into memory and compared there, by the very code that looks through the database:
nothing is stored, and the instance's own entries are neither asked nor touched. Each collection stands for a database
with numbers of its own; those that the others know it by, and the pages of all, are taken out of its records.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

from ingest.matching.accounts import Account, Pair, of_record
from ingest.matching.finder import Couple, Finder, couple
from ingest.matching.meaning import EncodedMeaning
from ingest.matching.model import THRESHOLD
from ingest.matching.pool import Pool
from ingest.records import EntryRecord, Record, SameRecord
from ingest.sources import open_source
from kb.external import NAMESPACES
from kb.similar import registered

THRESHOLDS = (0.3, THRESHOLD, 0.7, 0.9)


@dataclass(frozen=True)
class Quality:
    """Of `same` true pairs and `proposed` ones, `right` are both."""

    same: int
    proposed: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.proposed if self.proposed else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.same if self.same else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.same + self.proposed) if self.same + self.proposed else 0.0

    def as_dict(self) -> dict[str, float]:
        """The counts and the three figures, as JSON has them."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass
class Trial:
    """Accounts of several collections, and the couples among them that are the same."""

    accounts: list[Account] = field(default_factory=list)
    collection: dict[int, str] = field(default_factory=dict)
    known_as: dict[Pair, int] = field(default_factory=dict)
    same: set[Couple] = field(default_factory=set)

    def add(self, collection: str, records: Iterable[EntryRecord]) -> list[int]:
        """Take in records as a collection of its own; their ids here, in order."""
        ids = []
        for id, record in enumerate(records, len(self.accounts) + 1):
            account = of_record(record, id)
            hidden = frozenset(article for article in account.references if not _is_page(article))
            own = frozenset({(collection, str(id))})
            self.accounts.append(replace(account, references=hidden, identifiers=own))
            self.collection[id] = collection
            for pair in record.external_ids:
                self.known_as[(collection, " ".join(pair))] = id
            ids.append(id)
        return ids

    def find(self, collection: str, name: Pair) -> int | None:
        """The account of a collection that is known by this external id."""
        return self.known_as.get((collection, " ".join(name)))

    def pool(self) -> Pool:
        return Pool(self.accounts, frozenset(self.collection.values()))

    def meaning(self) -> EncodedMeaning | None:
        similar = registered()
        return EncodedMeaning(self.accounts, similar) if similar else None


def _is_page(article: str) -> bool:
    return article.partition(" ")[0] in NAMESPACES


def entries(source: str, location: str) -> list[EntryRecord]:
    return [record for record in open_source(source, location).records() if isinstance(record, EntryRecord)]


def two_snapshots(old: str, new: str) -> tuple[Trial, set[int]]:
    """Two snapshots of the AI Incident Database, and which accounts say something else in the other one."""
    trial = Trial()
    changed: set[int] = set()
    before, after = entries("aiid", old), entries("aiid", new)
    ids = trial.add("old", before) + trial.add("new", after)
    said = {id: (record.title, record.summary, record.body) for id, record in zip(ids, before + after, strict=True)}
    for record in after:
        name = ("aiid", dict(record.external_ids)["aiid"])
        one, other = trial.find("old", name), trial.find("new", name)
        if one and other:
            trial.same.add((one, other))
            changed |= {one, other} if said[one] != said[other] else set()
    return trial, changed


def cross_references(avid: str, aiid: str, atlas: str) -> Trial:
    """The AI Vulnerability Database, with the databases whose records it took over; either may be missing."""
    trial = Trial()
    records: list[Record] = list(open_source("avid", avid).records())
    trial.add("avid", (record for record in records if isinstance(record, EntryRecord)))
    for source, location in (("aiid", aiid), ("atlas", atlas)):
        if location:
            trial.add(source, entries(source, location))
    for record in records:
        if isinstance(record, SameRecord):
            trial.same |= set(_couples(trial, record.ids))
    return trial


def _couples(trial: Trial, ids: Sequence[Pair]) -> Iterator[Couple]:
    here = {id for name in ids if name[0] == "avid" and (id := trial.find("avid", name))}
    there = {id for name in ids if name[0] != "avid" and (id := trial.find(name[0], name))}
    yield from ((one, other) for one in here for other in there)


def proposals(finder: Finder, ids: Iterable[int], threshold: float) -> dict[Couple, float]:
    """What would be proposed for these entries, with the scores."""
    return {couple(id, match.other): match.score for id in ids for match in finder.matches(id, threshold)}


def judge(trial: Trial, finder: Finder, concerned: set[int] | None = None) -> dict[float, Quality]:
    """The quality by threshold; of pairs with one of `concerned` alone, where given."""
    ids = sorted(concerned) if concerned is not None else [account.id for account in trial.accounts]
    same = {pair for pair in trial.same if concerned is None or concerned.intersection(pair)}
    found = {threshold: set(proposals(finder, ids, threshold)) for threshold in THRESHOLDS}
    return {threshold: Quality(len(same), len(pairs), len(pairs & same)) for threshold, pairs in found.items()}
