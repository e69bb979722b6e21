"""Whether the index says what the database says: compared id by id, not assumed."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from django.db.models import F, QuerySet

from kb.models import Entry
from search import index
from search.engines.base import Ids
from search.errors import IndexMismatch, SearchError, SemanticUnavailable
from search.models import Embedding, Indexing, Passage
from search.passages import pieces

SHOWN_IDS = 20


@dataclass
class Report:
    """What was counted and every disagreement. Ids are passage ids, except where a name says entries."""

    entries: int = 0
    passages: int = 0
    embeddings: int = 0
    in_keyword_index: int = 0
    in_vector_index: int = 0
    model: str = ""
    pending_entries: list[int] = field(default_factory=list)
    failed_entries: dict[int, str] = field(default_factory=dict)
    unknown_entries: list[int] = field(default_factory=list)
    stale_entries: list[int] = field(default_factory=list)
    missing_embeddings: list[str] = field(default_factory=list)
    missing_from_keyword: list[int] = field(default_factory=list)
    missing_from_vector: list[int] = field(default_factory=list)
    extra_in_keyword: list[int] = field(default_factory=list)
    extra_in_vector: list[int] = field(default_factory=list)
    error: str = ""

    PROBLEMS = {
        "failed_entries": "entries cannot be indexed",
        "unknown_entries": "entries were never noted for indexing",
        "stale_entries": "entries say something else than their passages, and nothing is pending for them",
        "missing_embeddings": "passages have no embedding",
        "missing_from_keyword": "passages are missing from the keyword index",
        "missing_from_vector": "passages are missing from the vector index",
        "extra_in_keyword": "passages in the keyword index are not in the database",
        "extra_in_vector": "passages in the vector index are not in the database",
    }

    def problems(self) -> list[str]:
        """One sentence per kind of disagreement; nothing when all is well. Entries that wait are not a disagreement."""
        found = [self.error] if self.error else []
        for name, sentence in self.PROBLEMS.items():
            value = getattr(self, name)
            if value:
                shown = ", ".join(map(str, list(value)[:SHOWN_IDS]))
                found.append(f"{len(value)} {sentence}: {shown}{' …' if len(value) > SHOWN_IDS else ''}")
        return found

    def as_json(self) -> dict[str, Any]:
        return {"ok": not self.problems(), "problems": self.problems(), **asdict(self)}


def examine() -> Report:
    """Compare database, passages, embeddings and both halves of the index.

    What belongs to an entry that is waiting to be indexed is expected to differ and is not counted as wrong.
    """
    report = Report(entries=Entry.objects.count(), passages=Passage.objects.count())
    try:
        report.model = index.chosen().fingerprint
    except SemanticUnavailable as error:
        report.error = str(error)
    workable = Indexing.objects.workable().values("pk")
    report.pending_entries = sorted(workable.values_list("pk", flat=True))
    report.failed_entries = dict(Indexing.objects.pending().exclude(pk__in=workable).values_list("pk", "error"))
    report.unknown_entries = _unknown()
    settled = Passage.objects.exclude(entry__in=Indexing.objects.pending().values("pk"))
    report.stale_entries = _stale()
    if report.model:
        report.embeddings = Embedding.objects.filter(fingerprint=report.model).count()
        report.missing_embeddings = sorted(set(_without_embedding(report.model).values_list("text_hash", flat=True)))
    _compare_index(report, settled)
    return report


def reconcile() -> int:
    """Note every entry that `examine` would name, so that indexing mends it or tries again; how many.

    Raises IndexMismatch when the index as a whole is unusable and has to be rebuilt.
    """
    ids = np.fromiter(Passage.objects.order_by("pk").values_list("pk", flat=True), np.int64)
    index.reader().check()
    state = index.reader().state()
    if state.fingerprint != index.chosen().fingerprint:
        raise IndexMismatch(f"the index was made with {state.fingerprint}")
    torn = np.setdiff1d(np.union1d(state.keyword_ids, state.vector_ids), np.union1d(ids, state.ids))
    if torn.size:
        raise IndexMismatch(f"{torn.size} passages that are not in the database are in one half of the index alone")
    lacking = np.setdiff1d(ids, state.ids)
    wrong = {*_unknown(), *_stale(), *_without_embedding(state.fingerprint).values_list("entry_id", flat=True)}
    for first in range(0, len(lacking), 500):
        chunk = lacking[first : first + 500].tolist()
        wrong |= set(Passage.objects.filter(pk__in=chunk).values_list("entry_id", flat=True))
    wrong |= set(state.entry_ids[~np.isin(state.ids, ids)].tolist())
    workable = set(Indexing.objects.workable().values_list("pk", flat=True))
    wrong = (wrong | set(Indexing.objects.pending().values_list("pk", flat=True))) - workable
    Indexing.objects.want(wrong)
    return len(wrong)


def summary() -> dict[str, Any]:
    """What the status page says of the index, cheap enough for every request."""
    return {
        "pending": Indexing.objects.pending().count(),
        "passages": Passage.objects.count(),
        "embeddings": Embedding.objects.count(),
        "model": index.fingerprint() or "not available",
    }


def _unknown() -> list[int]:
    known = Indexing.objects.values("pk")
    return list(Entry.objects.exclude(pk__in=known).order_by("pk").values_list("pk", flat=True))


def _stale() -> list[int]:
    """Entries that count as indexed and say something else than their passages."""
    settled = Indexing.objects.filter(wanted=F("indexed")).values("pk")
    entries = Entry.objects.filter(pk__in=settled).prefetch_related("references", "passages").order_by("pk")
    found = []
    for entry in entries.iterator(chunk_size=200):
        stored = {(row.source, row.reference_id, row.start, row.end, row.text_hash) for row in entry.passages.all()}
        wanted = {(p.source, p.reference_id, p.start, p.end, p.text_hash) for p in pieces(entry)}
        if stored != wanted:
            found.append(entry.pk)
    return found


def _without_embedding(fingerprint: str) -> "QuerySet[Passage]":
    known = Embedding.objects.filter(fingerprint=fingerprint).values("text_hash")
    return Passage.objects.exclude(entry__in=Indexing.objects.pending().values("pk")).exclude(text_hash__in=known)


def _compare_index(report: Report, settled: Any) -> None:
    try:
        index.reader().check()
        state = index.reader().state()
    except SearchError as error:
        report.error = report.error or str(error)
        return
    report.in_keyword_index, report.in_vector_index = len(state.keyword_ids), len(state.vector_ids)
    if report.model and state.fingerprint != report.model:
        report.error = (
            f"The index was made with {state.fingerprint}, the model in use is {report.model}: "
            "run manage.py reindex --rebuild"
        )
        return
    must = np.fromiter(settled.order_by("pk").values_list("pk", flat=True), np.int64)
    may = np.fromiter(Passage.objects.order_by("pk").values_list("pk", flat=True), np.int64)
    unsettled = {*report.pending_entries, *report.failed_entries}
    report.missing_from_keyword = np.setdiff1d(must, state.keyword_ids).tolist()
    report.missing_from_vector = np.setdiff1d(must, state.vector_ids).tolist()
    owner = dict(zip(state.ids.tolist(), state.entry_ids.tolist(), strict=True))
    report.extra_in_keyword = _extra(state.keyword_ids, may, owner, unsettled)
    report.extra_in_vector = _extra(state.vector_ids, may, owner, unsettled)


def _extra(held: Ids, may: Ids, owner: dict[int, int], unsettled: set[int]) -> list[int]:
    return [id for id in np.setdiff1d(held, may).tolist() if owner.get(id) not in unsettled]
