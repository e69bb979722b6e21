"""A batch is as good as its records one by one: same rows, same outcomes, and what is bad stops nothing else."""

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from ingest.records import BadRecord, DuplicateRecord, EntityRecord, EntryRecord
from ingest.writing import batch, entries
from ingest.writing.outcome import By, Refused
from kb.models import Entity, Entry, Reference, Tag
from kb.signals import entries_changed
from tests.ingest.contents import contents, forget_everything

pytestmark = pytest.mark.django_db


def record(number: int = 1, **fields) -> EntryRecord:
    """An incident with a number; every field can be replaced."""
    values = {
        "key": f"row {number}",
        "kind": "incident",
        "title": f"Lift {number} chose its own floors",
        "external_ids": [("aiid", str(number))],
    }
    return EntryRecord(**{**values, **fields})


def write(*records) -> list:
    """The outcome of each, or why it was refused."""
    results = batch.write(records, By("aiid", reason="import of aiid, job 1"))
    return [result if isinstance(result, Refused) else result.outcome for result in results]


def many() -> list:
    """Records that share entities, references, tags, categories, titles and links, in every order."""
    acme = {"role": "developer", "name": "ACME", "namespace": "aiid", "key": "acme"}
    return [
        EntityRecord(namespace="aiid", key="acme", name="Acme Lifts", aliases=["Acme"]),
        EntityRecord(namespace="aiid", key="acme-2", name="acme lifts"),
        record(1, roles=[acme, {"role": "harmed", "name": "Tenants"}], tags=["lifts", "homes"]),
        record(2, title="Lift 1 chose its own floors", roles=[acme, {"role": "deployer", "name": "tenants"}]),
        record(3, tags=["homes", "Lifts"], links=[{"relation": "see_also", "target": ("aiid", "4")}]),
        record(4, links=[{"relation": "see_also", "target": "lift-1-chose-its-own-floors-2"}]),
        record(5, links=[{"relation": "see_also", "target": ("aiid", "99")}], occurred="2023-05"),
        record(6, references=[{"url": "https://news.example/a", "title": "A"}], page={"url": "https://i.example/6"}),
        record(7, references=[{"url": "https://www.news.example/a", "publisher": "News"}]),
        record(8, classifications=[{"taxonomy": "Harms", "category": ("Physical", "Trapped"), "evidence": "p. 3"}]),
        record(9, classifications=[{"taxonomy": "Harms", "category": ("Physical",)}]),
        record(10, external_ids=[], facts={"country": ["norway"]}),
        record(11, slug="lifts", title="!!!"),
        record(12, title="???", roles=[{"role": "system", "name": "§§§", "namespace": "aiid", "key": "s"}]),
        DuplicateRecord(namespace="aiid", value="13", of="1"),
        DuplicateRecord(namespace="aiid", value="2", of="1"),
    ]


def test_records_written_together_leave_what_each_alone_would_have():
    together = write(*many())
    left_together = contents()
    forget_everything()

    alone = [result for one in many() for result in write(one)]

    left_alone = contents()
    assert together == alone
    # What a later record fills in is in the first version already, when both are written together.
    del left_together["history of references"]
    for name, rows in left_together.items():
        assert rows == left_alone[name], name


def test_records_written_again_are_all_unchanged():
    write(*many())
    before = contents()

    # Two, withdrawn as a duplicate, is no longer told by a source that has withdrawn it.
    again = [one for one in many() if getattr(one, "key", "") != "row 2"]

    assert set(write(*again)) == {"unchanged"}
    assert contents() == before


def test_nothing_is_announced_for_what_did_not_change():
    announced = []
    listener = lambda ids, **_: announced.append(ids)  # noqa: E731
    entries_changed.connect(listener)
    try:
        write(record(1), record(2, tags=["lifts"]))
        write(record(1), record(2, tags=["lifts", "doors"]))
        write(record(1), record(2, tags=["lifts", "doors"], classifications=[{"taxonomy": "T", "category": ("C",)}]))
    finally:
        entries_changed.disconnect(listener)

    one, two = Entry.objects.order_by("id").values_list("pk", flat=True)
    assert announced == [[one, two], [two]], "and classifications are no part of what is searched"


def test_history_says_which_import_it_was():
    write(EntityRecord(namespace="aiid", key="acme", name="Acme"), record(1, references=[{"url": "https://n.example"}]))

    for row in (Entity.objects.get(), Entry.objects.get(), Reference.objects.get()):
        made = row.history.get()
        assert (made.history_type, made.history_change_reason) == ("+", "import of aiid, job 1")


