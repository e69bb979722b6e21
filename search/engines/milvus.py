"""The served engine: dense vectors and words in a Milvus, which may be a cluster that many machines share.

Each build is a collection of its own, `NAME_g7` (and `NAME_g7_words`, see milvus_words); the alias NAME says which one
is current, and switching it is one step. What a collection was made with stands in its properties. A server that knows
no sparse vectors holds the dense half alone; the words are then in a tantivy index in a local folder, under the same
number.

There is one writer at a time because whoever opens one brings a lock; Milvus itself would let two write.
"""

import json
import logging
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from search.engines.base import (
    COSINE_DECIMALS,
    FIELD_WEIGHTS,
    EngineState,
    Hit,
    Hits,
    Ids,
    IndexedPassage,
    Stored,
    Vectors,
    best,
    latest,
    query_vector,
)
from search.engines.layout import REBUILD
from search.engines.local_words import LocalWords
from search.engines.milvus_server import WRITE_S, Address, CollectionGone, Server
from search.engines.milvus_words import (
    WRITING,
    WRITTEN,
    Averages,
    Counted,
    Counts,
    WordCounts,
    difference,
    of_row,
    row_of,
    weighed_anew,
    weighed_with,
)
from search.errors import IndexMismatch, SearchError

log = logging.getLogger(__name__)

# Grows when fields or weights change in a way that old collections do not fit.
SCHEMA = 2
PROPERTY = "precedent.made_with"
# Milvus answers no search with more.
MOST_HITS = 16_384
IDS_AT_ONCE = 10_000
ROWS_AT_ONCE = 500
# Readers do not wait for what is just being written ("Bounded"): a search that does ("Strong") takes 200 ms, not 5.
SEEN_WITHIN_S = 15.0
# A writer that wrote so much asks the server to make files of it; a single edit does not.
SEAL_ROWS = 1_000
# How long a reader trusts what it knows of the alias.
LOOK_AGAIN_S = 1.0
# Parameters of the approximate indexes that `?index=` may name; FLAT is exact.
BUILD = {"HNSW": {"M": 16, "efConstruction": 200}, "IVF_FLAT": {"nlist": 1024}, "IVF_SQ8": {"nlist": 1024}}
LENGTH_FIELDS = [f"{field}_length" for field in FIELD_WEIGHTS]
AVERAGE_FIELDS = [f"{field}_average" for field in FIELD_WEIGHTS]

Result = TypeVar("Result")


class Lock(Protocol):
    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Made:
    """What the current collection is, and what it was made with."""

    collection: str
    generation: int
    fingerprint: str
    dimension: int
    keywords: str


