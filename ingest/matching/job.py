"""Proposes what may be the same, as the work of a `match` job that follows an import."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from ingest.matching.accounts import of_entries
from ingest.matching.comparable import Comparable
from ingest.matching.finder import Couple, Finder, couple
from ingest.matching.meaning import StoredMeaning
from ingest.matching.pool import Pool
from ingest.matching.signals import evidence
from kb import jobs
from kb.models import Change, Entry, ExternalId, Job, Link, Proposal
from kb.models.provenance import Action, ProposalState
from kb.similar import registered

KIND = "match"
BATCH = 50
REMEMBERED = 40  # batches whose comparisons are held for the next ones
PROPOSED_EACH = 10  # of an entry with more likenesses the best are proposed; it is a form letter, not an event
WAIT = timedelta(seconds=30)
PATIENCE = timedelta(hours=1)
MATTERING = (Action.CREATED, Action.UPDATED, Action.MERGED, Action.RETURNED)

Found = dict[Couple, tuple[float, dict[str, object]]]


def enqueue(import_job: Job, *, ring: bool = True) -> Job | None:
    """Write down the comparison of what this import created or changed with everything else; None if that is nothing.

    With the import's last transaction: then it is never lost. Without `ring` the caller does the job itself.
    """
    if not _changed_by(import_job.pk).exists():
        return None
    return jobs.enqueue(KIND, {"job": import_job.pk}, import_job.created_by, ring=ring)


def work(run: jobs.Run) -> bool:
    """The handler of `match` jobs: compares the entries that the import `job` touched, or those in `entries`.

    It waits for the index to follow, but not for ever: without it there is less evidence, and still some.
    """
    job, similar = run.job, registered()
    if similar and job.created_at > timezone.now() - PATIENCE and (waiting := similar.waiting()):
        run.phase(f"Waiting until {waiting} entries are indexed")
        return run.later(WAIT)
    left = _left(job)
    if job.total is None:
        with run.batch():
            job.total = len(left)
            job.counts = {"proposed": 0, "withdrawn": 0}
    if not left:
        return True
    may_be = _comparable()
    finder: Finder | None = None
    for number, first in enumerate(range(0, len(left), BATCH), 1):
        ids = left[first : first + BATCH]
        found: Found = {}
        if in_question := [id for id in ids if id in may_be and len(may_be[id])]:
            if finder is None:
                run.phase("Reading what there is to compare with")
                pool = Pool(of_entries(Entry.objects.order_by("pk").values_list("pk", flat=True)))
                finder = Finder(pool, StoredMeaning(similar) if similar else None, _apart())
                run.phase("Comparing")
            found = _found(finder, in_question)
        with run.batch():
            for what, n in _store(ids, found).items():
                run.count(what, n)
            job.cursor, job.done = {"after": ids[-1]}, job.done + len(ids)
        if finder and not number % REMEMBERED:
            finder.forget()
        if run.time_is_up:
            return ids[-1] == left[-1]
    return True


def _changed_by(job_id: int) -> Any:
    return Change.objects.made().filter(job=job_id, action__in=MATTERING, entry__isnull=False)


def _left(job: Job) -> list[int]:
    """The ids that are still to be compared, rising."""
    given = job.parameters.get("entries")
    ids = given if given is not None else _changed_by(job.parameters["job"]).order_by().values_list("entry", flat=True)
    return sorted({id for id in ids if id > job.cursor.get("after", 0)})


def _comparable() -> Comparable:
    """Who may be the same as whom. Where one database numbers everything, that is nobody, and nothing is read."""
    namespaces: defaultdict[int, set[str]] = defaultdict(set)
    for id, namespace in ExternalId.objects.order_by().values_list("entry", "namespace").distinct():
        namespaces[id].add(namespace)
    kinds = Entry.objects.order_by().values_list("pk", "kind")
    return Comparable((id, kind, namespaces[id]) for id, kind in kinds)


def _apart() -> set[Couple]:
    """Couples that somebody decided about: declined, or linked to each other, as one does with two things."""
    declined = Proposal.objects.filter(state=ProposalState.DECLINED).values_list("entry", "other")
    linked = Link.objects.order_by().values_list("entry", "target")
    return {couple(*pair) for pairs in (declined, linked) for pair in pairs.iterator()}


def _found(finder: Finder, ids: Iterable[int]) -> Found:
    present = [id for id in ids if id in finder.pool]
    if finder.meaning:
        finder.meaning.learn(present)
    return {
        couple(id, match.other): (match.score, evidence(finder.pool, *couple(id, match.other), match.signals))
        for id in present
        for match in finder.matches(id)[:PROPOSED_EACH]
    }


def _store(ids: Sequence[int], found: Found) -> dict[str, int]:
    """Make the open proposals of these entries those that were found; how many came and went. Decided ones stay."""
    there = {(row.entry_id, row.other_id): row for row in Proposal.objects.filter(Q(entry__in=ids) | Q(other__in=ids))}
    known = set(Entry.objects.filter(pk__in={id for pair in found for id in pair}).values_list("pk", flat=True))
    new = [
        Proposal(entry_id=pair[0], other_id=pair[1], score=score, evidence=told)
        for pair, (score, told) in found.items()
        if pair not in there and known.issuperset(pair)
    ]
    open_rows = {pair: row for pair, row in there.items() if row.state == ProposalState.OPEN}
    gone = [row.pk for pair, row in open_rows.items() if pair not in found]
    for pair, row in open_rows.items():
        if pair in found and (row.score, row.evidence) != found[pair]:
            row.score, row.evidence = found[pair]
            row.save(update_fields=["score", "evidence"])
    Proposal.objects.bulk_create(new, ignore_conflicts=True)
    Proposal.objects.filter(pk__in=gone, state=ProposalState.OPEN).delete()
    return {"proposed": len(new), "withdrawn": len(gone)}
