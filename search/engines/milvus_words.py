"""BM25 in a Milvus: each passage is a sparse vector of word weights, a question one of word rarities, and their inner
product is the score.

Milvus has a BM25 of its own. In milvus-lite it counts how rare a word is among what the filter lets through, segment
by segment, so the same passage scores differently under every filter; and no server's knows our stems or three fields
with weights. Inner products are the same on every server. How often words occur is counted in a second collection.

How rare a word is comes with the question, but how long fields are on average is in the weights. So all passages are
weighed with the same averages, and anew once those of now are far from them: scores of two passages can be compared
whenever each was written. A passage says what it was weighed with; how often it has a word follows from the weight.

A dimension stands for a word in a field: 30 bits of a hash, so of a million words a few hundred share theirs.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from search.analysis import query_terms, words
from search.engines.base import FIELD_WEIGHTS, IndexedPassage, rarest, shares
from search.engines.milvus_server import WRITE_S, Server

# As in tantivy and the reference engine.
K1, B = 1.2, 0.75
DIMENSIONS = 2**32 - 3
# How far averages may move before all passages are weighed anew: while there is more to write, and when all is written.
# That is a share of the average, or of one word: the few words of a field that is mostly empty weigh next to nothing.
WRITING, WRITTEN = 0.25, 0.01
# Every passage has it and no question asks for it: Milvus refuses a sparse vector of nothing.
NOBODY = 0
ROWS_AT_ONCE = 5_000
# Rows of the second collection that count no word: passages, words of each field, and whether a change is under way.
PASSAGES, UNDER_WAY = -1, -2
LENGTHS = {field: -3 - place for place, field in enumerate(FIELD_WEIGHTS)}
# What was counted there when all passages were last weighed.
WEIGHED = {id: id - 10 for id in (PASSAGES, *LENGTHS.values())}
FIELDS = list(FIELD_WEIGHTS)

Sparse = dict[int, float]
Counts = Counter[int]
# How many words each field has on average.
Averages = dict[str, float]


def dimension(field: str, term: str) -> int:
    """A number for the word that tells its field, see `field_of`."""
    digest = hashlib.blake2b(term.encode(), digest_size=4).digest()
    return 1 + int.from_bytes(digest, "big") % (DIMENSIONS // len(FIELDS)) * len(FIELDS) + FIELDS.index(field)


def field_of(dimension: int) -> str:
    """The field that a dimension is of."""
    return FIELDS[(dimension - 1) % len(FIELDS)]


class Counted:
    """The words of one passage, counted by dimension, and how many words each field has."""

    def __init__(self, passage: IndexedPassage) -> None:
        self.lengths: dict[str, int] = {}
        self._occurs: dict[str, Counter[int]] = {}
        for field in FIELD_WEIGHTS:
            found = words(getattr(passage, field))
            self.lengths[field] = len(found)
            self._occurs[field] = Counter(dimension(field, term) for term in found)

    def counts(self) -> Counts:
        """What the passage adds to the counts."""
        counts = Counter({at: 1 for occurs in self._occurs.values() for at in occurs})
        return counts + Counter({PASSAGES: 1, **{LENGTHS[field]: many for field, many in self.lengths.items()}})

    def weights(self, averages: Averages) -> Sparse:
        """What the passage gives to a question that asks for a word, but for how rare the word is."""
        halves, made = _halves(self.lengths, averages), {NOBODY: 1.0}
        for field, occurs in self._occurs.items():
            for at, times in occurs.items():
                made[at] = _weight(field, times, halves[field])
        return made


def _halves(lengths: dict[str, int], averages: Averages) -> dict[str, float]:
    """How often a word has to occur in fields of that length to give half of what it can give at most."""
    return {
        field: K1 * (1 - B + B * length / averages[field]) if averages[field] else K1
        for field, length in lengths.items()
    }


def _weight(field: str, times: int, half: float) -> float:
    return FIELD_WEIGHTS[field] * (K1 + 1) * times / (times + half)


def _times(field: str, weight: float, half: float) -> int:
    """How often a word occurs that has this weight."""
    share = weight / (FIELD_WEIGHTS[field] * (K1 + 1))
    return round(half * share / (1 - share))


def of_row(row: dict[str, Any]) -> Counts:
    """What a stored passage adds to the counts."""
    counts = Counter({int(at): 1 for at in row["words"] if int(at) != NOBODY})
    counts[PASSAGES] = 1
    counts.update({LENGTHS[field]: int(row[f"{field}_length"]) for field in FIELD_WEIGHTS})
    return counts


def row_of(averages: Averages, counted: Counted) -> dict[str, Any]:
    """The fields that hold a passage's words."""
    return {
        "words": counted.weights(averages),
        **{f"{field}_length": counted.lengths[field] for field in FIELD_WEIGHTS},
        **{f"{field}_average": averages[field] for field in FIELD_WEIGHTS},
    }


def weighed_anew(row: dict[str, Any], averages: Averages) -> dict[str, Any]:
    """A stored passage as it would be if it had been weighed with these averages."""
    lengths = {field: int(row[f"{field}_length"]) for field in FIELD_WEIGHTS}
    before, now = _halves(lengths, weighed_with(row)), _halves(lengths, averages)
    made = {NOBODY: 1.0}
    for at, weight in row["words"].items():
        if at != NOBODY:
            field = field_of(at)
            made[at] = _weight(field, _times(field, weight, before[field]), now[field])
    return {**row, "words": made, **{f"{field}_average": averages[field] for field in FIELD_WEIGHTS}}


