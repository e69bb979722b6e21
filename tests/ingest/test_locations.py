"""A file at an address: fetched within the job, once, and imported like any other."""

import json

import pytest

from ingest.pipeline import confirm, start_import
from ingest.sources import SourceError
from kb.models import Entry, Job
from tests.ingest.fetching.servers import page, serving
from tests.ingest.lifts import OPTIONS, counts, done

pytestmark = pytest.mark.django_db

ROWS = b"".join(json.dumps({"id": n, "title": f"Lift {n} sang"}).encode() + b"\n" for n in range(3))


@pytest.fixture
def server(settings):
    with serving() as server:
        settings.KB_FETCH_ALLOW = frozenset({("127.0.0.1", server.port)})
        settings.KB_FETCH_DELAY = 0
        yield server


def begun(address: str, **more) -> Job:
    return start_import("jsonl", address, OPTIONS, ring=False, **more)


def test_a_file_at_an_address_is_imported(server):
    server.replies["/lifts.jsonl"] = page(ROWS, "application/x-ndjson")

    job = done(begun(server.url("/lifts.jsonl")))

    assert (job.state, counts(job)) == ("done", {"created": 3})
    assert Entry.objects.with_external_id("lifts", "1").get().title == "Lift 1 sang"


def test_an_interrupted_import_does_not_fetch_it_again(server, monkeypatch):
    monkeypatch.setattr("ingest.pipeline.BATCH", 1)
    server.replies["/lifts.jsonl"] = page(ROWS, "application/x-ndjson")
    job = begun(server.url("/lifts.jsonl"))

    for _ in range(5):
        done(job, budget_s=0)

    assert (job.state, counts(job)) == ("done", {"created": 3})
    assert server.pages.count("/lifts.jsonl") == 1


def test_what_was_previewed_is_what_is_imported(server):
    server.replies["/lifts.jsonl"] = page(ROWS, "application/x-ndjson")
    looked = done(begun(server.url("/lifts.jsonl"), dry_run=True))
    server.replies["/lifts.jsonl"] = page(b"", "application/x-ndjson")

    job = done(confirm(looked))

    assert (counts(looked), counts(job)) == ({"created": 3}, {"created": 3})


def test_an_address_that_has_nothing_ends_the_job_with_a_sentence(server):
    server.replies["/lifts.jsonl"] = page(b"gone", "text/plain", status="404 Not Found")

    job = done(begun(server.url("/lifts.jsonl")))

    assert job.state == "failed"
    assert "404" in job.error
    assert server.url("/lifts.jsonl") in job.error


def test_a_private_address_is_never_asked(server, settings):
    settings.KB_FETCH_ALLOW = frozenset()

    job = done(begun(server.url("/lifts.jsonl")))

    assert job.state == "failed"
    assert server.pages == []


@pytest.mark.parametrize(
    ("address", "options", "said"),
    [
        ("https://", {}, "without a host"),
        ("https://n.example/a b", {}, "with blanks"),
        ("https://n.example/a", {"kind": "poem"}, "kind must be one of"),
        ("https://n.example/a", {"sheet": "One"}, "does not take sheet"),
        ("https://n.example/a", {"visibility": "secret"}, "visibility must be one of public, internal"),
    ],
)
def test_nonsense_is_refused_before_there_is_a_job(address, options, said):
    with pytest.raises(SourceError, match=said):
        start_import("jsonl", address, options, ring=False)
    assert Job.objects.count() == 0


def test_a_list_of_addresses_longer_than_any_path_is_no_path(server):
    addresses = " ".join(server.url(f"/{'x' * 60}/{number}") for number in range(100))

    job = start_import("url", addresses, {}, ring=False)

    assert job.parameters["location"] == addresses
