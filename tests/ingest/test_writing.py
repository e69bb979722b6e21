"""Records become entries: created, updated, left alone, joined, merged."""

import pytest
from django.core.exceptions import ValidationError

from ingest.records import DuplicateRecord, EntityRecord, EntryRecord
from ingest.writing.duplicates import write_duplicates
from ingest.writing.entities import write_entities
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By, Outcome
from kb.models import (
    Classification,
    Entity,
    EntityAlias,
    Entry,
    ExternalId,
    Link,
    Origin,
    Reference,
    Tag,
    UnresolvedLink,
)
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def record(**fields) -> EntryRecord:
    """An incident as a source might have it; every field can be replaced."""
    values = {
        "key": "row 1",
        "kind": "incident",
        "title": "Lift chose its own floors",
        "summary": "A lift went where it liked.",
        "occurred": "2023-05",
        "external_ids": [("aiid", "7")],
    }
    return EntryRecord(**{**values, **fields})


def write_entry(one: EntryRecord, source: str) -> Outcome:
    return write_entries([one], By(source))[0].outcome


def write_entity(one: EntityRecord) -> Outcome:
    return write_entities([one], By("aiid"))[0].outcome


def write_duplicate(one: DuplicateRecord) -> Outcome:
    return write_duplicates([one], By("aiid"))[0].outcome


def test_a_new_record_becomes_an_entry_with_everything_it_says():
    outcome = write_entry(
        record(
            tags=["lifts"],
            roles=[{"role": "developer", "name": "Acme", "namespace": "aiid", "key": "acme"}],
            references=[{"url": "https://news.example/lift", "title": "Lift runs wild", "published": "2023-05-09"}],
            classifications=[{"taxonomy": "Harms", "category": ("Physical", "Trapped")}],
            facts={"country": ["norway"]},
            licence="CC-BY-SA-4.0",
        ),
        "aiid",
    )

    entry = Entry.objects.get()
    assert outcome == "created"
    assert (entry.title, entry.slug, entry.kind) == (
        "Lift chose its own floors",
        "lift-chose-its-own-floors",
        "incident",
    )
    assert (entry.occurred, entry.facts, entry.source) == ("2023-05", {"country": ["norway"]}, "aiid")
    assert [str(tag) for tag in entry.tags.all()] == ["lifts"]
    assert [str(role) for role in entry.roles.all()] == ["Acme (developer)"]
    assert [(r.title, r.published) for r in entry.references.all()] == [("Lift runs wild", "2023-05-09")]
    category = entry.classifications.get().category
    assert category.parent
    assert (category.name, category.parent.name, category.taxonomy.name) == ("Trapped", "Physical", "Harms")
    assert entry.history.count() == 1


def test_the_same_record_again_changes_nothing():
    full = record(
        tags=["lifts"],
        roles=[{"role": "developer", "name": "Acme", "namespace": "aiid", "key": "acme"}],
        references=[{"url": "https://news.example/lift", "title": "Lift runs wild"}],
        links=[{"relation": "see_also", "target": "somewhere-else"}],
        page={"url": "https://incidents.example/7/"},
    )
    write_entry(full, "aiid")

    assert write_entry(full, "aiid") == "unchanged"
    assert Entry.objects.get().history.count() == 1


def test_a_changed_record_updates_the_entry_and_takes_back_what_it_no_longer_says():
    write_entry(record(tags=["lifts"], roles=[{"role": "developer", "name": "Acme"}]), "aiid")

    outcome = write_entry(record(title="Lift refused to stop", tags=["doors"]), "aiid")

    entry = Entry.objects.get()
    assert outcome == "updated"
    assert entry.title == "Lift refused to stop"
    assert [tag.name for tag in entry.tags.all()] == ["doors"]
    assert not entry.roles.exists()
    assert [row.title for row in entry.history.all()] == ["Lift refused to stop", "Lift chose its own floors"]


def test_another_source_adds_to_the_entry_and_leaves_its_words_alone():
    write_entry(record(title="Our own words", summary="What we say.", external_ids=[("aiid", "7")]), "starter")

    outcome = write_entry(
        record(
            roles=[{"role": "harmed", "name": "Tenants"}],
            page={"url": "https://incidents.example/7/", "title": "Incident 7"},
            licence="CC-BY-SA-4.0",
        ),
        "aiid",
    )

    entry = Entry.objects.get()
    page = entry.references.get()
    assert outcome == "updated"
    assert (entry.title, entry.summary, entry.source) == ("Our own words", "What we say.", "starter")
    assert [role.entity.name for role in entry.roles.all()] == ["Tenants"]
    assert (page.title, page.text, page.text_licence) == ("Incident 7", "A lift went where it liked.", "CC-BY-SA-4.0")


def test_two_sources_in_turn_come_to_rest():
    ours = record(title="Our own words", roles=[{"role": "developer", "name": "Acme"}])
    theirs = record(roles=[{"role": "harmed", "name": "Tenants"}], page={"url": "https://incidents.example/7/"})
    write_entry(ours, "starter")
    write_entry(theirs, "aiid")

    assert [write_entry(ours, "starter"), write_entry(theirs, "aiid")] == ["unchanged", "unchanged"]


