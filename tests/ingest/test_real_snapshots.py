"""The databases' own snapshots and the reading note this was made for, taken in as a user would."""

import csv
import io
import tarfile
from collections import Counter

import pytest
from django.db import transaction

from ingest.pipeline import start_import
from kb import jobs
from kb.models import Category, Classification, EntityAlias, Entry, ExternalId, Job, Taxonomy, UnresolvedLink
from tests.ingest.contents import contents
from tests.real_inputs import needs_real_inputs, real_input

pytestmark = [pytest.mark.django_db, pytest.mark.thorough, needs_real_inputs]

FEBRUARY = "aiid/backup-20250210000000.tar.bz2"
MARCH = "aiid/backup-20250324000000.tar.bz2"
OECD = "links/aiid-oecd-2025-09.json"
PROPOSED = 1  # addresses that wait for review in February


def take_in(source: str, location: str = "") -> Job:
    job = start_import(source, location, {}, ring=False)
    jobs.run(job.pk, budget_s=None)
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    return job


def counts(job: Job) -> tuple[int, int, int, int]:
    return tuple(job.counts[name] for name in ("created", "updated", "unchanged", "failed"))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def imported(django_db_setup, django_db_blocker):
    """The jobs that took in the starter collection, February, February again, March and March again, once for all."""
    archives = [str(real_input(name)) for name in (FEBRUARY, FEBRUARY, MARCH, MARCH)]
    with django_db_blocker.unblock(), transaction.atomic():
        yield [take_in("starter"), *(take_in("aiid", archive) for archive in archives)]
        transaction.set_rollback(True)


def numbers(name: str) -> set[str]:
    """The numbers of all incidents that the snapshot lists."""
    with tarfile.open(real_input(name)) as archive:
        table = archive.extractfile("mongodump_full_snapshot/incidents.csv")
        assert table
        return {row["incident_id"] for row in csv.DictReader(io.StringIO(table.read().decode(), newline=""))}


def duplicates() -> dict[str, str]:
    """Withdrawn number -> the number that stands for it."""
    with tarfile.open(real_input(MARCH)) as archive:
        table = archive.extractfile("mongodump_full_snapshot/duplicates.csv")
        assert table
        rows = csv.DictReader(io.StringIO(table.read().decode(), newline=""))
        return {row["duplicate_incident_number"]: row["true_incident_number"] for row in rows}


def incident(number: str) -> Entry:
    return Entry.objects.with_external_id("aiid", number).get()


def test_every_incident_is_taken_in_and_none_twice(imported):
    starter, february, _, march, _ = imported

    known = ExternalId.objects.filter(namespace="aiid")
    ours = {
        row["external_ids__value"]
        for row in Entry.objects.filter(source="starter", external_ids__namespace="aiid").values("external_ids__value")
    }
    assert counts(starter)[1:] == (0, 0, 0)
    assert (february.counts["failed"], march.counts["failed"]) == (0, 0)
    # One that is still listed, 637, was withdrawn in favour of 112.
    assert sum(counts(february)) == len(numbers(FEBRUARY)) - 1 + PROPOSED
    assert sum(counts(march)) == len(numbers(MARCH)) - 1
    assert (february.counts["duplicates"], march.counts["duplicates"]) == (12, 12)
    listed = numbers(FEBRUARY) | numbers(MARCH) | duplicates().keys()
    assert listed <= set(known.values_list("value", flat=True)) <= listed | ours


def test_the_same_snapshot_again_changes_nothing(imported):
    _, _, february, _, march = imported

    assert counts(february) == (0, 0, len(numbers(FEBRUARY)) - 1 + PROPOSED, 0)
    assert counts(march) == (0, 0, len(numbers(MARCH)) - 1, 0)


def test_every_number_leads_to_one_entry_and_duplicates_to_what_stands_for_them(imported):
    holders = Counter(ExternalId.objects.filter(namespace="aiid").values_list("value", flat=True))

    assert {number: holders[number] for number in numbers(MARCH) | numbers(FEBRUARY) if holders[number] != 1} == {}
    astray = {gone: kept for gone, kept in duplicates().items() if incident(gone) != incident(kept)}
    assert astray == {}
    assert incident("637") == incident("112")


