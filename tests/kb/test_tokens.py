"""Tokens let programs read and do over the API what their user may, and nothing else."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from kb.models import ApiToken, Job
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

API = "/api/v1"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def token() -> str:
    return ApiToken.issue(make_user(username="ada", is_staff=True), "a script")[1]


@pytest.fixture
def job() -> Job:
    return Job.objects.create(kind="ingest", parameters={"location": "/home/ada/notes"})


def test_the_command_prints_a_token_once_and_keeps_its_digest(capsys, client):
    make_user(username="ada", is_staff=True)
    call_command("token", "ada", "nightly import")
    printed = capsys.readouterr().out.strip()

    row = ApiToken.objects.get()
    assert printed.startswith("kb_")
    assert printed not in str(row.__dict__)
    assert str(row) == "nightly import (ada)"
    draft = make_entry(status="draft")
    assert client.get(f"{API}/entries/{draft.pk}").status_code == 404
    answer = client.get(f"{API}/entries/{draft.pk}", headers=bearer(printed))
    assert (answer.status_code, answer.json()["title"]) == (200, draft.title)


@pytest.mark.parametrize(
    ("user", "name", "said"), [("bob", "x", "no active account 'bob'"), ("ada", " ", "Say in 1 to 100 characters")]
)
def test_the_command_refuses_nonsense(user, name, said):
    make_user(username="ada")

    with pytest.raises(CommandError, match=said):
        call_command("token", user, name)


def test_a_token_of_somebody_who_is_no_staff_reads_what_is_public(client, capsys):
    make_user(username="bob")
    call_command("token", "bob", "reader")
    said = capsys.readouterr()
    token = said.out.strip()
    assert "not staff" in said.err
    make_entry(title="Public")
    make_entry(title="Draft", status="draft")

    answer = client.get(f"{API}/entries", headers=bearer(token)).json()

    assert [row["entry"]["title"] for row in answer["results"]] == ["Public"]


@pytest.mark.parametrize("given", ["kb_unknown", "", "x y", "\xff"])
def test_an_unknown_token_is_refused_even_for_what_is_public(client, given):
    answer = client.get(f"{API}/entries", headers=bearer(given))

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "not known" in answer.json()["detail"]


def test_a_withdrawn_token_and_one_of_a_closed_account_are_refused(client, token):
    row = ApiToken.objects.get()
    row.user.is_active = False
    row.user.save()
    assert client.get(f"{API}/entries", headers=bearer(token)).status_code == 401
    row.user.is_active = True
    row.user.save()
    assert client.get(f"{API}/entries", headers=bearer(token)).status_code == 200
    row.delete()
    assert client.get(f"{API}/entries", headers=bearer(token)).status_code == 401


def test_a_token_opens_the_api_and_no_page(client, token):
    make_entry(slug="draft", status="draft")

    assert client.get("/entries/draft/", headers=bearer(token)).status_code == 404
    assert client.get("/jobs/", headers=bearer(token)).status_code == 302


def test_answers_to_a_token_are_kept_by_no_cache(client, token):
    assert client.get(f"{API}/entries", headers=bearer(token))["Cache-Control"] == "private, no-store"


def test_the_day_of_the_last_use_is_written_once_a_day(client, token, django_assert_num_queries):
    client.get(f"{API}/taxonomies", headers=bearer(token))
    today = ApiToken.objects.get().last_used_on
    assert isinstance(today, date)

    with django_assert_num_queries(2):  # the token, the taxonomies
        client.get(f"{API}/taxonomies", headers=bearer(token))
    ApiToken.objects.update(last_used_on=today - timedelta(days=1))
    client.get(f"{API}/taxonomies", headers=bearer(token))
    assert ApiToken.objects.get().last_used_on == today


def test_a_job_is_cancelled_by_token(client, token, job):
    answer = client.post(f"{API}/jobs/{job.pk}/cancel", headers=bearer(token))

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer.json()["parameters"] == {"location": "/home/ada/notes"}
    assert client.post(f"{API}/jobs/999/cancel", headers=bearer(token)).status_code == 404


def test_nobody_and_others_than_staff_do_nothing(client, job):
    address = f"{API}/jobs/{job.pk}/cancel"
    reader = ApiToken.issue(make_user(), "reader")[1]
    signed_in = Client()
    signed_in.force_login(make_user())

    answers = [client.post(address), client.post(address, headers=bearer(reader)), signed_in.post(address)]

    assert [answer.status_code for answer in answers] == [401, 403, 403]
    assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}
    job.refresh_from_db()
    assert job.state == "pending"


def test_a_session_needs_the_token_against_forgery(job):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(is_staff=True))
    address = f"{API}/jobs/{job.pk}/cancel"

    assert browser.post(address).status_code == 403
    browser.get("/admin/password_change/")  # a form sets the cookie
    secret = browser.cookies["csrftoken"].value
    assert browser.post(address, headers={"X-CSRFToken": secret}).json()["state"] == "cancelled"


def test_a_token_needs_none_against_forgery(token, job):
    answer = Client(enforce_csrf_checks=True).post(f"{API}/jobs/{job.pk}/cancel", headers=bearer(token))

    assert answer.json()["state"] == "cancelled"
