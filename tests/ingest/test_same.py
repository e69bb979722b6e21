"""Published sameness: identifiers that name one event meet, and what a namespace counts as two stays two."""

import pytest

from ingest.records import DuplicateRecord, EntryRecord, ReferenceRecord, SameRecord
from ingest.writing import batch
from ingest.writing.duplicates import write_duplicates, write_same
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By
from kb import curating
from kb.models import Entry, ExternalId, Link, UnresolvedSame
from search.models import Indexing
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def same(*ids: tuple[str, str]) -> str:
    return write_same([SameRecord(ids=list(ids))], By("aiid"))[0].outcome


def incident(number: str, namespace: str = "aiid") -> EntryRecord:
    return EntryRecord(key=number, kind="incident", title=f"Event {number}", external_ids=[(namespace, number)])


def ids(entry: Entry | None) -> list[str]:
    assert entry is not None
    return [f"{one.namespace} {one.value}" for one in entry.external_ids.all()]


def test_an_identifier_is_added_to_the_entry_that_has_the_other():
    entry = make_entry(ids={"aiid": "7"})

    assert same(("aiid", "7"), ("oecd", "2022-x")) == "updated"
    assert same(("aiid", "7"), ("oecd", "2022-x")) == "unchanged"
    assert ids(entry) == ["aiid 7", "oecd 2022-x"]


def test_two_entries_that_are_one_are_merged():
    kept, gone = make_entry(title="Kept", ids={"aiid": "7"}), make_entry(title="Gone", ids={"oecd": "2022-x"})

    assert same(("aiid", "7"), ("oecd", "2022-x")) == "updated"

    assert list(Entry.objects.all()) == [kept]
    assert ids(kept) == ["aiid 7", "oecd 2022-x"]
    assert not Entry.objects.filter(pk=gone.pk).exists()


def test_what_one_namespace_counts_as_two_is_linked_instead():
    """OECD has one number for what the AI Incident Database counts as two incidents."""
    one, other = make_entry(ids={"aiid": "8"}), make_entry(ids={"aiid": "9"})
    same(("aiid", "8"), ("oecd", "2022-x"))

    assert same(("aiid", "9"), ("oecd", "2022-x")) == "updated"

    assert Entry.objects.count() == 2
    assert (ids(one), ids(other)) == (["aiid 8", "oecd 2022-x"], ["aiid 9"])
    assert {(link.entry, link.target) for link in Link.objects.all()} == {(other, one)}


def test_what_is_not_here_waits_until_either_arrives():
    assert [same(("aiid", "7"), ("oecd", "2022-x")) for _ in "ab"] == ["waiting"] * 2
    assert same(("aiid", "8"), ("oecd", "2023-y")) == "waiting"
    assert ExternalId.objects.count() == 0

    (ours,) = write_entries([incident("7")], By("aiid"))
    (theirs,) = write_entries([incident("2023-y", "oecd")], By("oecd"))

    assert ids(ours.entry) == ["aiid 7", "oecd 2022-x"]
    assert ours.fields["identifiers"] == {"added": ["aiid 7", "oecd 2022-x"]}
    assert ids(theirs.entry) == ["oecd 2023-y", "aiid 8"]
    assert not UnresolvedSame.objects.exists()
    assert same(("aiid", "7"), ("oecd", "2022-x")) == "unchanged"
    assert write_entries([incident("7")], By("aiid"))[0].outcome == "unchanged"


def test_what_arrives_meets_the_entry_that_has_its_other_number():
    """The list came first, then what its second number names, and its first one last."""
    same(("aiid", "7"), ("oecd", "2022-x"))
    (theirs,) = write_entries([incident("2022-x", "oecd")], By("oecd"))

    (ours,) = write_entries([incident("7")], By("aiid"))

    assert ours.entry == theirs.entry
    assert Entry.objects.count() == 1


def test_of_two_that_wait_for_one_number_the_first_gets_it_and_the_second_is_linked():
    for number in ("8", "9"):
        same(("aiid", number), ("oecd", "2022-x"))

    batch.write([incident("9"), incident("8")], By("aiid"))

    nine, eight = Entry.objects.order_by("id")
    assert (ids(nine), ids(eight)) == (["aiid 9", "oecd 2022-x"], ["aiid 8"])
    assert [(link.entry, link.target) for link in Link.objects.all()] == [(eight, nine)]
    assert not UnresolvedSame.objects.exists()


