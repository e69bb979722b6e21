"""The keyword half of the local engine: a tantivy index, BM25 over title, text and context."""

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from search.analysis import ANALYZER, analyzer, normal, query_terms
from search.engines.base import FIELD_WEIGHTS, Hits, Ids, IndexedPassage, best, rarest, shares
from search.engines.layout import REBUILD, sync_folder
from search.errors import IndexMismatch

HEAP_BYTES = 64_000_000
# An index that nobody reads before it is whole is written in few large segments: each takes time in every search.
UNREAD_HEAP_BYTES = 256_000_000
# A filter of so many entries or fewer is looked up in the index. For a broader one the hits without it are sifted, down
# to so many.
NARROW = 1_000
SIFTED = 6_000
# So many numbers are looked up one by one: a set of them is compared with every number that a segment has.
ONE_BY_ONE = 300
# A segment file ends with a footer in JSON, which holds the CRC-32 of what precedes it, its length, and this number.
FOOTER = struct.Struct("<II")
FOOTER_MAGIC = 1337


def schema() -> tantivy.Schema:
    """Nothing is stored: the database has the text."""
    builder = tantivy.SchemaBuilder()
    for field in FIELD_WEIGHTS:
        builder.add_text_field(field, tokenizer_name=ANALYZER, index_option="freq")
    for field in ("id", "entry_id"):
        builder.add_unsigned_field(field, indexed=True, fast=True)
    return builder.build()


