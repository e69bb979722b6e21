"""Two imports in two workers at the same time: neither fails, and what both know is there once."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from ingest.pipeline import start_import
from ingest.records import EntityRecord, EntryRecord
from ingest.writing import batch, entities, entries
from ingest.writing.outcome import By
from kb import jobs
from kb.models import Category, Entity, EntityAlias, Entry, EntryReference, ExternalId, Job, JobProblem, Reference, Tag
from search.models import Indexing
from tests.factories import make_entity, make_entry

pytestmark = pytest.mark.django_db(transaction=True)

ENTRIES = 40


def in_threads(*tasks) -> None:
    """Run the tasks at once, each with a connection of its own; what one raises is raised here."""
    errors = []
    together = threading.Barrier(len(tasks))

    def run(task) -> None:
        try:
            together.wait(10)
            task()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def entry(**fields: Any) -> EntryRecord:
    return EntryRecord(**fields)


def shared_records(namespace: str) -> Iterator:
    """What one source knows: of entities, reports, tags, categories and events the other one knows them all too."""
    yield from (EntityRecord(namespace=namespace, key=f"e{n}", name=f"Entity {n}") for n in range(ENTRIES))
    for n in range(ENTRIES):
        yield entry(
            key=f"{n}",
            kind="incident",
            title=f"Event {n}",
            external_ids=[("event", str(n)), (namespace, str(n))],
            roles=[{"role": "harmed", "name": f"entity {n}"}, {"role": "developer", "name": f"Nameless {n // 4}"}],
            references=[{"url": f"https://news.example/{n // 2}", "title": f"Report {n // 2}"}],
            tags=[f"tag {n // 4}"],
            classifications=[{"taxonomy": "Harms", "category": (f"C{n // 8}", f"D{n // 4}")}],
            links=[{"relation": "see_also", "target": ("event", str((n + 1) % ENTRIES))}],
        )


def take_in(namespace: str, size: int = 7) -> list:
    """Write the records batch by batch, each in a transaction of its own, as a job does."""
    records = list(shared_records(namespace))
    results = []
    for first in range(0, len(records), size):
        with transaction.atomic():
            results += batch.write(records[first : first + size], By(namespace, reason=f"import of {namespace}"))
    return [getattr(result, "outcome", result) for result in results]


def twice(rows) -> list:
    return [row for row, times in Counter(rows).items() if times > 1]


def test_two_sources_that_know_the_same():
    results = {}

    in_threads(*(lambda name=name: results.update({name: take_in(name)}) for name in ("one", "two")))

    for outcomes in results.values():
        assert [outcome for outcome in outcomes if outcome not in ("created", "updated", "unchanged")] == []
    assert sorted(Entry.objects.values_list("title", flat=True)) == sorted(f"Event {n}" for n in range(ENTRIES))
    assert twice(Entity.objects.values_list("name", flat=True)) == []
    assert Entity.objects.count() == ENTRIES + ENTRIES // 4
    assert twice(EntityAlias.objects.values_list("entity", "normal", "namespace", "key")) == []
    assert ExternalId.objects.count() == 3 * ENTRIES
    assert (Reference.objects.count(), Tag.objects.count(), Category.objects.count()) == (20, 10, 15)
    assert EntryReference.objects.count() == ENTRIES
    assert set(Entry.objects.values_list("pk", flat=True)) == set(Indexing.objects.values_list("pk", flat=True))
    assert {outcome for name in results for outcome in take_in(name)} == {"unchanged"}


def test_the_same_import_twice_at_once(tmp_path, monkeypatch):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f'{{"id": {n}, "title": "Event {n}", "author": "Name {n % 5}"}}\n' for n in range(ENTRIES)))
    monkeypatch.setattr("ingest.pipeline.BATCH", 4)
    started = [start_import("jsonl", str(file), {"kind": "note", "namespace": "event"}, ring=False) for _ in range(2)]

    in_threads(*(lambda job=job: jobs.run(job.pk, budget_s=None) for job in started))

    imports = Job.objects.filter(kind="ingest").order_by("id")
    counts = [job.counts for job in imports]
    assert [job.state for job in imports] == ["done", "done"]
    assert sum(count["created"] for count in counts) == ENTRIES
    assert sum(count["unchanged"] for count in counts) == ENTRIES
    assert sum(count["failed"] + count["updated"] for count in counts) == 0
    assert Entry.objects.count() == ENTRIES
    assert Entity.objects.count() == 5
    assert [problem.reason for problem in JobProblem.objects.all() if "no mapping" not in problem.reason] == []


@pytest.mark.many_writers
@pytest.mark.parametrize(
    ("before", "make"),
    [
        (Tag, lambda: Tag.objects.create(name="tag 0")),
        (Entry, lambda: make_entry(title="Event 0", ids={"event": "0"})),
        (Entity, lambda: EntityAlias.objects.create(entity=make_entity("Zero"), name="E", namespace="one", key="e0")),
    ],
    ids=["a tag", "an entry", "an entity"],
)
def test_a_curator_who_is_faster_makes_no_record_fail(monkeypatch, before, make):
    """Somebody else commits the very row between our look and our insert: a moment that SQLite does not have."""

    def overtaken(rows, reason=""):
        if rows and isinstance(rows[0], before) and not made:
            made.append(True)
            in_threads(make)
        create(rows, reason)

    made: list[bool] = []
    create = entries.create
    for module in (entries, entities):
        monkeypatch.setattr(module, "create", overtaken)

    assert set(take_in("one")) <= {"created", "updated"}
    assert made
    assert Tag.objects.filter(name="tag 0").count() == 1
    assert Entry.objects.count() == ENTRIES
    assert Entry.objects.filter(title="Event 0").count() == 1
