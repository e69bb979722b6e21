"""Files that are sent: streamed to their place, within the limit, for staff alone, removed when nobody needs them."""

import os
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ingest.web import uploads
from kb.models import Job
from kb.signals import sweep
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


def files() -> list:
    return sorted(path for path in uploads.folder().rglob("*") if path.is_file())


def test_a_big_file_arrives_whole(staff):
    row = "a title,é\n"
    content = ("Title,Note\n" + row * 300_000).encode()

    response = staff.post("/import/", {"file": SimpleUploadedFile("big.csv", content), "kind": "note"})

    assert response.status_code == 302
    assert files()[0].read_bytes() == content


def test_what_is_larger_than_the_limit_is_refused_and_nothing_of_it_kept(staff, settings):
    settings.KB_MAX_UPLOAD_MB = 1
    content = b"x" * 1_000_001

    response = staff.post("/import/", {"file": SimpleUploadedFile("big.csv", content)})

    assert response.status_code == 422
    assert "big.csv is larger than the 1 MB that may be sent" in response.content.decode()
    assert files() == []
    fitting = SimpleUploadedFile("small.csv", b"Title\n" + b"x" * 900 + b"\n")
    assert staff.post("/import/", {"file": fitting, "kind": "note"}).status_code == 302


def test_an_empty_file_is_told(staff):
    response = staff.post("/import/", {"file": SimpleUploadedFile("empty.csv", b"")})

    assert "The submitted file is empty" in response.content.decode()
    assert files() == []


@pytest.mark.parametrize("address", ["/import/", "/admin/login/", "/api/v1/ingest/file", "/search/"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_files_of_others_than_staff_are_not_even_stored(client, address, signed_in):
    if signed_in:
        client.force_login(make_user())

    client.post(address, {"file": SimpleUploadedFile("a.csv", b"Title\nx\n")})

    assert not uploads.folder().exists()


def test_a_file_that_nobody_asked_for_is_gone_with_the_request(staff):
    staff.post("/jobs/1/cancel/", {"file": SimpleUploadedFile("a.csv", b"Title\nx\n")})

    assert files() == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.md", "notes.md"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\data\\a b.csv", "a b.csv"),
        (".htaccess", "htaccess"),
        ("..", "upload"),
        ("", "upload"),
        ("a\0b\n.csv", "ab.csv"),
        ("‮gnp.csv", "gnp.csv"),
        ("Bücher.csv", "Bücher.csv"),
        ("snapshot.tar.bz2", "snapshot.tar.bz2"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert uploads.safe_name(name) == safe


def test_long_names_keep_their_ending_and_fit_the_file_system(tmp_path):
    for letter in ("x", "é", "字", "🚢"):
        name = uploads.safe_name(letter * 500 + ".csv")
        assert name.endswith(".csv")
        assert len(name.encode()) <= 255
        (tmp_path / name).write_text("")


@pytest.mark.parametrize("location", ["/etc/passwd", "uploads/a/b", "", "https://a.example/uploads/a/b"])
def test_only_what_was_sent_is_ever_removed(location, tmp_path):
    assert not uploads.is_upload(location)
    other = tmp_path / "a" / "b"
    other.parent.mkdir()
    other.touch()

    uploads.remove(other)

    assert other.exists()


def test_what_was_sent_is_removed_days_after_its_job(staff):
    def send(age_days: float, **job: object):
        path = uploads.keep_text("Title\nx\n", "a.csv")
        old = time.time() - age_days * 86400
        os.utime(path.parent, (old, old))
        if job:
            parameters = {"source": "csv", "location": str(path), "options": {}}
            Job.objects.create(kind="ingest", parameters=parameters, **job)
        return path

    now = timezone.now()
    kept = [
        send(1),
        send(10, state="pending"),
        send(10, state="running"),
        send(10, state="done", finished_at=now - timedelta(days=1)),
        send(1, state="done", finished_at=now - timedelta(days=9)),
    ]
    gone = [send(10), send(10, state="done", finished_at=now - timedelta(days=9))]

    sweep.send(sender=None)

    assert [path.exists() for path in kept] == [True] * 5
    assert [path.exists() for path in gone] == [False] * 2
