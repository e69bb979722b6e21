"""Measure search on a judged collection, along the very path of the product: passages, engine, fusion, grouping."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from search.beir import CollectionError, Document, documents, judgements, queries
from search.candidates import Candidates, gather
from search.chunking import Span, passages
from search.encoder import Encoder
from search.engines import stores
from search.engines.base import Engine, IndexedPassage
from search.fusion import BY_MODE
from search.metrics import ndcg, recall
from search.progress import Told
from search.ranking import RankedEntry
from search.reranker import Reranker, reranked
from search.text import embedded_text, read_text
from search.variants import BY_MODES, OPTIONS, Order

# Passages encoded and indexed at a time: enough that sorting by length pays, little enough to hold in memory.
BATCH = 1024
MEASURES = {"ndcg@10": (ndcg, 10), "recall@10": (recall, 10), "recall@100": (recall, 100)}
DEPTH = max(k for _, k in MEASURES.values())

Scores = dict[str, dict[str, float]]


@dataclass
class Measurement:
    """What every variant reached for every query of a collection: `values[variant][measure]` has one number for each
    of `queries` (texts by id), in that order. `engine` is where the index was, without a password."""

    name: str
    engine: str
    fingerprint: str
    documents: int
    passages: int
    queries: dict[str, str]
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def means(self) -> Scores:
        """Averages over the queries, by variant and measure."""
        return {
            variant: {name: sum(each) / len(each) for name, each in measured.items()}
            for variant, measured in self.values.items()
        }


def evaluate(
    directory: Path | str,
    encoder: Encoder,
    url: str = "",
    progress: Told | None = None,
) -> Scores:
    """nDCG@10, recall@10 and recall@100 for keyword, vector and hybrid, averaged over the queries with a judged
    relevant document: `{"keyword": {"ndcg@10": …, "recall@10": …, "recall@100": …}, "vector": …, "hybrid": …}`.

    Raises CollectionError naming file and line. Everything is indexed in a scratch folder, or in a scratch collection
    where `url`, that of an index, names a server; it is built and read as that of an instance, and removed.
    """
    return measure(directory, encoder, url, progress).means()


def measure(
    directory: Path | str,
    encoder: Encoder,
    url: str = "",
    progress: Told | None = None,
    *,
    options: bool = False,
    reranker: Reranker | None = None,
) -> Measurement:
    """Like `evaluate`, query by query; with the options of `search.variants`, and with a re-ranker, where asked for."""
    directory, report = Path(directory), progress or (lambda *_: None)
    texts, judged = queries(directory), judgements(directory)
    asked = {id: texts[id] for id in judged if id in texts}
    if not asked:
        raise CollectionError(f"{directory}: no query of queries.jsonl has a relevant document in the judgements")
    encoder.prepare(report)
    with stores.scratch(url) as store:
        read: dict[int, str] = {}
        with store.rebuild(encoder.fingerprint, encoder.dimension, wait=0) as built:
            names = index(built, encoder, documents(directory), report, read if reranker else None)
        engine = store.reader(encoder.fingerprint, encoder.dimension)
        try:
            measured = Measurement(directory.resolve().name, str(store), encoder.fingerprint, len(names), 0, asked)
            measured.passages = len(engine.state().ids)
            orders = {**BY_MODES, **(OPTIONS if options else {})}
            if reranker:
                orders["reranked"] = _reranked_by(reranker, read)
            _search(engine, encoder, names, judged, orders, measured, report)
            return measured
        finally:
            engine.close()


def index(
    engine: Engine, encoder: Encoder, corpus: Iterable[Document], report: Told, read: dict[int, str] | None = None
) -> list[str]:
    """Index every document as one entry; the result names them: entry id 1 is the first.

    `read` is given the text of each passage, as the encoder reads it.
    """
    names: list[str] = []
    done = 0
    rows = _numbered(corpus, names)
    while batch := list(islice(rows, BATCH)):
        texts = [embedded_text(title, text) for _, title, text in batch]
        vectors = encoder.encode(texts)
        engine.upsert(
            [
                IndexedPassage(done + row, entry_id, title, read_text(text), "", vector)
                for row, ((entry_id, title, text), vector) in enumerate(zip(batch, vectors, strict=True), 1)
            ]
        )
        if read is not None:
            read.update(enumerate(texts, done + 1))
        done += len(batch)
        report("index", done, 0)
    return names


def _numbered(corpus: Iterable[Document], names: list[str]) -> Iterator[tuple[int, str, str]]:
    """`(entry id, title, passage)`; a document of nothing but a title is one passage."""
    for document in corpus:
        names.append(document.id)
        for span in passages(document.text) or [Span(0, 0)]:
            yield len(names), document.title, document.text[span.start : span.end]


def _reranked_by(reranker: Reranker, read: Mapping[int, str]) -> Order:
    def order(found: Sequence[Candidates]) -> list[RankedEntry]:
        asked = " ".join(each.query for each in found)
        return reranked(asked, BY_MODES["hybrid"](found), reranker, lambda ids: {id: read[id] for id in ids})

    return order


def _search(
    engine: Engine,
    encoder: Encoder,
    names: list[str],
    judged: Mapping[str, Mapping[str, int]],
    orders: Mapping[str, Order],
    measured: Measurement,
    report: Told,
) -> None:
    """Both halves are asked once for each query, and every variant orders what they found."""
    measured.values = {variant: {name: [] for name in MEASURES} for variant in orders}
    for done, (id, text) in enumerate(measured.queries.items(), 1):
        candidates = gather(text, engine, encoder, None, BY_MODE["hybrid"])
        for variant, order in orders.items():
            found = [names[entry.entry_id - 1] for entry in order(candidates)[:DEPTH]]
            for name, (value, k) in MEASURES.items():
                measured.values[variant][name].append(value(found, judged[id], k))
        report("search", done, len(measured.queries))
