"""Measure search on a judged collection, along the very path of the product: passages, engine, fusion, grouping."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from search.beir import CollectionError, Document, documents, judgements, queries
from search.chunking import Span, passages
from search.encoder import Encoder
from search.engines.base import Engine, IndexedPassage
from search.engines.local import LocalEngine
from search.metrics import ndcg, recall
from search.prepared import Progress
from search.ranking import Mode, rank
from search.text import embedded_text

# Passages encoded and indexed at a time: enough that sorting by length pays, little enough to hold in memory.
BATCH = 1024
MODES: tuple[Mode, ...] = ("keyword", "vector", "hybrid")
MEASURES = {"ndcg@10": (ndcg, 10), "recall@10": (recall, 10), "recall@100": (recall, 100)}
DEPTH = max(k for _, k in MEASURES.values())

Scores = dict[str, dict[str, float]]
EngineFactory = Callable[[Path, Encoder], Engine]


def local_engine(folder: Path, encoder: Encoder) -> Engine:
    """The engine of an instance, in a folder of its own."""
    return LocalEngine(folder, encoder.fingerprint, encoder.dimension, writable=True)


def evaluate(
    directory: Path | str,
    encoder: Encoder,
    engine_factory: EngineFactory = local_engine,
    progress: Progress | None = None,
) -> Scores:
    """nDCG@10, recall@10 and recall@100 for keyword, vector and hybrid, averaged over the queries with a judged
    relevant document: `{"keyword": {"ndcg@10": …, "recall@10": …, "recall@100": …}, "vector": …, "hybrid": …}`.

    Raises CollectionError naming file and line. Everything is indexed in a scratch folder, which is removed.
    """
    directory, report = Path(directory), progress or (lambda *_: None)
    texts, judged = queries(directory), judgements(directory)
    asked = {id: texts[id] for id in judged if id in texts}
    if not asked:
        raise CollectionError(f"{directory}: no query of queries.jsonl has a relevant document in the judgements")
    encoder.prepare(report)
    with tempfile.TemporaryDirectory(prefix="evaluate-") as scratch:
        engine = engine_factory(Path(scratch), encoder)
        try:
            names = index(engine, encoder, documents(directory), report)
            return _measure(engine, encoder, names, asked, judged, report)
        finally:
            engine.close()


def index(engine: Engine, encoder: Encoder, corpus: Iterable[Document], report: Progress) -> list[str]:
    """Index every document as one entry; the result names them: entry id 1 is the first."""
    names: list[str] = []
    done = 0
    rows = _numbered(corpus, names)
    while batch := list(islice(rows, BATCH)):
        vectors = encoder.encode([embedded_text(title, text) for _, title, text in batch])
        engine.upsert(
            [
                IndexedPassage(done + row, entry_id, title, text, "", vector)
                for row, ((entry_id, title, text), vector) in enumerate(zip(batch, vectors, strict=True), 1)
            ]
        )
        done += len(batch)
        report("index", done, 0)
    return names


def _numbered(corpus: Iterable[Document], names: list[str]) -> Iterator[tuple[int, str, str]]:
    """`(entry id, title, passage)`; a document of nothing but a title is one passage."""
    for document in corpus:
        names.append(document.id)
        for span in passages(document.text) or [Span(0, 0)]:
            yield len(names), document.title, document.text[span.start : span.end]


def _measure(
    engine: Engine,
    encoder: Encoder,
    names: list[str],
    asked: Mapping[str, str],
    judged: Mapping[str, Mapping[str, int]],
    report: Progress,
) -> Scores:
    sums: Scores = {mode: dict.fromkeys(MEASURES, 0.0) for mode in MODES}
    for done, (id, text) in enumerate(asked.items(), 1):
        for mode in MODES:
            ranking = rank(text, engine, encoder, mode=mode, limit=DEPTH)
            found = [names[entry.entry_id - 1] for entry in ranking.entries]
            for name, (measure, k) in MEASURES.items():
                sums[mode][name] += measure(found, judged[id], k)
        report("search", done, len(asked))
    return {mode: {name: total / len(asked) for name, total in scores.items()} for mode, scores in sums.items()}
