"""After an import, what may be the same is proposed, with its evidence; and only that."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ingest import matching
from ingest.matching.job import WAIT
from kb import jobs, proposals
from kb.models import Change, Entry, Job, Link, Proposal
from kb.models.jobs import JobState
from kb.models.provenance import Action
from search import indexing
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db

CITIES = ("Oslo", "Lima", "Quito", "Hanoi", "Dakar", "Perth", "Turin", "Basel", "Kyoto", "Leeds", "Porto", "Cork")


def import_of(*entries: Entry) -> Job:
    """A finished import that made these entries."""
    job = Job.objects.create(kind="ingest", parameters={}, state=JobState.DONE)
    for entry in entries:
        Change.objects.create(job=job, entry=entry, title=entry.title, kind=entry.kind, action=Action.CREATED)
    return job


def match(*entries: Entry) -> Job:
    """Do the job that follows an import of these entries, as a worker would once they are indexed."""
    indexing.index_pending()
    job = matching.enqueue(import_of(*entries), ring=False)
    assert job is not None
    done = jobs.run(job.pk, budget_s=None)
    assert done is not None
    assert done.state == JobState.DONE, done.error
    return done


def proposed() -> set[tuple[Entry, Entry]]:
    return {(row.entry, row.other) for row in Proposal.objects.all()}


@pytest.fixture
def others() -> list[Entry]:
    """Entries about other things, so that it shows which words are rare."""
    return [
        make_entry(
            title=f"Camera in {city} fines parked cars",
            summary=f"An automatic camera of the city of {city} fined drivers whose cars were parked where they may.",
            occurred_on=f"2019-0{number % 9 + 1}",
            entities={"deployer": [f"City of {city}"]},
        )
        for number, city in enumerate(CITIES)
    ]


@pytest.fixture
def ferry() -> Entry:
    return make_entry(
        title="Autopilot of the ferry Solvang steers onto a reef",
        summary="The autopilot of the ferry Solvang took a reef off Bodo for open water. Twelve passengers were hurt.",
        occurred_on="2024-02-14",
        entities={"deployer": ["Nordlys Ferries"], "developer": ["Helm AI"]},
        ids={"aiid": "912"},
    )


@pytest.fixture
def retold() -> Entry:
    return make_entry(
        title="Norwegian ferry Solvang runs aground on autopilot",
        summary="Helm AI's autopilot steered the Solvang, a ferry of Nordlys, onto a reef near Bodo; twelve were hurt.",
        occurred_on="2024-02",
        entities={"deployer": ["Nordlys Ferries"]},
        ids={"aiaaic": "AIAAIC1500"},
    )


def test_an_event_told_twice_is_proposed_with_what_speaks_for_it(others, ferry, retold):
    done = match(retold)

    assert proposed() == {(ferry, retold)}
    proposal = Proposal.objects.get()
    assert 0.5 < proposal.score <= 1
    told = "\n".join(proposals.evidence_lines(proposal))
    assert "solvang" in told
    assert "Both name Nordlys Ferries" in told
    assert "The dates are 2024-02-14 and 2024-02" in told
    assert "Nearness in meaning" in told
    assert done.counts == {"proposed": 1, "withdrawn": 0}


def test_two_events_of_one_company_in_one_week_are_two(others, ferry):
    second = make_entry(
        title="Nordlys ticket chatbot invents a refund rule",
        summary="A chatbot of Nordlys Ferries promised a traveller money back under a rule that never was.",
        occurred_on="2024-02-16",
        entities={"deployer": ["Nordlys Ferries"]},
    )

    match(ferry, second)

    assert proposed() == set()


def test_one_article_about_two_incidents_does_not_make_them_one(others):
    article = make_reference(url="https://news.example/a-bad-year-for-robots")
    robot = make_entry(
        title="Warehouse robot breaks a shelf",
        summary="A picking robot drove into a shelf at night. Nobody was there.",
        occurred_on="2023-03-02",
        entities={"deployer": ["Pakko"]},
        references=[article],
    )
    tutor = make_entry(
        title="Tutoring app marks right answers wrong",
        summary="Pupils lost points because an app could not read fractions.",
        occurred_on="2021-11",
        entities={"deployer": ["Lernix"]},
        references=[article],
    )

    match(robot, tutor)

    assert proposed() == set()


def test_one_article_about_two_accounts_of_one_event_is_strong_evidence(others):
    article = make_reference(url="https://news.example/solvang")
    first = make_entry(
        title="Ferry autopilot hits reef", summary="A ship was steered onto rocks.", references=[article]
    )
    second = make_entry(
        title="Grounding of a Norwegian ferry", summary="A vessel under autopilot hit a reef.", references=[article]
    )

    match(second)

    assert proposed() == {(first, second)}
    assert "Both rest on https://news.example/solvang" in proposals.evidence_lines(Proposal.objects.get())


def test_a_copy_of_a_text_under_another_title_is_proposed(others):
    text = (
        "The lift of a block in Ghent stopped between floors for nine hours because its new controller had learned "
        "that nobody used it on Sundays. Two tenants were freed by the fire brigade. The maker replaced the controller "
        "in forty buildings and said that it would no longer learn from fewer than ten weeks."
    )
    first = make_entry(title="Stuck for nine hours", body=text)
    second = make_entry(title="Learning lift strands tenants", body=text + " The city wants a report by May.")

    match(second)

    assert proposed() == {(first, second)}
    assert any("of the wording is the same" in line for line in proposals.evidence_lines(Proposal.objects.get()))


def test_two_numbers_of_one_database_are_two_incidents_however_alike(others, ferry):
    make_entry(
        title=ferry.title, summary=ferry.summary, occurred_on="2024-02-14", ids={"aiid": "913"}, slug="the-other"
    )

    match(ferry)

    assert proposed() == set()


def test_of_two_that_a_database_tells_apart_the_likelier_is_proposed(others, ferry, retold):
    likelier = make_entry(
        title=ferry.title, summary=ferry.summary, occurred_on="2024-02-14", ids={"aiaaic": "AIAAIC1501"}
    )

    match(ferry)
    assert proposed() == {(ferry, likelier)}

    match(retold)
    assert proposed() == {(ferry, likelier)}


def test_a_note_about_an_incident_is_not_the_incident(others, ferry):
    make_entry(kind="note", title=ferry.title, summary=ferry.summary, occurred_on="2024-02-14")

    match(ferry)

    assert proposed() == set()


def test_matching_twice_changes_nothing(others, ferry, retold):
    match(ferry, retold)
    before = list(Proposal.objects.values())

    done = match(ferry, retold)

    assert list(Proposal.objects.values()) == before
    assert done.counts == {"proposed": 0, "withdrawn": 0}


def test_what_was_declined_is_not_proposed_again(others, ferry, retold, admin_user):
    match(retold)
    proposals.decline(Proposal.objects.get(), admin_user)

    match(ferry, retold)

    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.decided_by) == ("declined", admin_user)


def test_what_is_linked_is_known_to_be_two(others, ferry, retold):
    Link.objects.create(entry=retold, target=ferry)

    match(retold)

    assert proposed() == set()


def test_a_proposal_follows_what_its_entries_say(others, ferry, retold):
    match(retold)
    score = Proposal.objects.get().score

    retold.title = ferry.title
    retold.save()
    match(retold)
    assert Proposal.objects.get().score > score

    retold.title, retold.summary = "Bakery scale misreads bread", "A scale in a bakery took rolls for baguettes."
    retold.roles.all().delete()
    retold.save()
    assert match(retold).counts == {"proposed": 0, "withdrawn": 1}
    assert proposed() == set()


def test_without_an_index_there_is_less_evidence_and_still_some(others, ferry, retold, monkeypatch):
    monkeypatch.setattr("ingest.matching.job.registered", lambda: None)

    match(retold)

    assert proposed() == {(ferry, retold)}
    assert "meaning" not in Proposal.objects.get().evidence["signals"]


def test_the_job_waits_for_the_index_but_not_for_ever(others, ferry, retold):
    job = matching.enqueue(import_of(retold), ring=False)
    assert job is not None

    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.PENDING
    assert job.not_before is not None
    assert timezone.now() < job.not_before <= timezone.now() + WAIT
    assert "14 entries" in job.phase

    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=2), not_before=None)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert proposed() == {(ferry, retold)}


def test_an_import_that_changed_nothing_is_followed_by_nothing(ferry):
    assert matching.enqueue(import_of()) is None


def test_an_entry_that_is_gone_by_then_is_passed_over(others, ferry, retold):
    job = import_of(ferry, retold)
    ferry.delete()
    indexing.index_pending()

    follower = matching.enqueue(job, ring=False)
    assert follower is not None
    done = jobs.run(follower.pk)

    assert done is not None
    assert (done.state, done.done) == (JobState.DONE, 1)