def test_one_report_is_shared_by_the_entries_that_cite_it():
    write_entry(record(references=[{"url": "https://www.news.example/lift/?utm_source=x"}]), "aiid")
    write_entry(record(external_ids=[("aiid", "8")], references=[{"url": "http://news.example/lift"}]), "aiid")

    assert Reference.objects.count() == 1
    assert Reference.objects.get().entries.count() == 2


def test_a_record_without_identifiers_is_known_by_its_text():
    plain = record(external_ids=[])

    assert write_entry(plain, "csv") == "created"
    assert write_entry(plain, "csv") == "unchanged"
    assert write_entry(record(external_ids=[], title="Another"), "csv") == "created"


def test_facts_that_do_not_fit_the_kind_are_refused_by_name():
    with pytest.raises(ValidationError, match="floors"):
        write_entry(record(facts={"floors": 3}), "aiid")


def test_an_entity_keeps_the_name_that_its_source_gives_it():
    write_entity(EntityRecord(namespace="aiid", key="x-(twitter)", name="X (Twitter)"))
    write_entry(
        record(roles=[{"role": "deployer", "name": "x twitter", "namespace": "aiid", "key": "x-(twitter)"}]), "aiid"
    )

    assert [entity.name for entity in Entity.objects.all()] == ["X (Twitter)"]
    assert Entry.objects.get().roles.get().entity.slug == "x-twitter"


def test_an_entity_that_its_source_renames_is_renamed():
    write_entity(EntityRecord(namespace="aiid", key="facebook", name="Facebook"))

    outcome = write_entity(EntityRecord(namespace="aiid", key="facebook", name="Meta"))

    assert (outcome, Entity.objects.get().name) == ("updated", "Meta")
    assert EntityAlias.objects.filter(normal="facebook").exists(), "it can still be found by its former name"


def test_names_that_differ_in_case_and_spaces_are_one_entity():
    write_entry(record(roles=[{"role": "developer", "name": "Open  AI"}, {"role": "deployer", "name": "open ai"}]), "x")

    assert Entity.objects.count() == 1


def test_a_duplicate_leads_to_the_entry_that_stands_for_it():
    write_entry(record(), "aiid")

    write_duplicate(DuplicateRecord(namespace="aiid", value="9", of="7"))

    assert Entry.objects.with_external_id("aiid", "9").get() == Entry.objects.with_external_id("aiid", "7").get()
    assert write_duplicate(DuplicateRecord(namespace="aiid", value="9", of="7")) == "unchanged"


def test_a_duplicate_that_is_an_entry_itself_is_merged_and_its_address_leads_on():
    write_entry(record(), "aiid")
    write_entry(
        record(external_ids=[("aiid", "9")], title="Lift again", references=[{"url": "https://news.example/9"}]), "aiid"
    )

    write_duplicate(DuplicateRecord(namespace="aiid", value="9", of="7"))

    entry = Entry.objects.get()
    assert sorted(ExternalId.objects.filter(entry=entry).values_list("value", flat=True)) == ["7", "9"]
    assert [r.url for r in entry.references.all()] == ["https://news.example/9"]
    assert entry.former_slugs.get().slug == "lift-again"


def test_a_link_to_what_is_not_here_yet_waits_for_it():
    write_entry(record(links=[{"relation": "see_also", "target": "a-note"}]), "markdown")
    assert not Link.objects.exists()

    write_entry(record(kind="note", title="A note", external_ids=[("markdown", "a-note")]), "markdown")

    link = Link.objects.get()
    assert (link.entry.kind, link.relation, link.target.slug) == ("incident", "see_also", "a-note")


def test_what_a_curator_took_over_is_not_overwritten():
    entry = make_entry(title="As the curator has it", ids={"aiid": "7"}, source="")

    write_entry(record(tags=["lifts"]), "aiid")

    entry.refresh_from_db()
    assert entry.title == "As the curator has it"
    assert not Tag.objects.exists()


def test_a_slug_that_a_record_asks_for_is_kept_as_it_is():
    asking = record(slug="Lift.v2")

    write_entry(asking, "markdown")

    assert Entry.objects.get().slug == "Lift.v2"
    assert write_entry(asking, "markdown") == "unchanged"


def test_a_slug_that_another_has_or_had_is_not_taken():
    write_entry(record(slug="lift", title="First"), "markdown")
    write_entry(record(slug="lift-2000", title="First"), "markdown")
    asking = record(slug="lift", title="Second", external_ids=[("aiid", "8")])

    write_entry(asking, "markdown")

    assert dict(Entry.objects.values_list("title", "slug")) == {"First": "lift-2000", "Second": "lift-2"}
    assert write_entry(asking, "markdown") == "unchanged"