class LocalWords:
    """Any number of processes read; the one that holds the lock opens it writable."""

    def __init__(self, folder: Path, generation: int, *, writable: bool = False, unread: bool = False) -> None:
        """Open a generation. Where it is `unread`, what is written is seen after `settle`.

        Raises FileNotFoundError when it is gone.
        """
        self._folder = path = folder / f"words-{generation}"
        self._meta = path / "meta.json"
        if not self._meta.exists():
            raise FileNotFoundError(self._meta)
        with self._damage_named():
            self._index = tantivy.Index.open(str(path))
            self._index.register_tokenizer(ANALYZER, analyzer())
            self._index.config_reader("manual")  # we reload when meta.json changes; no watching thread
        self._schema = self._index.schema
        self._seen: tuple[int, ...] = ()
        self._unread = unread
        self._writer = self._index.writer(UNREAD_HEAP_BYTES if unread else HEAP_BYTES, 1) if writable else None
        self.refresh()

    @classmethod
    def create(cls, folder: Path, generation: int) -> None:
        """Write the files of a generation that holds nothing yet."""
        path = folder / f"words-{generation}"
        path.mkdir()
        tantivy.Index(schema(), path=str(path))
        sync_folder(path)

    def refresh(self) -> None:
        """Load what was committed since the last time."""
        stat = os.stat(self._meta)
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            with self._damage_named():
                self._index.reload()
                self._searcher = self._index.searcher()
            self._seen = seen

    def keyword(self, query: str, filter: Ids | None, k: int) -> Hits:
        """The `k` best passages inside the filter."""
        searcher = self._searcher
        with self._damage_named(ValueError):
            words = self._query(searcher, query)
            if words is None or k < 1 or (filter is not None and not len(filter)):
                return Hits.none()
            if filter is None:
                return self._first(searcher, words, k)
            if len(filter) > NARROW:
                found = self._sifted(searcher, words, filter, k)
                if found is not None:
                    return found
            return self._first(searcher, self._within(words, "entry_id", filter.tolist()), k)

    def _first(self, searcher: tantivy.Searcher, words: Query, k: int) -> Hits:
        # Some more than wanted, which cost little: ids decide who is last of those with one score, so all of them are
        # fetched, and where passages are alike there are several.
        asked = k + k // 4 + 1
        while True:
            found = searcher.search(words, asked, count=False).hits
            if len(found) < asked or found[-1][0] < found[k - 1][0]:
                return best(*self._arrays(searcher, found), k)
            asked *= 2

    def _sifted(self, searcher: tantivy.Searcher, words: Query, filter: Ids, k: int) -> Hits | None:
        """The same by taking from all hits those inside the filter, which is less work where it keeps much.

        None where it would have to look too far down for that.
        """
        wanted = 2 * k
        while wanted <= SIFTED:
            found = searcher.search(words, wanted, count=False).hits
            ids, entry_ids, scores = self._arrays(searcher, found)
            keep = np.isin(entry_ids, filter)
            # Passages that tie with the last one found may not all be here; those above it are.
            sure = keep if len(found) < wanted else keep & (scores > scores[-1])
            count = int(sure.sum())
            if len(found) < wanted or count >= k:
                return best(ids[sure], entry_ids[sure], scores[sure], k)
            wanted = max(2 * wanted, int(1.2 * k * wanted / max(1, count)))
        return None

    def keyword_scores(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        """The scores of these passages, those without a word of the query left out."""
        searcher = self._searcher
        with self._damage_named(ValueError):
            words = self._query(searcher, query)
            if words is None or not ids:
                return {}
            found = searcher.search(self._within(words, "id", list(ids)), len(ids), count=False).hits
            return dict(zip(self._values(searcher, "id", found), (score for score, _ in found), strict=True))

    def coverage(self, query: str, ids: Sequence[int]) -> dict[int, float]:
        """How much of the query these passages have, those without a word of it left out."""
        searcher = self._searcher
        with self._damage_named(ValueError):
            terms = query_terms(query)
            parts = shares(terms, self._frequency(searcher, terms), searcher.num_docs)
            if not parts or not ids:
                return {}
            words = Query.boolean_query([(Occur.Should, self._having(term, part)) for term, part in parts.items()])
            found = searcher.search(self._within(words, "id", list(ids)), len(ids), count=False).hits
            return dict(zip(self._values(searcher, "id", found), (min(1.0, score) for score, _ in found), strict=True))

    def _having(self, term: str, score: float) -> Query:
        """The word in any field, for the same score wherever and however often."""
        fields = [(Occur.Should, Query.term_query(self._schema, field, term, "basic")) for field in FIELD_WEIGHTS]
        return Query.const_score_query(Query.boolean_query(fields), score)

    def passages_of(self, entry_ids: Sequence[int]) -> list[int]:
        """The passages of these entries."""
        if not entry_ids:
            return []
        searcher = self._searcher
        with self._damage_named(ValueError):
            theirs = Query.const_score_query(Query.term_set_query(self._schema, "entry_id", list(entry_ids)), 0.0)
            many = searcher.search(theirs, 1, count=True).count or 0  # type: ignore[attr-defined]  # not in its stubs
            found = searcher.search(theirs, max(many, 1), count=False).hits
            return self._values(searcher, "id", found[:many])

    def contents(self) -> tuple[Ids, Ids]:
        """Passage ids, sorted, and their entry ids."""
        searcher = self._searcher
        with self._damage_named(ValueError):
            found = searcher.search(Query.all_query(), max(searcher.num_docs, 1), count=False).hits
            ids, entry_ids, _ = self._arrays(searcher, found)
        order = np.argsort(ids)
        return ids[order], entry_ids[order]

    def check(self) -> None:
        """Read every file of the current segments. Raises IndexMismatch for one that is not what was written."""
        for segment in json.loads(self._meta.read_text("utf-8"))["segments"]:
            deletions = f".{(segment['deletes'] or {}).get('opstamp')}.del"
            for path in self._folder.glob(f"{segment['segment_id'].replace('-', '')}.*"):
                if path.suffix == ".del" and not path.name.endswith(deletions):
                    continue  # of another commit: old, or being written
                with contextlib.suppress(FileNotFoundError):  # merged into another segment meanwhile
                    if not _is_whole(path.read_bytes()):
                        raise IndexMismatch(f"{path} is damaged: {REBUILD}")

    def write(self, passages: Sequence[IndexedPassage], deleted: Sequence[int]) -> None:
        """Replace passages and forget others, in one commit, durable on return; but see `settle`."""
        assert self._writer is not None, "opened for reading"
        documents = [self._document(passage) for passage in passages]
        replaced = [*deleted, *(passage.id for passage in passages)]
        try:
            with self._damage_named():
                # Not delete_documents_by_term: it reads a Python int as signed and matches nothing in unsigned fields.
                self._writer.delete_documents_by_query(Query.term_set_query(self._schema, "id", replaced))
                for document in documents:
                    self._writer.add_document(document)
                if not self._unread:
                    self._writer.commit()
        except BaseException as error:
            self._writer.rollback()
            if self._unread:  # and with it what was written before
                raise IndexMismatch(f"the words in {self._folder} could not be written: {error}") from error
            raise
        if not self._unread:
            self.refresh()

    def settle(self) -> None:
        """Make everything that was written durable and seen."""
        assert self._writer is not None, "opened for reading"
        self._writer.commit()
        self.refresh()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    @contextlib.contextmanager
    def _damage_named(self, *others: type[Exception]) -> Iterator[None]:
        """tantivy panics over damaged files, and a panic arrives as a BaseException, which no handler catches."""
        try:
            yield
        except BaseException as error:
            if type(error).__name__ != "PanicException" and not isinstance(error, others):
                raise
            raise IndexMismatch(f"the words in {self._folder} are damaged ({error}): {REBUILD}") from error

    @staticmethod
    def _document(passage: IndexedPassage) -> tantivy.Document:
        document = tantivy.Document()
        for field in FIELD_WEIGHTS:
            document.add_text(field, normal(getattr(passage, field)))
        document.add_unsigned("id", passage.id)
        document.add_unsigned("entry_id", passage.entry_id)
        return document

    def _query(self, searcher: tantivy.Searcher, query: str) -> Query | None:
        """Any of the words, each in any field; None when the index has none of them."""
        terms = query_terms(query)
        frequency = self._frequency(searcher, terms)
        clauses = [
            (Occur.Should, Query.boost_query(Query.term_query(self._schema, field, term, "freq"), repeats * weight))
            for term, repeats in rarest(terms, frequency).items()
            for field, weight in FIELD_WEIGHTS.items()
        ]
        return Query.boolean_query(clauses) if clauses else None

    @staticmethod
    def _frequency(searcher: tantivy.Searcher, terms: Iterable[str]) -> dict[str, int]:
        return {term: max(searcher.doc_freq(field, term) for field in FIELD_WEIGHTS) for term in terms}

    def _within(self, words: Query, field: str, values: list[int]) -> Query:
        if len(values) <= ONE_BY_ONE:
            allowed = Query.boolean_query([(Occur.Should, self._number(field, value)) for value in values])
        else:
            allowed = Query.term_set_query(self._schema, field, values)
        return Query.boolean_query([(Occur.Must, words), (Occur.Must, Query.const_score_query(allowed, 0.0))])

    def _number(self, field: str, value: int) -> Query:
        return Query.term_query(self._schema, field, value, "basic")

    def _arrays(self, searcher: tantivy.Searcher, found: list) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """Passage ids, entry ids and scores of what was found."""
        ids, entry_ids = (np.array(self._values(searcher, field, found), np.int64) for field in ("id", "entry_id"))
        return ids, entry_ids, np.array([score for score, _ in found], np.float64)

    @staticmethod
    def _values(searcher: tantivy.Searcher, field: str, found: list) -> list[int]:
        return cast("list[int]", searcher.fast_field_values(field, [address for _, address in found]))


def _is_whole(content: bytes) -> bool:
    """Whether a segment file's content has the checksum that its footer names."""
    try:
        length, magic = FOOTER.unpack(content[-FOOTER.size :])
        end = len(content) - FOOTER.size - length
        footer = json.loads(content[end : -FOOTER.size])
        return magic == FOOTER_MAGIC and footer["crc"] == zlib.crc32(content[:end])
    except (struct.error, ValueError, KeyError, TypeError):
        return False
