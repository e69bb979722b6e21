"""What is held of one table is kept through writes to others, and never through a write to its own."""

import pytest
from django.core.management import call_command
from django.db import connection

from kb import held, writes
from kb.models import Entry, ExternalId, Fact, Tag
from tests.factories import make_entry, make_tag
from tests.kb.held_things import READ, as_if_read_anew, with_everything

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts writes by table"),
]


@pytest.fixture
def entry() -> Entry:
    return with_everything()


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
