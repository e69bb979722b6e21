"""What is held of one table is kept through writes to others, never through a write to its own, and mended where of
that it is known what it was of."""

from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from kb import held, writes
from kb.held import Held, Named
from kb.models import Classification, EntityRole, Entry, EntryReference, ExternalId, Fact, Reference, Tag
from kb.roles import Role
from tests.factories import make_category, make_entry, make_reference, make_tag

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts writes by table"),
]

# What is held -> the table that it is read from.
READ: dict[Any, Any] = {
    held.tags: Entry.tags.through,
    held.categories: Classification,
    held.entities: EntityRole,
    held.references: EntryReference,
    held.published: Reference,
    held.namespaces: ExternalId,
    held.facts: Fact,
    held.texts: Entry,
    held.entries: Entry,
}


@pytest.fixture
def entry() -> Entry:
    """With something in every table."""
    return make_entry(
        tags=["law"],
        entities={"author": ["Ann"]},
        categories=[make_category()],
        references=[make_reference(published_on="2024")],
        ids={"aiid": "7"},
        facts={"harms": ["Injury"]},
    )


@pytest.fixture(autouse=True)
def triggers():
    """As after migrations, whatever a test does to them."""
    yield
    writes.install("default")


def test_every_table_that_is_held_is_counted():
    assert {model._meta.db_table for model in READ.values()} == writes.COUNTED.keys()


def test_a_write_to_another_table_drops_nothing(entry, django_assert_num_queries):
    before = [read() for read in READ]

    Tag.objects.update(name="Law")
    make_tag("ships").delete()

    with django_assert_num_queries(0):
        assert all(read() is old for read, old in zip(READ, before, strict=True))


@pytest.mark.parametrize("changed", READ, ids=lambda read: read.__name__)
def test_a_write_to_its_own_table_drops_what_is_held_and_nothing_else(entry, changed):
    before = {read: read() for read in READ}
    table = READ[changed]._meta.db_table

    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id")

    assert [read for read in READ if read() is not before[read]] == [r for r in READ if READ[r] is READ[changed]]


@pytest.mark.parametrize("event", ["insert", "ignore", "update", "delete", "delete all"])
def test_no_way_to_write_passes_by(entry, event):
    other = make_entry()
    assert held.tags().entries.tolist() == [entry.pk]
    table, tag = Entry.tags.through._meta.db_table, Tag.objects.get()

    with connection.cursor() as cursor:
        if event == "insert":
            cursor.execute(f"INSERT INTO {table} (entry_id, tag_id) VALUES ({other.pk}, {tag.pk})")
        elif event == "ignore":
            Entry.tags.through.objects.bulk_create(
                [Entry.tags.through(entry=entry, tag=tag), Entry.tags.through(entry=other, tag=tag)],
                ignore_conflicts=True,
            )
        elif event == "update":
            cursor.execute(f"UPDATE {table} SET entry_id = {other.pk}")
        elif event == "delete":
            cursor.execute(f"DELETE FROM {table} WHERE entry_id = {entry.pk}")
        else:
            cursor.execute(f"DELETE FROM {table}")

    found = sorted(Entry.tags.through.objects.values_list("entry_id", flat=True))
    assert sorted(held.tags().entries.tolist()) == found != [entry.pk]


def as_if_read_anew() -> bool:
    """Whether what is held is what the database says, however it came to be."""
    with transaction.atomic():  # in which nothing is kept
        anew = {read: rows(read()) for read in READ}
    return {read: rows(read()) for read in READ} == anew


def rows(found: Held | Named) -> list[tuple[Any, ...]]:
    if isinstance(found, Named):
        assert set(range(len(found.names))) == set(found.held.things.tolist()), "no name is of nothing"
        return sorted((entry, found.names[at]) for entry, at in zip(*map(np.ndarray.tolist, found.held), strict=True))
    return sorted(zip(*map(np.ndarray.tolist, found), strict=True))