def weighed_with(row: dict[str, Any]) -> Averages:
    """The averages that a stored passage was weighed with."""
    return {field: row[f"{field}_average"] for field in FIELD_WEIGHTS}


class WordCounts:
    """In how many passages each word occurs, by dimension, in a collection beside that of the passages."""

    def __init__(self, server: Server, collection: str) -> None:
        self._server = server
        self.collection = f"{collection}_words"

    def create(self) -> None:
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("passages", DataType.INT64)
        schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)  # no collection is without a vector
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index("nothing", index_type="FLAT", metric_type="L2")
        self._server.create(self.collection, schema, indexes)

    def get(self, ids: Iterable[int], timeout: float | None = None) -> Counts:
        """Counts by id; of what was never counted none."""
        wanted, found = sorted(set(ids)), Counter[int]()
        for first in range(0, len(wanted), ROWS_AT_ONCE):
            rows = self._server.call(
                "query",
                self.collection,
                filter=f"id in {wanted[first : first + ROWS_AT_ONCE]}",
                output_fields=["id", "passages"],
                consistency_level="Strong",
                timeout=timeout,
            )
            found.update({int(row["id"]): int(row["passages"]) for row in rows})
        return found

    def add(self, change: Counts) -> None:
        """Add these, which may be negative. Only for the one writer."""
        changed = [id for id, many in change.items() if many]
        before = self.get(changed, WRITE_S)
        self._put({id: max(before[id] + change[id], 0) for id in changed})

    def follow(self, change: Counts, drift: float) -> tuple[Averages, bool]:
        """The averages to weigh passages with, once `change` is added, and whether they are others than before; then a
        change has begun."""
        known = self.get([*WEIGHED, *WEIGHED.values()], WRITE_S)
        soon = Counter({id: known[id] + change[id] for id in WEIGHED})
        now, before = _averages(soon), _averages(Counter({id: known[at] for id, at in WEIGHED.items()}))
        if all(_near(now[field], before[field], drift) for field in FIELDS):
            return before, False
        self._put({UNDER_WAY: 1, **{at: soon[id] for id, at in WEIGHED.items()}})
        return now, True

    def begin(self) -> None:
        """From now on until `end` the counts may differ from the passages."""
        self._put({UNDER_WAY: 1})

    def end(self) -> None:
        self._put({UNDER_WAY: 0})

    def doubtful(self) -> bool:
        """Whether a change began and never ended."""
        return bool(self.get([UNDER_WAY], WRITE_S)[UNDER_WAY])

    def recount(self, rows: Iterable[dict[str, Any]]) -> None:
        """Count anew what all stored passages hold."""
        counts = Counter[int]()
        for row in rows:
            counts.update(of_row(row))
        kept = [UNDER_WAY, *WEIGHED.values()]
        self._server.call("delete", self.collection, filter=f"id not in {kept}", timeout=WRITE_S)
        self._put(counts)

    def question(self, query: str) -> Sparse:
        """The sparse vector of a question: how rare its words are, times how often it says them; empty for none."""
        terms = query_terms(query)
        places, having, frequency = self._known(terms)
        all_of_them = having[PASSAGES]
        return {
            at: repeats * math.log(1 + (max(all_of_them - having[at], 0) + 0.5) / (having[at] + 0.5))
            for term, repeats in rarest(terms, frequency).items()
            for at in places[term].values()
            if having[at]
        }

    def shares(self, query: str) -> list[tuple[set[int], float]]:
        """For each word of a question the dimensions that stand for it, and how much of the question it is."""
        terms = query_terms(query)
        places, having, frequency = self._known(terms)
        return [(set(places[term].values()), part) for term, part in shares(terms, frequency, having[PASSAGES]).items()]

    def _known(self, terms: Iterable[str]) -> tuple[dict[str, dict[str, int]], Counts, dict[str, int]]:
        """Of each term its dimensions by field, how many passages those have, and the most that one of them has."""
        places = {term: {field: dimension(field, term) for field in FIELD_WEIGHTS} for term in terms}
        having = self.get([PASSAGES, *(at for fields in places.values() for at in fields.values())])
        return places, having, {term: max(having[at] for at in fields.values()) for term, fields in places.items()}

    def _put(self, counts: dict[int, int]) -> None:
        rows = [{"id": id, "passages": many, "nothing": [0.0, 0.0]} for id, many in counts.items()]
        for first in range(0, len(rows), ROWS_AT_ONCE):
            self._server.call("upsert", self.collection, rows[first : first + ROWS_AT_ONCE], timeout=WRITE_S)


def _near(now: float, before: float, drift: float) -> bool:
    return now == before or (before > 0 and abs(now - before) <= drift * max(before, 1))


def _averages(counts: Counts) -> Averages:
    return {field: counts[id] / max(counts[PASSAGES], 1) for field, id in LENGTHS.items()}


def difference(after: Sequence[Counts], before: Sequence[Counts]) -> Counts:
    """What the counts gain when rows are replaced."""
    gained = Counter[int]()
    for counts in after:
        gained.update(counts)
    for counts in before:
        gained.subtract(counts)
    return gained
