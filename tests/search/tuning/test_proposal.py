"""After a large import staff are asked whether the encoder should learn it. Nobody else is; nothing starts alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.models import Entry, Job
from search.models import EncoderState, TunedEncoder
from search.tuning import proposal
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"
    client.force_login(make_user(is_staff=True))
    return client


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """So that an import need not be large to be a large one."""
    monkeypatch.setattr(proposal, "MANY_NEW", 6)
    monkeypatch.setattr(proposal, "FEWEST", 2)


def entries(count: int, **fields) -> None:
    for _ in range(count):
        make_entry(summary="A ferry.", **fields)


def tuned(entries_then: int, **fields) -> TunedEncoder:
    values = {"state": EncoderState.REFUSED, "name": "x+tuned-1", "entries": entries_then} | fields
    row = TunedEncoder.objects.create(base="x:1", **values)
    TunedEncoder.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    return row


def test_a_large_import_is_proposed_to_staff_with_its_size_and_time(staff, client):
    entries(5)
    assert proposal.current() is None
    entries(1, kind="note")

    found = proposal.current()

    assert found is not None
    assert str(found) == (
        "Adapt the encoder to 5 new incidents and 1 new note? "
        "It would take about 1 minute, on two cores with nothing else to do."
    )
    assert "Adapt the encoder to 5 new incidents" in staff.get("/status/").content.decode()
    client.logout()
    page = client.get("/status/").content.decode()
    assert "Adapt the encoder" not in page
    assert "The encoder is used as it came." in page


def test_a_quarter_more_is_a_large_import_too(settings):
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"
    tuned(16, pairs={"title": 10, "held out": 2}, seconds={"training": 600, "passages": 10, "embedding": 20})
    entries(3)
    assert proposal.current() is None
    entries(1)

    found = proposal.current()

    assert found is not None
    assert (found.new, found.minutes, found.is_measured) == (4, 8, True)  # 8 pairs at 60 seconds


@pytest.mark.parametrize("kind", ["ingest", "tune"])
def test_nothing_is_proposed_while_it_is_still_coming_in_or_being_done(settings, kind):
    settings.KB_EMBEDDER = "all-MiniLM-L6-v2"
    entries(6)
    Job.objects.create(kind=kind, state="running")

    assert proposal.current() is None


def test_a_twin_is_not_proposed_to_learn():
    entries(6)

    assert proposal.current() is None


def test_staff_start_it_once_and_see_the_job(staff):
    entries(6)

    first = staff.post("/status/encoder/adapt/")
    second = staff.post("/status/encoder/adapt/")

    job = Job.objects.get()
    assert (job.kind, job.state) == ("tune", "pending")
    assert first["Location"] == second["Location"] == job.get_absolute_url()


def test_what_was_declined_is_not_proposed_until_there_is_as_much_again(staff):
    entries(6)
    assert staff.post("/status/encoder/decline/").status_code == 302

    assert proposal.current() is None
    Entry.objects.update(created_at=timezone.now() - timedelta(days=1))
    entries(6)
    assert proposal.current() is not None
    assert "declined" not in staff.get("/status/").content.decode()


@pytest.mark.parametrize("path", ["adapt", "decline"])
def test_nobody_else_decides(client, path):
    entries(6)
    client.force_login(make_user())

    assert client.post(f"/status/encoder/{path}/").status_code == 302
    assert not Job.objects.exists()
    assert not TunedEncoder.objects.exists()


def test_the_page_tells_what_was_measured(staff):
    figure = {"measure": "held-out pairs", "before": 0.5, "after": 0.625, "confidence": 0.9999, "questions": 1200}
    tuned(3, figures=[figure])

    page = staff.get("/status/").content.decode()

    for words in ("x+tuned-1", "Refused", "held-out pairs, 1,200 questions", "0.500", "0.625", "99 %"):
        assert words in page
    assert "x+tuned-1" in staff.get("/admin/search/tunedencoder/").content.decode()
