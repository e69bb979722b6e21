"""When the map is computed, by whom, and what comes out of real vectors."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kb import jobs
from kb.models import Job
from kb.signals import sweep
from search import indexing
from search.map import making
from search.map.child import lay_out
from search.models import Indexing, MapLayout
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def swept() -> int:
    """How many computations are queued after a worker's round."""
    sweep.send(sender=None)
    return Job.objects.filter(kind="map", state="pending").count()


def test_the_worker_s_round_queues_it_once_when_everything_is_indexed(ferries):
    assert swept() == 0, "they wait to be indexed"
    indexing.index_pending()

    assert swept() == 1
    assert swept() == 1


def test_it_is_not_computed_again_for_a_few_entries_before_a_day_is_over(ferries, chatbots, compute):
    compute()
    make_entry(title="Ferry")
    indexing.index_pending()
    assert swept() == 0

    MapLayout.objects.update(made_at=timezone.now() - timedelta(days=2))

    assert swept() == 1


def test_it_is_computed_again_when_much_is_new_or_the_model_is_another(ferries, chatbots, compute):
    compute()
    for _ in range(11):
        make_entry(title="Ferry")
    indexing.index_pending()
    assert swept() == 1
    Job.objects.all().delete()
    compute()
    assert swept() == 0

    MapLayout.objects.update(fingerprint="hashing:64")

    assert swept() == 1


def test_when_every_entry_changes_the_map_stays_until_it_is_computed_again(ferries, chatbots, compute):
    compute()
    before = making.unpack(MapLayout.objects.get()).points
    Indexing.objects.want(Indexing.objects.values_list("pk", flat=True))

    indexing.index_pending()

    after = making.unpack(MapLayout.objects.get()).points
    assert after["entry"].tolist() == before["entry"].tolist()
    assert np.abs(after["x"] - before["x"]).max() < 0.1, "ferries stay with ferries"
    assert after["placed"].all()


def test_more_than_can_be_placed_at_once_are_computed_soon(ferries, chatbots, compute, monkeypatch):
    compute()
    monkeypatch.setattr(making, "PLACED_AT_ONCE", 11)
    for _ in range(12):
        make_entry(title="Ferry")
    indexing.index_pending()

    assert len(making.unpack(MapLayout.objects.get()).points) == 8
    assert swept() == 1


def test_a_computation_that_failed_is_not_tried_again_every_minute(ferries):
    indexing.index_pending()
    Job.objects.create(kind="map", state="failed", finished_at=timezone.now() - timedelta(hours=1))
    assert swept() == 0

    Job.objects.update(finished_at=timezone.now() - timedelta(days=2))

    assert swept() == 1


def test_the_job_waits_while_entries_are_being_indexed(ferries):
    job = jobs.run(jobs.enqueue("map", {}, ring=False).pk)

    assert job is not None
    job.refresh_from_db()
    assert (job.state, MapLayout.objects.count()) == ("pending", 0)
    assert job.not_before is not None
    with pytest.raises(CommandError, match="4 entries wait to be indexed"):
        call_command("map")


def test_of_fewer_than_three_there_is_no_map(capsys):
    make_entry()
    make_entry()
    indexing.index_pending()

    assert swept() == 0
    call_command("map")
    assert "fewer than three entries are indexed" in capsys.readouterr().out


def test_the_command_lays_out_what_is_alike_together(capsys):
    """In a process of its own, as the worker does it."""
    for number in range(12):
        make_entry(title=f"Ferry {number}", summary="A ferry ran onto a reef near the harbour.")
        make_entry(title=f"Chatbot {number}", summary="An airline's chatbot promised a refund to a customer.")
    indexing.index_pending()

    call_command("map")

    assert "map for everybody: 24 entries" in capsys.readouterr().out
    row = MapLayout.objects.get()
    points = making.unpack(row).points
    assert points["indexed"].tolist() == list(Indexing.objects.order_by("pk").values_list("indexed", flat=True))
    xy = np.stack([points["x"], points["y"]], axis=1)
    ferries, chatbots = xy[0::2], xy[1::2]
    apart = np.linalg.norm(ferries.mean(axis=0) - chatbots.mean(axis=0))
    assert apart > 2 * max(ferries.std(), chatbots.std())
    assert xy.min() == 0
    assert xy.max() == 1
    assert sum(row.figures["variance"]) > 0.3
    assert 0.5 < row.figures["trust"] <= 1


def test_a_process_that_fails_is_told(ferries, monkeypatch):
    indexing.index_pending()
    monkeypatch.setattr(making, "vectors", lambda ids: {id: np.full(4, np.nan, np.float32) for id in ids})

    job = jobs.run(jobs.enqueue("map", {}, ring=False).pk)

    assert job is not None
    assert job.state == "failed"
    assert "the process that lays out the map ended with status 1" in job.error


@pytest.mark.parametrize("vectors", [np.eye(3), np.ones((5, 4)), np.ones((12, 4)), np.eye(4)[[0, 0, 0, 1] * 4]])
def test_whatever_the_vectors_are_there_is_a_plane(vectors):
    plane = lay_out(vectors.astype(np.float32))

    assert plane.xy.shape == (len(vectors), 2)
    assert np.isfinite(plane.xy).all()
    assert plane.xy.min() >= 0
    assert plane.xy.max() <= 1
