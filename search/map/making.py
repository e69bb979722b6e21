"""Computing the map: by a job when the collection has become another, and in small, among neighbours, in between."""

import logging
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from tempfile import NamedTemporaryFile

import numpy as np
from django.utils import timezone

from kb import jobs
from kb.jobs import JobFailed, Run
from kb.models import Entry, Job
from kb.models.entries import EntryQuerySet
from kb.models.jobs import JobState
from search import index, similar
from search.engines.base import Vectors
from search.errors import SearchError
from search.map.child import AMONG, Plane
from search.map.layout import POINT, pack, unpack
from search.map.terms import Said, Words, said_by, usage_in
from search.map.usage import Usage
from search.models import Audience, Indexing, MapLayout, Passage
from search.tuning.beside import child

log = logging.getLogger(__name__)

KIND = "map"
FEWEST = 3
# So many entries may have come, gone or changed before everything is computed anew, by share and at least; and of
# fewer, for so long.
DRIFT, FEW, AGE = 0.05, 10, timedelta(days=1)
AT_ONCE = 500
# How a collection uses its words is told from so many entries, spread evenly.
READ_WHOLE = 2000
READ = ("pk", "title", "summary", "body", "facts", "language")
# More than this are left to the computation, which follows soon.
PLACED_AT_ONCE = 1000
PASSAGES_PER_ENTRY = 8
# How far, as a share of the map, what is put among others lies aside of their middle.
APART = 0.004
LOOK_S = 1.0
SETTLE = timedelta(minutes=1)
TRY_AGAIN = timedelta(days=1)

Point = tuple[int, float, float, int, int, bool]  # the fields of POINT


class Stopped(Exception):
    """This process is asked to end, and the computation with it."""


def entries_for(audience: str) -> EntryQuerySet:
    """What is on a map. That of everybody is made without what is hidden: its gaps would tell of it."""
    return Entry.objects.visible_to(None) if audience == Audience.EVERYBODY else Entry.objects.all()


def is_due() -> bool:
    """Whether the map should be computed anew: another model, or so many entries came and went. Two queries or four."""
    made = index.made_with()
    return made is not None and any(_is_due(audience, made[0]) for audience in _audiences())


def _is_due(audience: str, fingerprint: str) -> bool:
    count = entries_for(audience).filter(pk__in=Indexing.objects.filter(indexed__gt=0).values("pk")).count()
    layout = MapLayout.objects.filter(audience=audience).defer("points", "terms", "words").first()
    if layout is None:
        return count >= FEWEST
    if layout.fingerprint != fingerprint:
        return True
    others = layout.placed + abs(count - layout.fitted - layout.placed)
    return others > max(FEW, DRIFT * layout.fitted) or (others > 0 and timezone.now() - layout.made_at > AGE)


def _audiences() -> list[str]:
    """Everybody, and staff where they see more."""
    hidden = Entry.objects.hidden_from(None).exists()
    return [Audience.EVERYBODY.value, *([Audience.STAFF.value] if hidden else [])]


def keep_up() -> Job | None:
    """Queue the computation when it is due and nothing waits to be indexed; not again soon after it failed."""
    try:
        if Indexing.objects.workable().exists() or not is_due():
            return None
    except SearchError as error:
        log.warning("whether the map is up to date cannot be told: %s", error)
        return None
    last = Job.objects.filter(kind=KIND).first()
    if last and not last.is_over:
        return None
    if last and last.state != JobState.DONE and last.finished_at and timezone.now() - last.finished_at < TRY_AGAIN:
        return None
    return jobs.enqueue(KIND, {})


def compute(run: Run) -> bool:
    """The handler of `map` jobs. Waits while entries are being indexed; what is there is used until it is done."""
    if Indexing.objects.workable().exists():
        return run.later(SETTLE)
    audiences = _audiences()
    try:
        for audience in audiences:
            run.phase("Placing entries by meaning" + (", with those that are hidden" if audience == "staff" else ""))
            count = _compute(audience, lambda: run.time_is_up)
            run.count("entries_with_those_that_are_hidden" if audience == "staff" else "entries", count)
    except Stopped:
        return False
    except SearchError as error:
        raise JobFailed(f"the map was not made: {error}") from error
    with run.batch():
        MapLayout.objects.exclude(audience__in=audiences).delete()
    return True


def _compute(audience: str, stop: Callable[[], bool]) -> int:
    made = index.made_with()
    indexed = dict(Indexing.objects.filter(indexed__gt=0).values_list("pk", "indexed"))
    ids = [pk for pk in entries_for(audience).order_by("pk").values_list("pk", flat=True) if pk in indexed]
    found = vectors(ids)
    if made is None or len(found) < FEWEST:
        MapLayout.objects.filter(audience=audience).delete()
        return 0
    ids = list(found)
    plane = lay_out(np.stack(list(found.values())), stop)
    points = np.zeros(len(ids), POINT)
    points["entry"], points["indexed"] = ids, [indexed[pk] for pk in ids]
    points["x"], points["y"], points["place"] = plane.xy[:, 0], plane.xy[:, 1], plane.place
    said = _said(ids, _usage(ids))
    words = Words.of(said.values())
    now = timezone.now()
    MapLayout.objects.update_or_create(
        audience=audience,
        defaults={
            **pack(points, [words.numbers(said.get(pk, {})) for pk in ids]),
            "words": words.words,
            "fingerprint": made[0],
            "figures": plane.figures,
            "fitted": len(ids),
            "placed": 0,
            "made_at": now,
            "changed_at": now,
        },
    )
    return len(ids)


