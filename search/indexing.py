"""Brings the index up to the database: what is pending is cut, embedded, and put into the engine.

Every step can be repeated. An entry counts as indexed only after the engine has acknowledged it, so whatever kills the
process, the entry is still pending and is done again.
"""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError, transaction

from kb.models import Entry
from search import embeddings, health, index, vocabulary
from search.encoder import Encoder
from search.engines.base import Engine, IndexedPassage, Vectors
from search.errors import SearchError
from search.map import making
from search.models import Indexing, Passage
from search.passages import sync
from search.progress import Counted
from search.text import embedded_text, read_text

log = logging.getLogger(__name__)

BATCH = 48
MARKED_AT_ONCE = 1000
TURN_S = 0.0005


def index_pending(progress: Counted | None = None, wait: float = 0.0) -> int:
    """Index every entry that waits, those included that come in meanwhile; how many that were.

    Raises IndexBusy when another process is writing to the index, after `wait` seconds.
    """
    if not Indexing.objects.workable().exists():
        return 0
    want_what_was_lost()
    done = 0
    # One batch is encoded while the next is read and the one before is written: the model is never kept waiting.
    with index.writer(wait) as engine, ThreadPoolExecutor(1, thread_name_prefix="encode") as encoding, _quick_turns():
        model = index.encoder()  # nobody else swaps the index while we write to it
        before: _Begun | None = None
        while True:
            workable = Indexing.objects.workable().order_by("-changed_at", "entry_id")
            batch = list(workable.exclude(pk__in=[row.pk for row in before.rows] if before else ())[:BATCH])
            begun = _begin(encoding, model, batch) if batch else None
            if before:
                _mark(_finish(engine, model, before))
                done += len(before.rows)
                if progress:
                    progress(done, done + Indexing.objects.workable().count())
            elif not begun:
                break
            before = begun
        vocabulary.follow()
    making.follow()
    return done


def want_what_was_lost() -> int:
    """Where the index is gone, all that was in it is wanted again; how many entries. Before a writer makes a new one,
    which then looks like an index of whatever it holds."""
    if not (many := health.lost()):
        return 0
    log.warning("the index is gone: %d entries are indexed again", many)
    Indexing.objects.want(Indexing.objects.filter(indexed__gt=0).values_list("pk", flat=True))
    return many


def rebuild(progress: Counted | None = None, wait: float = 0.0, url: str = "", model: Encoder | None = None) -> int:
    """Build the whole index anew beside the old one, then swap; how many entries. Stored embeddings are used again.
    It is made with `model`, or else with the chosen one.

    Searches go on with the old index until the swap. What changes meanwhile stays pending and follows after. With `url`
    it is the index there that is filled, and what is pending for the one in use stays so.
    """
    known = Indexing.objects.values_list("pk", flat=True)
    Indexing.objects.want(Entry.objects.exclude(pk__in=known).values_list("pk", flat=True))
    rows = list(Indexing.objects.order_by("entry_id"))
    model = model or index.chosen()
    put: list[Indexing] = []
    with index.rebuild(model, wait, url) as engine:
        for first in range(0, len(rows), BATCH):
            put += _put_or_blame(engine, model, rows[first : first + BATCH])
            if progress:
                progress(min(first + BATCH, len(rows)), len(rows))
    for first in range(0, 0 if url else len(put), MARKED_AT_ONCE):
        _mark(put[first : first + MARKED_AT_ONCE])
    vocabulary.gather()
    return len(rows)


def _put_or_blame(engine: Engine, model: Encoder, batch: Sequence[Indexing]) -> list[Indexing]:
    """Put a batch into the engine; which of it are there. When that fails, one by one, so that a single bad entry is
    found and noted, and the others are indexed. What is no entry's fault (disk, database, model, index) is raised."""
    try:
        _put(engine, model, [row.pk for row in batch])
    except (OSError, OperationalError, SearchError):
        raise
    except Exception as error:
        if len(batch) > 1:
            log.warning("indexing %d entries failed (%s); trying them one by one", len(batch), error)
            return [row for one in batch for row in _put_or_blame(engine, model, [one])]
        model.encode(["Can the model read anything?"])
        log.exception("entry %s cannot be indexed", batch[0].pk)
        row = batch[0]
        Indexing.objects.filter(pk=row.pk, wanted=row.wanted).update(
            attempts=row.attempts + 1, error=f"{type(error).__name__}: {error}"[:2000]
        )
        return []
    return list(batch)