def test_two_entries_that_tell_of_one_report_differently_come_to_rest():
    first = record(references=[{"url": "https://news.example/lift", "title": "Lift runs wild"}])
    second = record(
        external_ids=[("aiid", "8")],
        references=[{"url": "http://news.example/lift/", "title": "LIFT RUNS WILD", "publisher": "The News"}],
    )
    for one in (first, second):
        write_entry(one, "aiid")

    report = Reference.objects.get()
    assert (report.title, report.publisher) == ("Lift runs wild", "The News"), "the first tells, the second fills in"
    assert [write_entry(first, "aiid"), write_entry(second, "aiid")] == ["unchanged", "unchanged"]

    write_entry(record(references=[{"url": "https://news.example/lift", "title": "Lift ran wild"}]), "aiid")

    assert Reference.objects.get().title == "Lift ran wild", "who told it first may correct it"


def test_a_reference_that_a_record_names_twice_is_told_by_the_first():
    twice = record(
        references=[
            {"url": "https://news.example/lift", "title": "Lift runs wild"},
            {"url": "https://www.news.example/lift", "title": "Lift"},
        ]
    )
    write_entry(twice, "aiid")

    assert write_entry(twice, "aiid") == "unchanged"
    assert [r.title for r in Entry.objects.get().references.all()] == ["Lift runs wild"]


def test_new_evidence_is_taken_and_a_curator_s_classification_left_alone():
    def harmful(evidence: str) -> EntryRecord:
        return record(classifications=[{"taxonomy": "Harms", "category": ("Physical",), "evidence": evidence}])

    write_entry(harmful("page 3"), "aiid")
    entry = Entry.objects.get()
    category = entry.classifications.get().category
    Classification.objects.create(entry=entry, category=category, origin=Origin.HUMAN, evidence="seen")

    assert write_entry(harmful("page 4"), "aiid") == "updated"

    assert sorted(entry.classifications.values_list("origin", "evidence")) == [
        ("human", "seen"),
        ("imported", "page 4"),
    ]
    assert write_entry(record(), "aiid") == "updated"
    assert [row.evidence for row in entry.classifications.all()] == ["seen"]


def test_a_link_waits_until_somebody_gives_an_entry_that_id():
    write_entry(record(links=[{"relation": "same_as", "target": ("oecd", "2023-05-05")}]), "markdown")
    other = record(external_ids=[("aiid", "8")], title="Another lift")
    write_entry(other, "aiid")

    write_entry(other.model_copy(update={"external_ids": [("aiid", "8"), ("oecd", "2023-05-05")]}), "aiid")

    link = Link.objects.get()
    assert (link.entry.title, link.relation, link.target.title) == (
        "Lift chose its own floors",
        "same_as",
        "Another lift",
    )
    assert not UnresolvedLink.objects.exists()


def test_a_merged_duplicate_is_at_rest():
    """What the withdrawn record said stays with the entry that stands for it, also after the next import."""
    seven = record(roles=[{"role": "developer", "name": "Acme"}])
    withdrawn = DuplicateRecord(namespace="aiid", value="9", of="7")
    write_entry(seven, "aiid")
    write_entry(record(external_ids=[("aiid", "9")], roles=[{"role": "harmed", "name": "Tenants"}]), "aiid")
    write_duplicate(withdrawn)

    assert [write_entry(seven, "aiid"), write_duplicate(withdrawn)] == ["unchanged", "unchanged"]
    assert [str(role) for role in Entry.objects.get().roles.all()] == ["Acme (developer)", "Tenants (harmed)"]


def test_other_names_of_an_entity_are_learned_when_they_come():
    write_entity(EntityRecord(namespace="aiid", key="meta", name="Meta"))

    outcome = write_entity(EntityRecord(namespace="aiid", key="meta", name="Meta", aliases=["Facebook", "META"]))

    assert outcome == "updated"
    assert set(Entity.objects.get().aliases.values_list("normal", flat=True)) == {"facebook", "meta"}
    again = EntityRecord(namespace="aiid", key="meta", name="Meta", aliases=["Facebook", "META"])
    assert write_entity(again) == "unchanged"


def test_a_long_address_can_be_what_an_entry_is_known_by():
    long = "https://notes.example/" + "/".join(["chapter"] * 50)
    noted = record(external_ids=[], kind="note", page={"url": long})
    other = record(external_ids=[], kind="note", title="Other", page={"url": long + "/x"})

    assert [write_entry(noted, "links"), write_entry(other, "links")] == ["created", "created"]
    assert [write_entry(noted, "links"), write_entry(other, "links")] == ["unchanged", "unchanged"]
    assert all(len(external.value) == 300 for external in ExternalId.objects.all())


def test_another_spelling_of_a_tag_is_that_tag():
    write_entry(record(tags=["Machine Learning", "C++"]), "aiid")
    other = record(tags=["machine-learning", "MACHINE LEARNING", "C#"], external_ids=[("aiid", "8")])

    assert [write_entry(other, "aiid") for _ in "ab"] == ["created", "unchanged"]
    assert sorted(tag.name for tag in Tag.objects.all()) == ["C#", "C++", "Machine Learning"]
    again = Entry.objects.with_external_id("aiid", "8").get()
    assert sorted(tag.name for tag in again.tags.all()) == ["C#", "Machine Learning"]
