"""Requests that are made to do harm: each is refused as a problem of who asks, and nothing of it is read or kept."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ingest.web import uploads
from kb import jobs
from kb.models import Job
from tests.factories import make_user
from tests.ingest.web.test_api import Program

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PROBLEM = "application/problem+json"
TEXT = "title\nA lift stands still\n"
NESTED = b'{"source": "csv", "text": "title", "options": {"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"


@pytest.fixture
def clerk() -> Program:
    """Staff, but no superuser."""
    user = make_user()
    user.is_staff = True
    user.save()
    return Program(user)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("source", ["csv", "links", "markdown", "pdf", "url", "feed", ""])
@pytest.mark.parametrize(
    "location", ["{}", " {}", "file://{}", "FILE://{}", "//localhost{}", "http:{}", "~/{}", "./{}", "{}\0"]
)
def test_no_spelling_of_a_path_is_for_others_than_superusers(clerk, secret, source, location):
    answer = clerk.post("/ingest", {"source": source, "location": location.format(secret)})

    assert answer.status_code in (403, 422)
    assert not Job.objects.exists()


def test_a_file_that_somebody_else_sent_is_a_path_too(clerk):
    path = uploads.keep_text(TEXT, "sent.csv")

    assert clerk.post("/ingest", {"source": "csv", "location": str(path)}).status_code == 403


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "[::1]", "①②⑦.⓪.⓪.①", "169.254.169.254", "a@10.0.0.1", "e.example:22"]
)
@pytest.mark.parametrize("source", ["url", "feed", "csv"])
def test_addresses_inside_are_refused_at_once_or_by_the_job(clerk, source, host):
    answer = clerk.post("/ingest", {"source": source, "location": f"http://{host}/x.csv"})

    if answer.status_code == 202:
        job = Job.objects.get()
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.counts.get("created", 0) == 0
        assert job.error or job.problems.filter(failed=True).exists()
    else:
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"null", b"\xff\xfe", b"{" * 100_000, b"[" * 100_000, NESTED, b'{"source": "csv", "location": 7}'],
)
def test_bodies_that_are_no_request(clerk, body):
    answer = clerk.post("/ingest", body)

    assert (answer.status_code, answer["Content-Type"]) in ((400, PROBLEM), (422, PROBLEM))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        {"location": "https://e.example/" + "x" * 100_000},
        {"source": "csv", "text": TEXT, "options": {"map": {"title": ["title"]}, "local": "/etc/passwd"}},
        {"source": "csv", "text": TEXT, "options": {"only": ["x"]}},
        {"source": "csv", "text": TEXT, "options": {"kind": {}, "status": ["draft"]}},
        {"source": "../csv", "text": TEXT},
    ],
)
def test_what_cannot_be_wanted(clerk, wanted):
    assert clerk.post("/ingest", wanted).status_code == 422
    assert not Job.objects.exists()


def test_half_a_character_is_no_text_and_no_error(clerk):
    answer = clerk.post("/ingest", json.dumps({"source": "csv", "text": "title\nA lift \ud800 stands still\n"}))

    assert answer.status_code == 202


def test_more_files_and_longer_headers_than_a_request_has(clerk):
    many = {f"file{number}": SimpleUploadedFile("a.csv", TEXT.encode()) for number in range(200)}
    long = SimpleUploadedFile("a" * 5000 + ".csv", TEXT.encode())
    long._name = "a" * 5000 + ".csv"  # type: ignore[attr-defined]  # the class itself cuts it

    for answer in (clerk.send("/ingest/file", **many), clerk.send("/ingest/file", file=long)):
        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert not Job.objects.exists()
    assert not any(path.is_file() for path in uploads.folder().rglob("*"))