def lay_out(found: Vectors, stop: Callable[[], bool] = lambda: False) -> Plane:
    """`search.map.child.lay_out` in a process of its own. Raises Stopped, and JobFailed when that process fails."""
    with ExitStack() as stack:
        # In a file: of what a pipe is given, `communicate` sends nothing more once it has timed out.
        given = stack.enter_context(NamedTemporaryFile(suffix=".npy"))
        np.save(given, found)
        given.flush()
        process = stack.enter_context(child(given.name, module="search.map.child"))
        while True:
            try:
                made, _ = process.communicate(timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                if stop():
                    raise Stopped from None
    if process.returncode:
        raise JobFailed(f"the process that lays out the map ended with status {process.returncode}")
    return Plane.from_bytes(made)


def follow() -> int:
    """Put entries that were indexed since the computation among their nearest neighbours; how many. Where the map is of
    another model, or too many have come, nothing: it is computed anew soon."""
    try:
        made = index.made_with()
        return sum(_follow(row) for row in MapLayout.objects.all() if made and row.fingerprint == made[0])
    except SearchError as error:
        log.warning("what is new is not on the map yet: %s", error)
        return 0


def _follow(row: MapLayout) -> int:
    layout = unpack(row)
    known = dict(zip(layout.points["entry"].tolist(), layout.points["indexed"].tolist(), strict=True))
    indexed = dict(Indexing.objects.filter(indexed__gt=0).values_list("pk", "indexed"))
    new = [pk for pk, number in indexed.items() if known.get(pk) != number]
    new = list(entries_for(row.audience).filter(pk__among=new).order_by("pk").values_list("pk", flat=True))
    if len(new) > PLACED_AT_ONCE:
        MapLayout.objects.filter(pk=row.pk).update(placed=len(new))  # so that the computation is due
        return 0
    if not new:
        return 0
    stay = np.flatnonzero(~np.isin(layout.points["entry"], new))
    found = [_placed(pk, vector, layout.points, indexed[pk]) for pk, vector in vectors(new).items()]
    added = np.array([point for point in found if point], POINT)
    said, words = _said(new), Words(layout.words)
    points, terms = layout.merged(stay, added, [words.numbers(said.get(pk, {})) for pk in added["entry"].tolist()])
    fields = pack(points, terms)
    placed = int(points["placed"].sum())
    rows = MapLayout.objects.filter(pk=row.pk, changed_at=row.changed_at)  # unless it was computed anew meanwhile
    rows.update(**fields, fitted=len(points) - placed, placed=placed, changed_at=timezone.now())
    return len(added)


def _placed(
    entry_id: int, vector: Vectors, points: np.ndarray, indexed: int
) -> tuple[int, float, float, int, int, bool] | None:
    """The point of an entry in the middle of its nearest others, a little aside so that no two of them are one."""
    hits = index.reader().nearest(vector, points["entry"], (AMONG + 1) * PASSAGES_PER_ENTRY)
    nearest = [other for other in dict.fromkeys(hit.entry_id for hit in hits) if other != entry_id][:AMONG]
    if not nearest:
        return None
    rows = np.searchsorted(points["entry"], nearest)
    middle = np.array([np.median(points[axis][rows]) for axis in ("x", "y")])
    x, y = np.clip(middle + APART * np.random.default_rng(entry_id).standard_normal(2), 0, 1)
    return entry_id, float(x), float(y), int(points["place"][rows[0]]), indexed, True


def vectors(ids: Sequence[int]) -> dict[int, Vectors]:
    """What each entry says of itself, or, of one that only cites, what it cites, as a unit vector; by id, in order."""
    found = similar.vectors(ids)
    silent = [id for id in ids if id not in found]
    for first in range(0, len(silent), AT_ONCE):
        cited: dict[int, list[int]] = {}
        rows = Passage.objects.filter(entry__in=silent[first : first + AT_ONCE]).order_by("entry_id", "pk")
        for entry_id, pk in rows.values_list("entry_id", "pk"):
            if len(of_entry := cited.setdefault(entry_id, [])) < similar.FIRST:
                of_entry.append(pk)
        stored = index.reader().vectors([pk for pks in cited.values() for pk in pks])
        for entry_id, pks in cited.items():
            if present := [stored[pk] for pk in pks if pk in stored]:
                mean = np.mean(present, axis=0)
                found[entry_id] = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return {id: found[id] for id in ids if id in found}


def _usage(ids: Sequence[int]) -> Usage:
    """How these entries use their words, told from READ_WHOLE of them where there are more."""
    every = np.linspace(0, len(ids) - 1, min(len(ids), READ_WHOLE)).astype(np.int64)
    some = [ids[at] for at in every.tolist()]
    batches = (some[first : first + AT_ONCE] for first in range(0, len(some), AT_ONCE))
    return usage_in(entry for batch in batches for entry in Entry.objects.filter(pk__among=batch).only(*READ))


def _said(ids: Sequence[int], usage: Usage | None = None) -> dict[int, Said]:
    found: dict[int, Said] = {}
    for first in range(0, len(ids), AT_ONCE):
        entries = Entry.objects.filter(pk__among=ids[first : first + AT_ONCE]).prefetch_related("tags")
        found |= {entry.pk: said_by(entry, usage) for entry in entries.only(*READ)}
    return found