def test_a_number_that_another_has_makes_no_one_of_it_and_what_is_not_here():
    eight = make_entry(ids={"aiid": "8", "oecd": "2022-x"})

    assert same(("aiid", "9"), ("oecd", "2022-x")) == "waiting"
    assert ids(eight) == ["aiid 8", "oecd 2022-x"]

    write_entries([incident("9")], By("aiid"))
    assert [link.target for link in Link.objects.all()] == [eight]


def test_what_waits_comes_along_with_a_duplicate_too():
    kept = make_entry(ids={"aiid": "1"})
    same(("aiid", "9"), ("oecd", "2022-x"))
    same(("avid", "AVID-2022-V001"), ("oecd", "2022-x"))

    write_duplicates([DuplicateRecord(namespace="aiid", value="9", of="1")], By("aiid"))

    assert ids(kept) == ["aiid 1", "aiid 9", "oecd 2022-x", "avid AVID-2022-V001"]


def test_what_was_deleted_here_does_not_wait():
    entry = make_entry(ids={"aiid": "7"})
    curating.remember_deletion(entry)
    entry.delete()

    assert same(("aiid", "7"), ("oecd", "2022-x")) == "left_out"


def test_a_record_with_identifiers_of_two_entries_makes_them_one():
    kept, _ = make_entry(title="AIID's", ids={"aiid": "7"}), make_entry(title="AVID's", ids={"avid": "AVID-2023-V001"})
    record = EntryRecord(key="1", kind="incident", title="x", external_ids=[("aiid", "7"), ("avid", "AVID-2023-V001")])

    (written,) = write_entries([record], By("avid"))

    assert list(Entry.objects.all()) == [kept]
    assert [action for action, _ in written.also] == ["merged"]


def test_a_page_with_a_known_address_is_that_identifier():
    entry = make_entry(ids={"arxiv": "1706.03762"})
    page = ReferenceRecord(url="https://arxiv.org/pdf/1706.03762v5")

    (written,) = write_entries([EntryRecord(key="1", kind="note", title="x", page=page)], By("links"))

    assert written.entry == entry


def test_a_shared_page_makes_no_one_of_two_records_with_numbers_of_their_own():
    page = ReferenceRecord(url="https://list.example/page")
    records = [
        EntryRecord(key=n, kind="incident", title=f"Event {n}", external_ids=[("list", n)], page=page)
        for n in ("1", "2")
    ]

    for record in records:
        write_entries([record], By("list"))

    assert Entry.objects.count() == 2
    assert [written.outcome for record in records for written in write_entries([record], By("list"))] == [
        "unchanged"
    ] * 2


def test_a_new_identifier_can_be_found():
    entry = make_entry(ids={"aiid": "7"})
    Indexing.objects.all().delete()

    same(("aiid", "7"), ("oecd", "2022-x"))

    assert list(Indexing.objects.values_list("pk", flat=True)) == [entry.pk]


def test_the_link_between_two_stays_when_the_record_of_one_changes():
    record = EntryRecord(key="9", kind="incident", title="x", external_ids=[("aiid", "9")])
    write_entries([record], By("aiid"))
    make_entry(ids={"aiid": "8", "oecd": "2022-x"})
    same(("aiid", "9"), ("oecd", "2022-x"))

    write_entries([record.model_copy(update={"title": "y"})], By("aiid"))

    assert Link.objects.count() == 1


def test_a_number_that_two_of_one_database_share_makes_no_one_of_them():
    """OECD counts as one what the AI Incident Database counts as two, whoever says so."""
    records = [
        EntryRecord(key=n, kind="incident", title=f"Event {n}", external_ids=[("aiid", n), ("oecd", "2022-x")])
        for n in ("8", "9")
    ]

    outcomes = [write_entries([record], By("aiid"))[0].outcome for record in records]

    assert outcomes == ["created", "created"]
    assert [ids(entry) for entry in Entry.objects.order_by("id")] == [["aiid 8", "oecd 2022-x"], ["aiid 9"]]
    assert [write_entries([record], By("aiid"))[0].outcome for record in records] == ["unchanged"] * 2


def test_two_notes_about_one_paper_are_two():
    page = ReferenceRecord(url="https://arxiv.org/abs/1706.03762")
    notes = [
        EntryRecord(key=n, kind="note", title=f"Note {n}", external_ids=[("notes", n)], page=page) for n in ("a", "b")
    ]

    results = batch.write(notes, By("markdown"))

    assert [getattr(result, "outcome", result) for result in results] == ["created", "created"]
    assert [ids(entry) for entry in Entry.objects.order_by("id")] == [["notes a", "arxiv 1706.03762"], ["notes b"]]
