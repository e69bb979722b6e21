"""Whether the index says what the database says: compared id by id, not assumed."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from django.db.models import F, QuerySet

from kb.models import Entry
from kb.models.entries import User
from kb.rights import sees_hidden
from kb.unless_written import unless_written
from search import embeddings, index
from search.engines.base import Engine, Ids, Vectors
from search.errors import IndexMismatch, SearchError, SemanticUnavailable
from search.models import Embedding, Indexing, Passage
from search.passages import pieces

SHOWN_IDS = 20
AT_ONCE = 1000
# An index may keep vectors in fewer bits than the database: the same vector has a cosine of .999 with itself then, and
# the vector of another text or another model far less.
SAME_VECTOR = 0.98
GONE = "The index is gone, and {many} entries were in it: run manage.py reindex (the worker notices within a minute)"


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
    misplaced_passages: list[int] = field(default_factory=list)
    missing_embeddings: list[str] = field(default_factory=list)
    damaged_embeddings: list[str] = field(default_factory=list)
    missing_from_keyword: list[int] = field(default_factory=list)
    missing_from_vector: list[int] = field(default_factory=list)
    extra_in_keyword: list[int] = field(default_factory=list)
    extra_in_vector: list[int] = field(default_factory=list)
    wrong_vectors: list[int] = field(default_factory=list)
    wrong_entries: list[int] = field(default_factory=list)
    error: str = ""

    PROBLEMS = {
        "failed_entries": "entries cannot be indexed",
        "unknown_entries": "entries were never noted for indexing",
        "stale_entries": "entries say something else than their passages, and nothing is pending for them",
        "misplaced_passages": "passages are not what their entries say at that place",
        "missing_embeddings": "passages have no embedding",
        "damaged_embeddings": "embeddings are not vectors of this model",
        "missing_from_keyword": "passages are missing from the keyword index",
        "missing_from_vector": "passages are missing from the vector index",
        "extra_in_keyword": "passages in the keyword index are not in the database",
        "extra_in_vector": "passages in the vector index are not in the database",
        "wrong_vectors": "passages have another vector in the index than in the database",
        "wrong_entries": "passages belong to another entry in the index than in the database",
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


def examine(url: str = "") -> Report:
    """Compare database, passages, embeddings and both halves of the index, or of the one at `url`.

    What belongs to an entry that is waiting to be indexed is expected to differ and is not counted as wrong.
    """
    report = Report(entries=Entry.objects.count(), passages=Passage.objects.count())
    try:
        model = index.chosen()
        report.model = model.fingerprint
    except SemanticUnavailable as error:
        report.error = str(error)
    workable = Indexing.objects.workable().values("pk")
    report.pending_entries = sorted(workable.values_list("pk", flat=True))
    report.failed_entries = dict(Indexing.objects.pending().exclude(pk__in=workable).values_list("pk", "error"))
    report.unknown_entries = _unknown()
    settled = Passage.objects.exclude(entry__in=Indexing.objects.pending().values("pk"))
    report.stale_entries, report.misplaced_passages = _stale()
    if report.model:
        report.embeddings = Embedding.objects.filter(fingerprint=report.model).count()
        report.missing_embeddings = sorted(set(_without_embedding(report.model).values_list("text_hash", flat=True)))
        report.damaged_embeddings = embeddings.damaged(report.model, model.dimension)
    _compare_index(report, settled, url)
    return report


def reconcile(url: str = "") -> int:
    """Note every entry that `examine` would name, so that indexing mends it or tries again; how many.

    Raises IndexMismatch when the index as a whole is unusable and has to be rebuilt.
    """
    model, engine = index.chosen(), index.reader(url)
    engine.refresh()
    engine.check()
    state = engine.state()
    if state.fingerprint != model.fingerprint:
        raise IndexMismatch(f"the index was made with {state.fingerprint}")
    ids = np.fromiter(Passage.objects.order_by("pk").values_list("pk", flat=True), np.int64)
    torn = np.setdiff1d(np.union1d(state.keyword_ids, state.vector_ids), np.union1d(ids, state.ids))
    if torn.size:
        raise IndexMismatch(f"{torn.size} passages that are not in the database are in one half of the index alone")
    embeddings.forget(embeddings.damaged(model.fingerprint, model.dimension), model.fingerprint)
    wrong_vectors, wrong_entries = _unequal(engine, state.ids, state.entry_ids, model.fingerprint)
    stale, misplaced = _stale()
    lacking = [*np.setdiff1d(ids, state.ids).tolist(), *wrong_vectors, *wrong_entries, *misplaced]
    wrong = {*_unknown(), *stale, *_without_embedding(state.fingerprint).values_list("entry_id", flat=True)}
    for first in range(0, len(lacking), AT_ONCE):
        chunk = Passage.objects.filter(pk__in=lacking[first : first + AT_ONCE])
        wrong |= set(chunk.values_list("entry_id", flat=True))
    wrong |= set(state.entry_ids[~np.isin(state.ids, ids)].tolist())
    workable = set(Indexing.objects.workable().values_list("pk", flat=True))
    wrong = (wrong | set(Indexing.objects.pending().values_list("pk", flat=True))) - workable
    Indexing.objects.want(wrong)
    return len(wrong)


def lost() -> int:
    """How many entries were indexed in an index that is gone; 0 while there is one. Cheap while there is one.

    Raises SearchError where that cannot be told, as from a server that does not answer.
    """
    if index.made_with() is not None:
        return 0
    return Indexing.objects.filter(indexed__gt=0).count()


def is_lost() -> bool:
    """Whether the index is gone; not where it cannot be reached, which is told when it is searched."""
    try:
        return lost() > 0
    except SearchError:
        return False


def summary(user: User = None) -> dict[str, Any]:
    """What the status page tells this reader of the index, cheap enough for every request.

    What waits is counted among the entries that the reader may see.
    """
    return {
        "pending": waiting(user),
        "gone": is_lost(),
        "passages": unless_written(("passages", sees_hidden(user)), lambda: _passages(user)),
        "model": index.fingerprint() or "not available",
    }


def _passages(user: User) -> int:
    """How many passages there are of entries that this reader may see; few entries are hidden."""
    hidden = Passage.objects.filter(entry__in=Entry.objects.hidden_from(user))
    return Passage.objects.count() - hidden.count()


def waiting(user: User) -> int:
    """How many of the entries that this reader may see the index has yet to take in."""
    return unless_written(("waiting", sees_hidden(user)), lambda: _waiting(user))


def _waiting(user: User) -> int:
    if not Indexing.objects.pending().exists():
        return 0
    return Entry.objects.visible_to(user).filter(pk__in=Indexing.objects.pending().values("pk")).count()


def waiting_notice(many: int) -> str:
    """What a reader is told of that; nothing where none waits."""
    if not many:
        return ""
    return f"{'1 entry is' if many == 1 else f'{many:,} entries are'} waiting to be indexed."


def _unknown() -> list[int]:
    known = Indexing.objects.values("pk")
    return list(Entry.objects.exclude(pk__in=known).order_by("pk").values_list("pk", flat=True))


def _stale() -> tuple[list[int], list[int]]:
    """Entries that count as indexed and say something else than their passages; and of the passages that should be
    where they are, those whose text is not what stands there."""
    settled = Indexing.objects.filter(wanted=F("indexed")).values("pk")
    entries = Entry.objects.filter(pk__in=settled).prefetch_related("references", "passages").order_by("pk")
    stale, misplaced = [], []
    for entry in entries.iterator(chunk_size=200):
        stored = {(row.source, row.reference_id, row.start, row.end, row.text_hash) for row in entry.passages.all()}
        wanted = {(p.source, p.reference_id, p.start, p.end, p.text_hash) for p in pieces(entry)}
        if stored != wanted:
            stale.append(entry.pk)
            continue
        texts: dict[tuple[str, int | None], str] = {(t.source, t.reference_id): t.text for t in entry.searchable()}
        misplaced += [
            row.pk
            for row in entry.passages.all()
            if texts.get((row.source, row.reference_id), "")[row.start : row.end] != row.text
        ]
    return stale, misplaced


def _without_embedding(fingerprint: str) -> "QuerySet[Passage]":
    known = Embedding.objects.filter(fingerprint=fingerprint).values("text_hash")
    return Passage.objects.exclude(entry__in=Indexing.objects.pending().values("pk")).exclude(text_hash__in=known)


def _compare_index(report: Report, settled: Any, url: str) -> None:
    try:
        if not url and (many := lost()):
            report.error = report.error or GONE.format(many=many)
        engine = index.reader(url)
        engine.refresh()
        engine.check()
        state = engine.state()
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
    if report.model:
        both = np.isin(state.ids, must)
        try:
            report.wrong_vectors, report.wrong_entries = _unequal(
                engine, state.ids[both], state.entry_ids[both], report.model
            )
        except SearchError as error:
            report.error = report.error or str(error)


def _extra(held: Ids, may: Ids, owner: dict[int, int], unsettled: set[int]) -> list[int]:
    return [id for id in np.setdiff1d(held, may).tolist() if owner.get(id) not in unsettled]


def _unequal(engine: Engine, ids: Ids, entry_ids: Ids, fingerprint: str) -> tuple[list[int], list[int]]:
    """Passages whose vector in the index is another than that of their text, and those of another entry there."""
    vectors, entries = [], []
    for first in range(0, len(ids), AT_ONCE):
        chunk = ids[first : first + AT_ONCE].tolist()
        owner = dict(zip(chunk, entry_ids[first : first + AT_ONCE].tolist(), strict=True))
        rows = list(Passage.objects.filter(pk__in=chunk).order_by("pk").values_list("pk", "entry_id", "text_hash"))
        entries += [pk for pk, entry_id, _ in rows if owner[pk] != entry_id]
        made = embeddings.stored({digest for _, _, digest in rows}, fingerprint)
        held = engine.vectors([pk for pk, _, _ in rows])
        for pk, _, digest in rows:
            if pk in held and digest in made and not _same(held[pk], made[digest]):
                vectors.append(pk)
    return vectors, entries


def _same(one: Vectors, other: Vectors) -> bool:
    return one.shape == other.shape and float(one @ other) >= SAME_VECTOR