def test_one_bad_record_is_found_and_leaves_nothing_behind():
    bad = record(3, facts={"floors": 3}, roles=[{"role": "harmed", "name": "Nobody"}], tags=["nothing"])

    results = write(record(1), record(2), bad, record(4), BadRecord(key="row 5", reason="not JSON"), record(6))

    assert [isinstance(result, Refused) for result in results] == [False, False, True, False, True, False]
    assert "floors" in results[2].reason
    assert results[4] == Refused("not JSON")
    assert Entry.objects.count() == 4
    assert not Entity.objects.exists()
    assert not Tag.objects.exists()


def test_what_the_database_refuses_is_that_record_s_trouble(monkeypatch):
    def refuse(rows, reason=""):
        if any(getattr(row, "title", "") == "Bad" for row in rows):
            raise DataError("value too long for type character varying(300)")
        create(rows, reason)

    create = entries.create
    monkeypatch.setattr(entries, "create", refuse)

    results = write(record(1), record(2, title="Bad"), record(3))

    assert results == ["created", Refused("value too long for type character varying(300)"), "created"]


def test_what_nobody_thought_of_is_that_record_s_trouble_too(monkeypatch, caplog):
    def stumble(record, source):
        if record.title == "Odd":
            raise ZeroDivisionError("division by zero")
        return draft(record, source)

    draft = entries.draft_of
    monkeypatch.setattr(entries, "draft_of", stumble)

    results = write(record(1), record(2, title="Odd"), record(3))

    assert results == ["created", Refused("ZeroDivisionError: division by zero"), "created"]
    assert "a record could not be written" in caplog.text


def test_trouble_of_the_database_is_no_record_s(monkeypatch):
    def locked(rows, reason=""):
        raise OperationalError("database is locked")

    monkeypatch.setattr(entries, "create", locked)

    with pytest.raises(OperationalError, match="database is locked"):
        write(record(1), record(2))


@pytest.mark.parametrize(("times", "expected"), [(1, "created"), (2, Refused("UNIQUE constraint failed: kb_tag.name"))])
def test_a_record_that_was_overtaken_is_tried_once_more(monkeypatch, times, expected):
    left = [times]

    def overtaken(rows, reason=""):
        if rows and isinstance(rows[0], Tag) and left[0]:
            left[0] -= 1
            raise IntegrityError("UNIQUE constraint failed: kb_tag.name")
        create(rows, reason)

    create = entries.create
    monkeypatch.setattr(entries, "create", overtaken)

    assert write(record(1, tags=["lifts"])) == [expected]


def test_two_records_about_one_entry_are_taken_in_turn():
    results = write(record(1), record(2), record(1, title="Lift 1 refused to stop"), record(3))

    assert results == ["created", "created", "updated", "created"]
    assert sorted(Entry.objects.values_list("title", flat=True)) == [
        "Lift 1 refused to stop",
        "Lift 2 chose its own floors",
        "Lift 3 chose its own floors",
    ]


def test_two_records_that_meet_in_an_entry_without_sharing_an_id_are_taken_in_turn():
    write(record(1, external_ids=[("aiid", "1"), ("oecd", "x")]))

    results = write(record(1, title="As AIID says"), record(1, title="As OECD says", external_ids=[("oecd", "x")]))

    assert results == ["updated", "unchanged"]
    assert Entry.objects.get().title == "As AIID says", "the first to tell of it has the say"


def test_the_same_text_twice_is_one_entry():
    plain = record(1, external_ids=[])

    assert write(plain, plain) == ["created", "unchanged"]


@pytest.mark.parametrize("known", [False, True], ids=["new", "unchanged"])
def test_twice_the_records_cost_no_more_queries(known):
    def cost(numbers) -> int:
        records = [
            record(
                number,
                roles=[{"role": "harmed", "name": f"Name {number}", "namespace": "aiid", "key": str(number)}],
                references=[{"url": f"https://news.example/{number}", "title": "A"}],
                tags=[f"tag {number}"],
                links=[{"relation": "see_also", "target": ("aiid", "1000")}],
            )
            for number in numbers
        ]
        if known:
            write(*records)
        with CaptureQueriesContext(connection) as queries:
            write(*records)
        return len(queries)

    cost([0])
    assert cost(range(1, 21)) == cost(range(21, 61))
