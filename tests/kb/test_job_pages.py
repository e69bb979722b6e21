"""Jobs are shown while they run, and to staff only: what they say may name files of this machine."""

import pytest

from kb.models import Job, JobProblem

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


def test_a_job_that_is_not_there(staff):
    assert staff.get("/jobs/77/").status_code == 404
