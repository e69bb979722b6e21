"""Jobs are shown while they run, and to staff only: what they say may name files of this machine."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.models import Change, Job, JobProblem
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def make_job(**fields) -> Job:
    return Job.objects.create(**{"kind": "ingest", "parameters": {"location": "/home/me/a.csv"}, **fields})


@pytest.mark.parametrize("address", ["/jobs/", "/jobs/1/"])
def test_others_are_asked_to_sign_in(client, address):
    make_job()

    response = client.get(address)

    assert response.status_code == 302
    assert response.headers["Location"] == f"/admin/login/?next={address}"


def test_a_running_job_shows_how_far_it_is_and_asks_again(staff):
    job = make_job(state="running", done=30, total=120, counts={"created": 28, "failed": 2})
    JobProblem.objects.create(job=job, key="row <7>", reason="title: is missing")

    page = staff.get(job.get_absolute_url()).content.decode()

    assert '<progress max="100" value="25"' in page
    assert "30 of 120" in page
    assert '<dt>Created</dt><dd class="number">28</dd>' in page
    assert "/home/me/a.csv" in page
    assert "row &lt;7&gt;" in page
    assert "title: is missing" in page
    assert 'hx-trigger="every 1s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_a_job_that_is_over_is_left_alone(staff):
    job = make_job(state="failed", error="There is no such file.")

    page = staff.get(job.get_absolute_url()).content.decode()

    assert "Failed" in page
    assert "There is no such file." in page
    assert "hx-trigger" not in page
    assert "http-equiv" not in page


def test_htmx_gets_the_job_alone(staff):
    job = make_job()

    part = staff.get(job.get_absolute_url(), headers={"HX-Request": "true"})

    assert part.content.strip().startswith(b'<div id="job"')
    assert "no-store" in part.headers["Cache-Control"]


def test_the_newest_job_is_first_in_the_list(staff):
    first, second = make_job(), make_job(kind="index", state="done", done=7)

    page = staff.get("/jobs/").content.decode()

    assert page.index(second.get_absolute_url()) < page.index(first.get_absolute_url())
    assert "Waiting" in page


def test_a_job_that_counts_nothing_is_not_said_to_have_done_none(staff):
    make_job(kind="map", state="done")
    assert '<td class="number"></td>' in staff.get("/jobs/").content.decode()

    Job.objects.update(state="running")
    assert '<td class="number">0</td>' in staff.get("/jobs/").content.decode()


def test_pace_phase_and_last_problem_of_a_running_job(staff):
    job = make_job(
        state="running", done=300, total=1200, phase="Reading reports", started_at=timezone.now() - timedelta(minutes=1)
    )
    JobProblem.objects.create(job=job, key="row 6", reason="first", failed=True)
    JobProblem.objects.create(job=job, key="row 7", reason="the last one", failed=True)
    JobProblem.objects.create(job=job, key="row 8", reason="merely noted")

    page = staff.get(job.get_absolute_url()).content.decode()

    assert "5 a second, about 3 minutes left" in page
    assert "Reading reports" in page
    assert "Last problem: <code>row 7</code> the last one" in page


@pytest.mark.parametrize("fields", [{}, {"done": 5, "total": None}, {"done": 0, "total": 10}, {"done": 9, "total": 3}])
def test_a_pace_that_nobody_knows_is_not_told(staff, fields):
    job = make_job(state="running", started_at=timezone.now() - timedelta(minutes=1), **fields)

    assert "left" not in staff.get(job.get_absolute_url()).content.decode()


def test_in_the_end_it_is_said_in_words(staff):
    counts = {"created": 1200, "updated": 3, "unchanged": 0, "failed": 2, "vanished": 1, "entities": 40}
    job = make_job(state="done", counts=counts, parameters={"source": "aiid", "location": "/x"})
    Change.objects.create(job=job, title="x", action="created")

    page = staff.get(job.get_absolute_url()).content.decode()

    assert "Import of AIID" in page
    told = "Created 1,200, changed 3, refused 2, found 1 gone upstream. Beside these: 40 entities."
    assert told in page
    assert f"/changes/?job={job.pk}" in page


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "less than a second"), (1, "1 second"), (17, "17 seconds"), (240, "4 minutes")]
)
def test_how_long_it_took_is_told_to_the_second_while_that_says_something(staff, seconds, told):
    begun = timezone.now()
    job = make_job(state="done", started_at=begun, finished_at=begun + timedelta(seconds=seconds))

    assert f"UTC, after {told}<" in staff.get(job.get_absolute_url()).content.decode()


def test_refused_and_noted_stand_apart(staff):
    job = make_job(state="done", parameters={"source": "csv"})
    JobProblem.objects.create(job=job, key="row 1", reason="no title", failed=True)
    JobProblem.objects.create(job=job, key="row 2", reason="date left out")

    page = staff.get(job.get_absolute_url()).content.decode()

    refused, noted = page.split("Worth knowing")
    assert "no title" in refused
    assert "date left out" not in refused
    assert "date left out" in noted
    assert f"/import/{job.pk}/retry/" in page


def test_a_job_is_cancelled(staff):
    job = make_job(state="running")
    assert "Cancel" in staff.get(job.get_absolute_url()).content.decode()

    page = staff.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()

    assert "was cancelled" in page
    assert Job.objects.get().state == "cancelled"
    assert "was over already" in staff.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()


def test_cancelling_is_for_staff_and_by_post(client, staff):
    job = make_job()
    assert staff.get(f"/jobs/{job.pk}/cancel/").status_code == 405
    client.force_login(make_user())

    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 302
    assert Job.objects.get().state == "pending"


def test_jobs_of_one_state(staff):
    waiting, done = make_job(), make_job(state="done")

    page = staff.get("/jobs/?state=pending").content.decode()

    assert waiting.get_absolute_url() in page
    assert f'"{done.get_absolute_url()}"' not in page
    assert f"{waiting.get_absolute_url()}cancel/" in page
    assert "No job is in that state" in staff.get("/jobs/?state=failed").content.decode()
    assert done.get_absolute_url() in staff.get("/jobs/?state=nonsense").content.decode()


def test_as_many_queries_for_many_jobs_as_for_few(staff):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as taken:
            assert staff.get(address).status_code == 200
        return len(taken)

    def some(count: int) -> None:
        for number in range(count):
            job = make_job(created_by=make_user(), state="running" if number % 2 else "done")
            JobProblem.objects.create(job=job, key="row", reason="why")

    some(6)
    few = queries("/jobs/")
    some(6)
    assert queries("/jobs/") == few


def test_a_job_that_is_not_there(staff):
    assert staff.get("/jobs/77/").status_code == 404