class MilvusEngine:
    """See `search.engines.base.Engine` for the promise; filters are exact with the index type FLAT."""

    def __init__(
        self, address: Address, folder: Path, fingerprint: str, dimension: int, *, lock: Lock | None = None
    ) -> None:
        """The index at `address`; with a lock, which it releases when closed, the one that may write to it.

        `folder` is for words that the server cannot hold. A reader connects when it is first asked. A writer creates
        what is missing, and raises IndexMismatch for an index of another model, dimension or layout.
        """
        self.address = address
        self.folder = folder
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._server = Server(address)
        self._lock = lock
        self._looking = threading.Lock()
        self._made: Made | None = None
        self._looked_at = -LOOK_AGAIN_S
        self._words: LocalWords | None = None
        self._own: Made | None = None
        self._unsettled = 0
        if lock is None:
            return
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def upsert(self, passages: Sequence[IndexedPassage]) -> None:
        chosen, stacked = latest(passages, self.dimension)
        made = self._writing()
        for first in range(0, len(chosen), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            self._put(made, chosen[part], stacked[part])

    def _put(self, made: Made, passages: list[IndexedPassage], vectors: Vectors) -> None:
        rows: list[dict[str, Any]] = [
            {"id": passage.id, "entry_id": passage.entry_id, "vector": vector}
            for passage, vector in zip(passages, vectors, strict=True)
        ]
        if self._words is not None:
            # The words first: a passage that only they have is missing, and one that only Milvus has is too.
            self._words.write(passages, [])
            self._upsert(made, rows)
            return
        counts = WordCounts(self._server, made.collection)
        counted = [Counted(passage) for passage in passages]
        before = self._counted(made, [passage.id for passage in passages])
        change = difference([own.counts() for own in counted], before)
        counts.begin()
        averages = self._weighing(made, counts, change)
        for row, own in zip(rows, counted, strict=True):
            row |= row_of(averages, own)
        self._upsert(made, rows)
        counts.add(change)
        counts.end()

    def _weighing(self, made: Made, counts: WordCounts, change: Counts) -> Averages:
        """What to weigh passages with once the counts change so; where that moves, those stored are weighed anew."""
        averages, moved = counts.follow(change, WRITING)
        if moved:
            self._weigh(made, averages)
        return averages

    def _weigh(self, made: Made, averages: Averages) -> None:
        """Weigh what is stored with these averages, where that was done with others."""
        output = ["id", "entry_id", "vector", "words", *LENGTH_FIELDS, *AVERAGE_FIELDS]
        for rows in self._pages(made, output, ROWS_AT_ONCE):
            if others := [weighed_anew(row, averages) for row in rows if weighed_with(row) != averages]:
                self._upsert(made, others)

    def _upsert(self, made: Made, rows: list[dict[str, Any]]) -> None:
        self._server.call("upsert", made.collection, rows, timeout=WRITE_S)
        self._unsettled += len(rows)

    def delete(self, ids: Iterable[int]) -> None:
        gone = sorted({int(id) for id in ids if id > 0})
        made = self._writing()
        for first in range(0, len(gone), ROWS_AT_ONCE):
            part = gone[first : first + ROWS_AT_ONCE]
            if self._words is not None:
                self._words.write([], part)
                self._server.call("delete", made.collection, ids=part, timeout=WRITE_S)
                continue
            counts = WordCounts(self._server, made.collection)
            change = difference([], self._counted(made, part))
            counts.begin()
            self._weighing(made, counts, change)
            self._server.call("delete", made.collection, ids=part, timeout=WRITE_S)
            self._unsettled += len(part)
            counts.add(change)
            counts.end()

    def keyword(self, query: str, filter: Ids | None, k: int) -> Hits:
        if k < 1 or (filter is not None and not len(filter)) or not query.strip():
            return Hits.none()

        def ask(made: Made) -> Hits:
            if self._words is not None:
                self._words.refresh()
                return self._words.keyword(query, filter, k)
            question = WordCounts(self._server, made.collection).question(query)
            return self._best(made, "words", question, filter, k, None) if question else Hits.none()

        return self._ask(ask, Hits.none(), words=True)

    def keyword_scores(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        if not len(ids):
            return {}

        def ask(made: Made) -> dict[int, float]:
            if self._words is not None:
                self._words.refresh()
                return self._words.keyword_scores(query, ids)
            question = WordCounts(self._server, made.collection).question(query)
            if not question:
                return {}
            wanted = sorted({int(id) for id in ids})
            found: dict[int, float] = {}
            for first in range(0, len(wanted), IDS_AT_ONCE):
                part = wanted[first : first + IDS_AT_ONCE]
                hits = self._search(made, "words", question, f"id in {part}", len(part))
                found |= {hit.id: hit.score for hit in hits}
            return found

        return self._ask(ask, {}, words=True)

    def coverage(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        wanted = sorted({int(id) for id in ids})

        def ask(made: Made) -> dict[int, float]:
            if self._words is not None:
                self._words.refresh()
                return self._words.coverage(query, wanted)
            parts = WordCounts(self._server, made.collection).shares(query)
            if not parts:
                return {}
            rows = self._rows(made, "id", wanted, ["id", "words"], IDS_AT_ONCE)
            having = {int(row["id"]): {int(at) for at in row["words"]} for row in rows}
            found = {id: sum(part for places, part in parts if places & words) for id, words in having.items()}
            return {id: part for id, part in found.items() if part}

        return self._ask(ask, {}, words=True) if wanted else {}

    def nearest(self, vector: Vectors, filter: Ids | None, k: int) -> Hits:
        vector = query_vector(vector, self.dimension)
        if k < 1 or (filter is not None and not len(filter)):
            return Hits.none()
        return self._ask(
            lambda made: self._best(made, "vector", vector, filter, k, COSINE_DECIMALS), Hits.none(), same_model=True
        )

    def vectors(self, ids: Sequence[int] | Ids) -> Stored:
        wanted, nothing = sorted({int(id) for id in ids}), Stored.of({}, self.dimension)

        def ask(made: Made) -> Stored:
            rows = self._rows(made, "id", wanted, ["id", "vector"], ROWS_AT_ONCE)
            return Stored.of({int(row["id"]): row["vector"] for row in rows}, self.dimension)

        return self._ask(ask, nothing, same_model=True) if wanted else nothing

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        wanted = sorted({int(id) for id in entry_ids})
        if not wanted:
            return []

        def ask(made: Made) -> list[int]:
            found = {int(row["id"]) for row in self._rows(made, "entry_id", wanted, ["id"], ROWS_AT_ONCE)}
            return sorted(found.union(self._words.passages_of(wanted) if self._words is not None else ()))

        return self._ask(ask, [])

    def state(self) -> EngineState:
        nothing = np.empty(0, np.int64)
        self._look(again=True)

        def ask(made: Made) -> EngineState:
            rows = [(int(row["id"]), int(row["entry_id"])) for row in self._all(made, ["id", "entry_id"])]
            held = np.array(sorted(rows), np.int64).reshape(-1, 2)
            ids, entry_ids = held[:, 0], held[:, 1]
            if self._words is None:
                return EngineState(ids, entry_ids, ids, ids, made.fingerprint, made.generation)
            keyword_ids, _ = self._words.contents()
            both = np.isin(ids, keyword_ids)
            return EngineState(ids[both], entry_ids[both], keyword_ids, ids, made.fingerprint, made.generation)

        return self._ask(ask, EngineState(nothing, nothing, nothing, nothing, self.fingerprint, 0))

    def check(self) -> None:
        """That words which are kept locally are whole, and that those in Milvus were counted to the end."""

        def ask(made: Made) -> None:
            if self._words is not None:
                self._words.check()
            elif self._lock is None and WordCounts(self._server, made.collection).doubtful():
                raise IndexMismatch(f"the words in {self.address} were not counted to the end: {REBUILD}")

        self._ask(ask, None)

    def refresh(self) -> None:
        self._look(again=True)

    def steady(self) -> AbstractContextManager[None]:
        """Nothing: the server is asked each time, and knows."""
        return nullcontext()

    def made_with(self) -> Made | None:
        """What the current index was made with, None where there is none."""
        return self._look()

    def close(self) -> None:
        try:
            if self._unsettled:
                self._settle()
        except SearchError as error:
            log.warning("words are weighed as they were for now: %s", error)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        try:
            if self._words is not None:
                self._words.close()
                self._words = None
        finally:
            self._server.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def forget(self) -> None:
        """Drop all collections that are this index, or were."""
        generations = self._generations()
        if generations:
            with suppress(CollectionGone):
                self._server.call("drop_alias", self.address.collection, timeout=WRITE_S)
        for names in generations.values():
            for name in names:
                self._server.call("drop_collection", name, timeout=WRITE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "MilvusEngine":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure:  # there is more to write: whoever does that settles it
            self._unsettled = 0
        self.close()

    @classmethod
    @contextmanager
    def rebuild(
        cls, address: Address, folder: Path, fingerprint: str, dimension: int, *, lock: Lock
    ) -> Iterator["MilvusEngine"]:
        """An empty index to fill beside the one in use; readers see it when the block ends, not when it raises."""
        fresh = cls(address, folder, fingerprint, dimension)
        fresh._lock = lock
        try:
            fresh._own = made = fresh._create(fresh._next_generation())
            fresh._use(made)
            try:
                yield fresh
            except BaseException:
                fresh._drop(made.collection)
                raise
            fresh._settle()
            fresh._wait_until_seen(made)
            fresh._point_at(made)
            fresh._sweep(made)
        finally:
            fresh.close()

    def _prepare(self) -> None:
        made = self._look(again=True)
        if made is None:
            made = self._create(self._next_generation())
            self._point_at(made)
            self._use(made)
        self._require(made)
        self._sweep(made)
        if self._words is None and (counts := WordCounts(self._server, made.collection)).doubtful():
            log.warning("a writer stopped while words were being counted: counting them again")
            counts.recount(self._all(made, ["id", "words", *LENGTH_FIELDS]))
            averages, _ = counts.follow(Counter(), WRITTEN)
            self._weigh(made, averages)
            counts.end()

    def _require(self, made: Made) -> None:
        if (made.fingerprint, made.dimension) != (self.fingerprint, self.dimension):
            raise IndexMismatch(
                f"the index was made with model {made.fingerprint} ({made.dimension} dimensions), "
                f"the model in use is {self.fingerprint} ({self.dimension} dimensions): {REBUILD}"
            )

    def _writing(self) -> Made:
        if self._lock is None:
            raise SearchError("this engine was opened for reading")
        made = self._own or self._look()
        if made is None:
            raise IndexMismatch(f"the index in {self.address} is gone: {REBUILD}")
        return made

    def _look(self, again: bool = False) -> Made | None:
        """The index that is current, looked up anew at most once a second, or now."""
        if self._own is not None:
            return self._own
        with self._looking:
            if again or time.monotonic() - self._looked_at >= LOOK_AGAIN_S:
                self._use(self._described())
                self._looked_at = time.monotonic()
            return self._made

    def _described(self) -> Made | None:
        try:
            told = self._server.call("describe_collection", self.address.collection)
        except CollectionGone:
            return None
        name = told["collection_name"]
        try:
            # Some servers keep a collection's properties, some its description.
            values = json.loads(told.get("properties", {}).get(PROPERTY) or told.get("description") or "")
            schema, generation = int(values["schema"]), int(values["generation"])
            made = Made(name, generation, values["fingerprint"], int(values["dimension"]), values["keywords"])
        except (ValueError, KeyError, TypeError) as error:
            raise IndexMismatch(f"{name} in {self.address} was not made by Precedent: {REBUILD}") from error
        if schema != SCHEMA:
            raise IndexMismatch(f"{name} has layout {schema}, this version reads layout {SCHEMA}: {REBUILD}")
        return made

    def _use(self, made: Made | None) -> None:
        """Ask this one from now on; words that are kept locally are opened with it."""
        if made == self._made and (made is None or made.keywords != "local" or self._words is not None):
            return
        words, self._words = self._words, None
        if words is not None:
            words.close()
        if made is not None and made.keywords == "local":
            try:
                self._words = LocalWords(self.folder, made.generation, writable=self._lock is not None)
            except FileNotFoundError as error:
                raise IndexMismatch(f"the words of {made.collection} are not in {self.folder}: {REBUILD}") from error
        self._made = made

    def _open_words(self) -> bool:
        """Whether there are words in the folder to search without the server; those are opened."""
        with self._looking:
            numbers = [int(path.name.split("-")[1]) for path in self.folder.glob("words-*")]
            if self._words is None and numbers:
                self._use(Made("", max(numbers), self.fingerprint, self.dimension, "local"))
            return self._words is not None

    def _ask(
        self,
        ask: Callable[[Made], Result],
        empty: Result,
        *,
        words: bool = False,
        same_model: bool = False,
    ) -> Result:
        """The answer of the current index; of the next one where a rebuild has just replaced it."""
        for again in (False, True):
            try:
                made = self._look(again=again)
            except SearchError:
                if not words or not self._open_words():
                    raise
                made = self._made  # the server is gone, and the words are here
            if made is None:
                return empty
            if same_model:
                self._require(made)
            try:
                return ask(made)
            except (CollectionGone, FileNotFoundError):
                if again:
                    raise
        raise AssertionError("unreachable")

    def _best(self, made: Made, field: str, question: Any, filter: Ids | None, k: int, decimals: int | None) -> Hits:
        """The `k` best inside the filter, ties by id."""
        if filter is None:
            return _first(self._deep(made, field, question, "", k, decimals), k)
        found: list[Hit] = []
        for first in range(0, len(filter), IDS_AT_ONCE):
            chosen = f"entry_id in {filter[first : first + IDS_AT_ONCE].tolist()}"
            found += self._deep(made, field, question, chosen, k, decimals)
        return _first(found, k)

    def _deep(self, made: Made, field: str, question: Any, chosen: str, k: int, decimals: int | None) -> list[Hit]:
        wanted = k
        while True:
            # One more than wanted shows whether the last place is shared; ids decide such ties, so fetch them all.
            hits = self._search(made, field, question, chosen, min(wanted + 1, MOST_HITS))
            if decimals is not None:
                hits = [hit._replace(score=round(hit.score, decimals)) for hit in hits]
            if len(hits) <= wanted or hits[-1].score < hits[k - 1].score or wanted + 1 >= MOST_HITS:
                return hits
            wanted *= 2

    def _search(self, made: Made, field: str, question: Any, chosen: str, limit: int) -> list[Hit]:
        (found,) = self._server.call(
            "search",
            made.collection,
            data=[question],
            anns_field=field,
            filter=chosen,
            limit=limit,
            output_fields=["entry_id"],
            search_params=_effort(self.address.index, limit) if field == "vector" else {},
            consistency_level="Strong" if self._lock is not None else "Bounded",
        )
        # COSINE and IP are higher when better in every Milvus; a passage without any of the words has no product.
        hits = [Hit(int(hit["id"]), int(hit["entity"]["entry_id"]), float(hit["distance"])) for hit in found]
        return hits if field == "vector" else [hit for hit in hits if hit.score > 0]

    def _rows(
        self, made: Made, field: str, values: list[int], output: list[str], at_once: int
    ) -> Iterator[dict[str, Any]]:
        for first in range(0, len(values), at_once):
            yield from self._server.call(
                "query",
                made.collection,
                filter=f"{field} in {values[first : first + at_once]}",
                output_fields=output,
                consistency_level="Strong",
                timeout=None if self._lock is None else WRITE_S,
            )

    def _all(self, made: Made, output: list[str]) -> Iterator[dict[str, Any]]:
        for rows in self._pages(made, output, IDS_AT_ONCE):
            yield from rows

    def _pages(self, made: Made, output: list[str], at_once: int) -> Iterator[list[dict[str, Any]]]:
        """All that is stored, so many rows at a time."""
        return self._server.pages(
            made.collection,
            batch_size=at_once,
            filter="id > 0",
            output_fields=output,
            consistency_level="Strong",
            timeout=WRITE_S,
        )

    def _counted(self, made: Made, ids: list[int]) -> list[Counter[int]]:
        rows = self._rows(made, "id", ids, ["id", "words", *LENGTH_FIELDS], ROWS_AT_ONCE)
        return [of_row(row) for row in rows]

    def _next_generation(self) -> int:
        return max(self._generations(), default=0) + 1

    def _generations(self) -> dict[int, list[str]]:
        """Collections of ours, by number, those included that a killed build left."""
        pattern = re.compile(rf"{re.escape(self.address.collection)}_g(\d+)(_words)?")
        found: dict[int, list[str]] = {}
        for name in self._server.call("list_collections"):
            if match := pattern.fullmatch(name):
                found.setdefault(int(match[1]), []).append(name)
        return found

    def _create(self, generation: int) -> Made:
        """A new, empty collection with its indexes, loaded."""
        keywords = self.address.keywords or ("server" if self._server.has_sparse else "local")
        name = f"{self.address.collection}_g{generation}"
        made = Made(name, generation, self.fingerprint, self.dimension, keywords)
        told = json.dumps(
            {
                "schema": SCHEMA,
                "generation": generation,
                "fingerprint": self.fingerprint,
                "dimension": self.dimension,
                "keywords": keywords,
            }
        )
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False, description=told)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("entry_id", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.dimension)
        indexes = MilvusClient.prepare_index_params()
        kind = self.address.index
        indexes.add_index("vector", index_type=kind, metric_type="COSINE", params=BUILD.get(kind, {}))
        if keywords == "server":
            schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
            indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
            for field in LENGTH_FIELDS:
                schema.add_field(field, DataType.INT64)
            for field in AVERAGE_FIELDS:
                schema.add_field(field, DataType.DOUBLE)
            WordCounts(self._server, name).create()
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.folder / f"words-{generation}", ignore_errors=True)
            LocalWords.create(self.folder, generation)
        self._server.create(name, schema, indexes, properties={PROPERTY: told})
        return made

    def _point_at(self, made: Made) -> None:
        """Make this collection the one that readers see, in one step."""
        alias = {"collection_name": made.collection, "alias": self.address.collection}
        try:
            self._server.call("describe_collection", self.address.collection)
        except CollectionGone:
            self._server.call("create_alias", timeout=WRITE_S, **alias)
        else:
            self._server.call("alter_alias", timeout=WRITE_S, **alias)

    def _settle(self) -> None:
        """Weigh everything with the averages that there are now that all is written, and seal what is much."""
        made = self._own or self._made
        if made is None:
            return
        counts = WordCounts(self._server, made.collection)
        if self._words is None and not counts.doubtful():
            averages, moved = counts.follow(Counter(), WRITTEN)
            if moved:
                self._weigh(made, averages)
                counts.end()
        if self._unsettled >= SEAL_ROWS:
            self._seal(made)
        self._unsettled = 0

    def _seal(self, made: Made) -> None:
        """Let the server make files and indexes of what it has in memory, which is searched row by row until then. It
        would by itself, sooner or later; whether it does now is no matter of what is found."""
        try:
            self._server.call("flush", made.collection, timeout=WRITE_S)
        except SearchError as error:
            log.warning("what was written stays in the server's memory for now: %s", error)

    def _wait_until_seen(self, made: Made) -> None:
        """Until readers would find all that was written, which in a real Milvus takes a moment."""

        def many(consistency: str) -> int:
            asked: dict[str, Any] = {"filter": "", "output_fields": ["count(*)"], "consistency_level": consistency}
            return int(self._server.call("query", made.collection, timeout=WRITE_S, **asked)[0]["count(*)"])

        written, until = many("Strong"), time.monotonic() + SEEN_WITHIN_S
        while many("Bounded") < written and time.monotonic() < until:
            time.sleep(0.05)

    def _sweep(self, made: Made) -> None:
        """Drop what other builds have left."""
        for generation, names in self._generations().items():
            if generation != made.generation:
                for name in names:
                    self._server.call("drop_collection", name, timeout=WRITE_S)
        for path in self.folder.glob("words-*"):
            if path.name != f"words-{made.generation}":
                shutil.rmtree(path, ignore_errors=True)

    def _drop(self, collection: str) -> None:
        """Take back a build that failed; what cannot be dropped now is swept by the next writer."""
        self._unsettled = 0
        try:
            for name in (collection, f"{collection}_words"):
                self._server.call("drop_collection", name, timeout=WRITE_S)
        except SearchError as error:
            log.warning("the unfinished build %s is still there: %s", collection, error)


def _first(hits: list[Hit], k: int) -> Hits:
    ids = np.array([hit.id for hit in hits], np.int64)
    entry_ids = np.array([hit.entry_id for hit in hits], np.int64)
    return best(ids, entry_ids, np.array([hit.score for hit in hits], np.float64), k)


def _effort(index: str, limit: int) -> dict[str, Any]:
    """How hard an approximate index looks."""
    if index == "HNSW":
        return {"params": {"ef": max(limit, 256)}}
    return {"params": {"nprobe": 64}} if index.startswith("IVF") else {}