@dataclass(frozen=True)
class _Begun:
    """Entries whose passages are cut, with the vectors that are known by text hash, and those that are being made. None
    where that failed."""

    rows: Sequence[Indexing]
    passages: dict[Entry, list[Passage]] = field(default_factory=dict)
    known: dict[str, Vectors] = field(default_factory=dict)
    made: "Future[dict[str, Vectors]] | None" = None


def _begin(encoding: Executor, model: Encoder, batch: Sequence[Indexing]) -> _Begun:
    """Cut and store the passages of a batch, and have them encoded meanwhile."""
    try:
        passages = _cut([row.pk for row in batch])
        texts = {one.text_hash: embedded_text(entry.title, one.text) for entry, own in passages.items() for one in own}
        known = embeddings.stored(texts, model.fingerprint)
        return _Begun(batch, passages, known, encoding.submit(_encoded, model, texts, known))
    except (OSError, OperationalError, SearchError):
        raise
    except Exception as error:
        log.warning("indexing %d entries failed (%s)", len(batch), error)
        return _Begun(batch)


def _finish(engine: Engine, model: Encoder, begun: _Begun) -> list[Indexing]:
    """Put a batch that was begun into the engine; which of it are there."""
    if begun.made is not None:
        try:
            embeddings.keep(made := begun.made.result(), model.fingerprint)
            _write(engine, [row.pk for row in begun.rows], begun.passages, {**begun.known, **made})
            return list(begun.rows)
        except (OSError, OperationalError, SearchError):
            raise
        except Exception as error:
            log.warning("indexing %d entries failed (%s)", len(begun.rows), error)
    return _put_or_blame(engine, model, begun.rows)


def _put(engine: Engine, model: Encoder, ids: Sequence[int]) -> None:
    """Make the engine hold exactly the passages that these entries have now; of a deleted entry it holds none."""
    passages = _cut(ids)
    vectors = embed(model, [(entry.title, passage) for entry, rows in passages.items() for passage in rows])
    _write(engine, ids, passages, vectors)


def embed(model: Encoder, texts: Sequence[tuple[str, Passage]]) -> dict[str, Vectors]:
    """Vectors by text hash, of titles with passages; what was embedded before with this model is not embedded again."""
    needed = {passage.text_hash: embedded_text(title, passage.text) for title, passage in texts}
    known = embeddings.stored(needed, model.fingerprint)
    made = _encoded(model, needed, known)
    embeddings.keep(made, model.fingerprint)
    return {**known, **made}


def _cut(ids: Sequence[int]) -> dict[Entry, list[Passage]]:
    """The entries that there are, each with the passages that it has now, stored."""
    with transaction.atomic():
        entries = Entry.objects.filter(pk__in=ids).prefetch_related(
            "references", "roles__entity", "tags", "external_ids", "passages"
        )
        return sync(entries)


def _encoded(model: Encoder, texts: Mapping[str, str], known: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """Vectors of those texts that have none yet, by hash."""
    missing = [digest for digest in texts if digest not in known]
    return dict(zip(missing, model.encode([texts[digest] for digest in missing]), strict=True)) if missing else {}


def _write(
    engine: Engine, ids: Sequence[int], passages: Mapping[Entry, Sequence[Passage]], vectors: Mapping[str, Vectors]
) -> None:
    """Make the engine hold exactly these passages of the entries with these ids."""
    wanted = [
        IndexedPassage(
            id=passage.pk,
            entry_id=entry.pk,
            title=entry.title,
            text=read_text(passage.text),
            context=entry.search_context(),
            vector=vectors[passage.text_hash],
        )
        for entry, rows in passages.items()
        for passage in rows
    ]
    engine.delete(set(engine.passages_of(ids)) - {passage.id for passage in wanted})
    engine.upsert(wanted)


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Threads take turns more often: the model asks for one whenever it has done with a few texts, and waits for it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _mark(rows: Sequence[Indexing]) -> None:
    """The engine has what these rows wanted when they were read. Rows of entries that are gone have done their work."""
    with transaction.atomic():
        present = set(Entry.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        reached: dict[int, list[int]] = {}
        for row in rows:
            if row.pk in present:
                reached.setdefault(row.wanted, []).append(row.pk)
            else:
                Indexing.objects.filter(pk=row.pk, wanted=row.wanted).delete()
        for wanted, ids in reached.items():
            Indexing.objects.filter(pk__in=ids).update(indexed=wanted, attempts=0, error="")
