"""Importing over the API: a job is answered at once, and everything that is wrong is told as a problem."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingest.web import uploads
from kb import jobs
from kb.models import ApiToken, Entry, Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db

API = "/api/v1"
LIFTS = "Title,Id\nLift fell,1\nLift stuck,2\n"
NOTES = {"kind": "note", "namespace": "lifts"}


class Program:
    """A program with a token."""

    def __init__(self, user) -> None:
        self.headers = {"Authorization": f"Bearer {ApiToken.issue(user, 'test')[1]}"}

    def post(self, path: str, body: object = None):
        client = Client(enforce_csrf_checks=True)
        return client.post(API + path, body, content_type="application/json", headers=self.headers)

    def send(self, path: str, **fields: object):
        return Client(enforce_csrf_checks=True).post(API + path, fields, headers=self.headers)


@pytest.fixture
def program() -> Program:
    return Program(make_user(username="root", is_staff=True))


@pytest.fixture
def clerk() -> Program:
    """Staff, but no superuser."""
    user = make_user()
    user.is_staff = True
    user.save()
    return Program(user)


def test_a_text_is_imported(clerk):
    answer = clerk.post("/ingest", {"source": "csv", "text": LIFTS, "options": NOTES})

    assert answer.status_code == 202
    job = Job.objects.get(kind="ingest")
    assert answer["Location"] == f"{API}/jobs/{job.pk}"
    assert (answer.json()["id"], answer.json()["state"]) == (job.pk, "pending")
    jobs.run(job.pk, budget_s=None)
    assert sorted(entry.title for entry in Entry.objects.all()) == ["Lift fell", "Lift stuck"]


def test_a_dry_run_stores_nothing(clerk):
    answer = clerk.post("/ingest", {"source": "csv", "text": LIFTS, "options": NOTES, "dry_run": True})

    jobs.run(answer.json()["id"], budget_s=None)
    told = clerk.post(f"/jobs/{answer.json()['id']}/cancel").json()
    assert (told["state"], told["counts"]["created"]) == ("done", 2)
    assert not Entry.objects.exists()


def test_a_file_is_sent(clerk):
    answer = clerk.send("/ingest/file", file=SimpleUploadedFile("lifts.csv", LIFTS.encode()), **NOTES)

    assert answer.status_code == 202
    jobs.run(answer.json()["id"], budget_s=None)
    assert Entry.objects.count() == 2
    assert Job.objects.get(kind="ingest").parameters["source"] == "csv"


def test_a_path_is_for_superusers(program, clerk, tmp_path):
    file = tmp_path / "lifts.csv"
    file.write_text(LIFTS)
    body = {"location": str(file), "options": NOTES}

    refused, taken = clerk.post("/ingest", body), program.post("/ingest", body)

    assert refused.status_code == 403
    assert "superusers" in refused.json()["detail"]
    assert taken.status_code == 202
    assert str(Job.objects.get(kind="ingest").created_by) == "root"


def test_an_address_is_taken_from_all_staff(clerk):
    answer = clerk.post("/ingest", {"source": "csv", "location": "https://a.example/lifts.csv", "options": NOTES})

    assert answer.status_code == 202
    assert Job.objects.get(kind="ingest").parameters["location"] == "https://a.example/lifts.csv"


@pytest.mark.parametrize(
    ("body", "parameter", "told"),
    [
        ({"source": "nothing", "location": "https://a.example/x"}, "source", "there is no source"),
        ({"source": "csv", "location": "https://a.example/x", "text": "a"}, "text", "not both"),
        ({"text": "Title\nx\n"}, "source", "which source"),
        ({"source": "csv", "location": "gopher://a.example"}, "location", "no http"),
        ({"source": "csv", "text": "Title\nx\n", "options": {"colour": "red"}}, "source", "does not take colour"),
        ({"source": "csv", "text": "Title\nx\n", "options": {"map": 7}}, "source", "map must be"),
        ({"source": "csv", "text": "Title\nx\n", "options": {"status": "secret"}}, "source", "status must be"),
        ({"source": "csv", "text": "Title\nx\n", "options": []}, "options", "dictionary"),
        ({"source": ["csv"]}, "source", "string"),
    ],
)
def test_nonsense_is_told_as_a_problem(clerk, body, parameter, told):
    answer = clerk.post("/ingest", body)

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["parameter"] == parameter
    assert told in answer.json()["detail"]
    assert not Job.objects.exists()


def test_no_file_and_too_big_a_file_are_told(clerk, settings):
    settings.KB_MAX_UPLOAD_MB = 1

    nothing = clerk.send("/ingest/file", source="csv")
    big = clerk.send("/ingest/file", file=SimpleUploadedFile("big.csv", b"x" * 1_100_000))

    assert (nothing.status_code, nothing.json()["parameter"]) == (422, "file")
    assert big.status_code == 413
    assert "larger than the 1 MB" in big.json()["detail"]
    assert not any(path.is_file() for path in uploads.folder().rglob("*"))


def test_a_body_that_is_too_big_is_told(clerk):
    answer = clerk.post("/ingest", {"source": "csv", "text": "x" * 3_000_000})

    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert "/ingest/file" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/ingest", "/ingest/file", "/jobs/1/retry"])
def test_importing_is_for_staff(client, path):
    reader = Program(make_user())

    assert client.post(API + path).status_code == 401
    assert reader.post(path, {}).status_code == 403
    assert not Job.objects.exists()


def test_what_was_refused_is_tried_again(clerk):
    answer = clerk.post("/ingest", {"source": "csv", "text": LIFTS + ",3\n", "options": NOTES})
    job = Job.objects.get(kind="ingest")
    jobs.run(job.pk, budget_s=None)

    again = clerk.post(f"/jobs/{job.pk}/retry")

    assert again.status_code == 202
    assert again.json()["parameters"]["only"] == ["line 4"]
    assert clerk.post("/jobs/999/retry").status_code == 404
    assert clerk.post(f"/jobs/{again.json()['id']}/retry").status_code == 422
    assert answer.json()["id"] == job.pk


def test_the_documentation_names_it(client):
    paths = client.get(f"{API}/openapi.json").json()["paths"]

    assert {f"{API}/ingest", f"{API}/ingest/file", f"{API}/jobs/{{job_id}}/retry", f"{API}/changes"} <= set(paths)
    assert paths[f"{API}/ingest"]["post"]["security"]


def test_a_file_is_read_with_the_columns_and_the_sheet_that_are_named(clerk):
    file = SimpleUploadedFile("lifts.csv", b"Was,Wann\nAufzug fiel,2024\n")

    answer = clerk.send("/ingest/file", file=file, kind="note", map="title=Was\ndate=Wann")

    assert answer.status_code == 202
    jobs.run(Job.objects.get(kind="ingest").pk, budget_s=None)
    assert Entry.objects.get().title == "Aufzug fiel"


@pytest.mark.parametrize(
    ("body", "parameter", "told"),
    [
        ({}, "location", "Give a location or a text."),
        ({"source": "csv"}, "location", "Give a location or a text."),
        ({"source": "csv", "text": "a,b\n1,2\n"}, "map", "Say in map which column is the title; there are a, b."),
    ],
)
def test_what_is_missing_is_told_as_a_program_would_say_it(clerk, body, parameter, told):
    answer = clerk.post("/ingest", body)

    assert answer.status_code == 422
    assert (answer.json()["parameter"], answer.json()["detail"]) == (parameter, told)
    assert not Job.objects.exists()


def test_what_a_superuser_began_from_a_path_nobody_else_repeats(program, clerk, client, tmp_path):
    file = tmp_path / "lifts.csv"
    file.write_text(LIFTS + ",3\n")
    program.post("/ingest", {"location": str(file), "options": NOTES})
    program.post("/ingest", {"location": str(file), "options": NOTES, "dry_run": True})
    done, looked = Job.objects.filter(kind="ingest").order_by("pk")
    for job in (done, looked):
        jobs.run(job.pk, budget_s=None)

    assert clerk.post(f"/jobs/{done.pk}/retry").status_code == 403
    client.force_login(get_user_model().objects.get(is_superuser=False))
    for page in (f"/import/{looked.pk}/confirm/", f"/import/{looked.pk}/again/", f"/import/{done.pk}/retry/"):
        answer = client.post(page, follow=True)
        assert "Only superusers may import" in answer.content.decode(), page
    assert Job.objects.filter(kind="ingest").count() == 2
    assert program.post(f"/jobs/{done.pk}/retry").status_code == 202