CHANGES = {
    "more of what there is": lambda entry: make_entry(tags=["law"], facts={"harms": ["Injury"]}, ids={"aiid": "9"}),
    "something new": lambda entry: make_entry(
        tags=["ships"],
        entities={"developer": ["Acme"]},
        references=[make_reference(published_on="2020-05-06")],
        facts={"harms": ["Loss"], "sector": ["Law"]},
        ids={"oecd": "7"},
        occurred_on="2019-02",
        language="fr",
    ),
    "other values": lambda entry: Fact.objects.filter(entry=entry).update(value="loss", spelling="Loss"),
    "other dates": lambda entry: [Reference.objects.update(published_on="2020-01-01"), entry.delete()],
    "from one entry to another": lambda entry: [
        model.objects.filter(entry=entry).update(entry=make_entry())
        for model in (Entry.tags.through, Classification, EntityRole, EntryReference, ExternalId, Fact)
    ],
    "another number": lambda entry: Reference.objects.filter(citations=None).update(id=4711),
    "nothing left": lambda entry: [Reference.objects.all().delete(), Entry.objects.all().delete()],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_mended_is_as_if_it_were_read_anew(entry, change):
    make_entry(tags=["law", "maps"], facts={"harms": ["Injury", "Death"]}, occurred_on="2020")
    make_reference(published_on="2021")
    assert as_if_read_anew()

    change(entry)

    assert as_if_read_anew()


def test_another_part_is_had_at_once(entry):
    ids, ann = held.ids(Entry.objects.all()), EntityRole.objects.get().entity_id
    assert held.parts(ids)[Role.AUTHOR].tolist() == [ann]

    EntityRole.objects.update(role=Role.SYSTEM)

    assert held.parts(ids)[Role.AUTHOR].tolist() == []
    assert held.parts(ids)[Role.SYSTEM].tolist() == [ann]


def test_of_a_write_to_one_entry_no_other_is_read(entry, django_assert_num_queries):
    other = make_entry(tags=["law"], facts={"harms": ["Injury"]})
    before = {read: read() for read in READ}

    other.tags.add(make_tag("ships"))

    with CaptureQueriesContext(connection) as asked:
        assert held.tags() is not before[held.tags]
    assert [f"IN ({other.pk})" in query["sql"] for query in asked.captured_queries] == [True]
    with django_assert_num_queries(0):
        assert held.facts() is before[held.facts]


def test_of_more_writes_than_are_noted_all_is_read_anew(entry):
    assert as_if_read_anew()
    others = Entry.objects.bulk_create([Entry(kind="note", title=str(at), slug=str(at)) for at in range(40)])
    tags = Tag.objects.bulk_create([Tag(name=str(at), slug=str(at), normal=str(at)) for at in range(40)])
    assert len(others) * len(tags) > writes.NOTED

    Entry.tags.through.objects.bulk_create([Entry.tags.through(entry=one, tag=tag) for one in others for tag in tags])

    assert as_if_read_anew()
    assert len(held.tags().entries) == 1 + len(others) * len(tags)


def test_what_is_replaced_is_noticed_although_no_trigger_is_told(entry):
    other = make_entry(ids={"aiid": "8"})
    assert as_if_read_anew()

    with connection.cursor() as cursor:
        cursor.execute("REPLACE INTO kb_externalid (entry_id, namespace, value) VALUES (%s, 'aiid', '7')", [other.pk])
    assert ExternalId.objects.filter(entry=entry).count() == 0, "the row of another entry is gone"
    assert as_if_read_anew()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE OR REPLACE kb_externalid SET value = '7'")
    assert ExternalId.objects.count() == 1
    assert as_if_read_anew()


@pytest.mark.parametrize(
    "lost", ["DROP TRIGGER kb_writes_update_kb_fact", "DELETE FROM kb_writes", "DROP TABLE kb_writes"]
)
def test_where_one_write_might_not_be_counted_every_write_drops_everything(entry, lost):
    with connection.cursor() as cursor:
        if lost.startswith("DROP TABLE"):
            for table in writes.COUNTED:
                for event, *_ in writes.EVENTS:
                    cursor.execute(f"DROP TRIGGER kb_writes_{event}_{table}")
        cursor.execute(lost)
    before = [read() for read in READ]

    Tag.objects.update(name="Law")
    assert not any(read() is old for read, old in zip(READ, before, strict=True))
    Fact.objects.update(spelling="INJURY")
    assert held.facts().names == [("harms", "injury", "INJURY")]


def test_after_migrations_they_are_there_again(entry):
    assert len(held.tags().entries) == 1
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER kb_writes_delete_kb_entry_tags")
    entry.tags.clear()

    call_command("migrate", verbosity=0)

    before = held.tags()
    assert len(before.entries) == 0, "whatever was written before they were there again"
    Tag.objects.update(name="Law")
    assert held.tags() is before


def test_a_hidden_or_deleted_entry_is_gone_at_once(client, entry):
    def counted() -> bool:
        return "Injury" in client.get("/incidents/").content.decode()

    assert counted()
    Entry.objects.update(visibility="internal")
    assert not counted()
    Entry.objects.update(visibility="public")
    assert counted()
    entry.delete()
    assert not counted()
