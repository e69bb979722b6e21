"""What is held is mended where it is known of which entries what was written is, and is as if it were read anew."""

from contextlib import closing

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from kb import held, writes, writes_on_postgres
from kb.models import Classification, EntityRole, Entry, EntryReference, ExternalId, Fact, Reference, Tag
from kb.roles import Role
from tests.factories import make_entry, make_reference, make_tag
from tests.kb.held_things import as_if_read_anew, with_everything
from tests.process.instance import until

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")


@pytest.fixture
def entry() -> Entry:
    return with_everything()


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


def test_of_a_write_to_one_entry_no_other_is_read(entry):
    other = make_entry(tags=["law"], facts={"harms": ["Injury"]})
    assert as_if_read_anew()
    facts = held.facts()

    other.tags.add(make_tag("ships"))

    assert read_of(other) == [True]
    assert as_if_read_anew()
    assert held.facts() is facts


def test_of_more_writes_than_are_noted_all_is_read_anew(entry):
    assert as_if_read_anew()
    others = Entry.objects.bulk_create([Entry(kind="note", title=str(at), slug=str(at)) for at in range(40)])
    tags = Tag.objects.bulk_create([Tag(name=str(at), slug=str(at), normal=str(at)) for at in range(40)])
    assert len(others) * len(tags) > writes.NOTED

    Entry.tags.through.objects.bulk_create([Entry.tags.through(entry=one, tag=tag) for one in others for tag in tags])

    assert as_if_read_anew()
    assert len(held.tags().entries) == 1 + len(others) * len(tags)


def read_of(*entries: Entry) -> list[bool]:
    """Whether tags are read of these entries alone, asked for each statement that reads tags."""
    with CaptureQueriesContext(connection) as asked:
        held.tags()
    named = ",".join(str(entry.pk) for entry in entries)
    return [
        f"IN ({named})" in query["sql"] for query in asked.captured_queries if 'FROM "kb_entry_tags"' in query["sql"]
    ]


@on_postgres
def test_a_transaction_that_ends_after_others_that_began_later(entry):
    first, second = make_entry(), make_entry()
    tag = Tag.objects.get()
    assert as_if_read_anew()

    with closing(connections.create_connection("default")) as slow:
        slow.set_autocommit(False)
        with slow.cursor() as cursor:
            cursor.execute("INSERT INTO kb_entry_tags (entry_id, tag_id) VALUES (%s, %s)", [first.pk, tag.pk])
        second.tags.add(tag)
        assert sorted(held.tags().entries.tolist()) == [entry.pk, second.pk]
        slow.commit()

    assert read_of(first) == [True]
    assert sorted(held.tags().entries.tolist()) == [entry.pk, first.pk, second.pk]


@on_postgres
@pytest.mark.parametrize(
    "done",
    [
        "TRUNCATE kb_entry_tags",
        "ALTER TABLE kb_fact DISABLE TRIGGER kb_writes_update",
        "DROP TRIGGER kb_writes_delete ON kb_reference",
        "UPDATE kb_written_from SET writer = pg_current_xact_id()",
        "DROP TABLE kb_written_from",
    ],
)
def test_where_not_every_write_is_noted_all_is_read_anew(entry, done):
    other = make_entry()
    assert as_if_read_anew()
    try:
        with connection.cursor() as cursor:
            cursor.execute(done)
        other.tags.add(make_tag("ships"))

        assert read_of(other) == [False]
        assert as_if_read_anew()
    finally:
        writes_on_postgres.install("default")


@on_postgres
def test_what_was_forgotten_is_read_anew(entry, monkeypatch):
    other = make_entry()
    assert as_if_read_anew()
    other.tags.add(make_tag("ships"))
    monkeypatch.setattr(writes_on_postgres, "KEPT_MINUTES", -1)

    writes_on_postgres.forget()

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM kb_written")
        assert cursor.fetchone() == (0,)
    assert read_of(other) == [False]
    assert as_if_read_anew()


@on_postgres
def test_on_another_server_it_begins_anew(entry):
    other = make_entry()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kb_written_from SET writer = '9000000000000000000'")

    writes_on_postgres.install("default")

    until("all that ran beside it on this server have ended", begins_after_all_others)
    assert as_if_read_anew()
    other.tags.add(make_tag("ships"))
    assert read_of(other) == [True]


def begins_after_all_others() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT writer < pg_snapshot_xmin(pg_current_snapshot()) FROM kb_written_from")
        return cursor.fetchone()[0]