def test_an_incident_of_both_is_one_entry_in_our_words(imported):
    """The starter collection tells some of them; AIID adds parties and its page, and leaves the words alone."""
    entry = incident("112")

    assert entry.source == "starter"
    assert "https://incidentdatabase.ai/cite/112/" in entry.references.values_list("url", flat=True)
    assert "ShotSpotter" in entry.roles.filter(role="developer").values_list("entity__name", flat=True)
    assert [
        source for source in entry.roles.values_list("source", flat=True) if source not in ("starter", "aiid")
    ] == []


@pytest.mark.parametrize(
    ("number", "occurred", "deployers"),
    [
        ("1", "2015-05-19", ["YouTube"]),
        ("241", "2022-07-21", ["Russian Chess Federation"]),
        ("1000", "2025-03-23", ["OpenAI"]),
    ],
)
def test_facts_of_some_incidents(imported, number, occurred, deployers):
    entry = incident(number)

    assert (entry.kind, entry.source, entry.licence) == ("incident", "aiid", "CC-BY-SA-4.0")
    assert entry.occurred == occurred
    assert [role.entity.name for role in entry.roles.filter(role="deployer")] == deployers


def test_what_was_proposed_and_not_reviewed_is_a_draft(imported):
    drafts = Entry.objects.filter(source="aiid", status="draft")

    assert drafts.count() == PROPOSED
    assert drafts.get().title.startswith("x.com: ")


def test_classifications_are_those_that_were_published(imported):
    """March tells CSETv1 without its definitions; it must come to what February told with them."""
    labels = Counter(Classification.objects.values_list("category__taxonomy__name", flat=True))
    seventh = Category.objects.get(taxonomy__name="MIT", name="7. AI system safety, failures, and limitations")

    assert labels["MIT"] == 5 * 868
    assert labels["CSETv1"] == 7050
    assert seventh.classifications.count() == 269
    assert seventh.parent
    assert seventh.parent.name == "Risk Domain"
    sectors = Category.objects.filter(taxonomy__name="CSETv1", parent__name="Sector of Deployment")
    assert sectors.get(name="Arts, entertainment and recreation").classifications.count() == 35
    assert not sectors.filter(name="Arts").exists()


def test_taxonomies_say_what_they_mean(imported):
    assert set(Taxonomy.objects.values_list("name", flat=True)) >= {"CSETv0", "CSETv1", "GMF", "MIT"}
    harm = Category.objects.get(taxonomy__name="CSETv1", parent=None, name="Tangible Harm")
    assert harm.description
    assert harm.taxonomy.url == "https://incidentdatabase.ai/taxonomy/csetv1/"
    assert harm.children.count() == 5


@pytest.mark.parametrize(
    ("key", "name"),
    [("openai", "OpenAI"), ("x-(twitter)-users", "X (Twitter) users"), ("qure.ai", "Qure.ai"), ("youtube", "YouTube")],
)
def test_entities_are_called_as_the_entity_table_calls_them(imported, key, name):
    """March has no entity table; it makes names from the slugs, and must not rename what February named."""
    assert EntityAlias.objects.get(namespace="aiid", key=key).entity.resolved().name == name


def test_entities_are_there_once(imported):
    names = Counter(EntityAlias.objects.filter(namespace="").values_list("normal", flat=True))

    assert [name for name, times in names.items() if times > 1] == []


def test_links_of_the_starter_collection_lead_somewhere(imported):
    assert not UnresolvedLink.objects.exists()


def test_the_reading_note_keeps_what_it_says():
    path = real_input("seed/LLM.md")
    text = path.read_text(encoding="utf-8")

    job = take_in("markdown", str(path))

    entry = Entry.objects.get(source="markdown")
    assert counts(job) == (1, 0, 0, 0)
    assert (entry.kind, entry.title, entry.occurred) == ("note", "LLM", "2025-02-05")
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(sections) >= 7
    assert [line for line in entry.body.splitlines() if line.startswith("## ")] == sections
    urls = list(entry.references.values_list("url", flat=True))
    assert len(urls) >= 11
    assert all(url in text for url in urls)
    assert any("arxiv.org/pdf/1706.03762" in url for url in urls)
    assert len(entry.facts["questions"]) == 5
    assert entry.facts["questions"][0] == "What is multi-headed attentions"
    assert "`C=1/m X^T X`" in entry.body
    assert "O(n^3)" in entry.body
    assert not entry.tags.exists(), "the line of tags is empty"


def test_the_reading_note_again_changes_nothing():
    path = str(real_input("seed/LLM.md"))
    take_in("markdown", path)
    before = contents()

    assert counts(take_in("markdown", path)) == (0, 0, 1, 0)
    assert contents() == before
