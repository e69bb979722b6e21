"""A small collection with a map of its own: ferries on the left, chatbots on the right."""

from collections.abc import Callable

import numpy as np
import pytest

from kb import jobs
from kb.models import Entry, Job
from search import indexing
from search.map import making
from search.map.child import Plane
from tests.factories import make_entry

Compute = Callable[[], Job]


@pytest.fixture
def compute(monkeypatch) -> Compute:
    """Make the map by its job, with every ferry on the left and the rest on the right, from top to bottom."""
    seen: list[list[int]] = []

    def ids_of(ids):
        seen.append(list(ids))
        return {id: np.zeros(2, np.float32) for id in ids}

    def lay_out(vectors, stop=None) -> Plane:
        entries = Entry.objects.in_bulk(seen[-1])
        sides = [0.1 if "ferry" in entries[id].title.lower() else 0.9 for id in seen[-1]]
        xy = np.array([[x, row / len(sides)] for row, x in enumerate(sides)], np.float32)
        place = np.array([int(x > 0.5) for x in sides])
        return Plane(xy, place, {"variance": [0.3, 0.1], "trust": None, "trust_before": None, "perplexity": 0.0})

    def made() -> Job:
        indexing.index_pending()
        with monkeypatch.context() as patch:
            patch.setattr(making, "vectors", ids_of)
            patch.setattr(making, "lay_out", lay_out)
            job = jobs.run(jobs.enqueue("map", {}, ring=False).pk)
        assert job is not None
        assert (job.state, job.error) == ("done", "")
        return job

    return made


@pytest.fixture
def ferries() -> list[Entry]:
    return [
        make_entry(title=f"Ferry {n}", summary="A ferry ran onto a reef.", tags=["ships"], occurred_on=str(2020 + n))
        for n in range(4)
    ]


@pytest.fixture
def chatbots() -> list[Entry]:
    return [
        make_entry(kind="case_study", title=f"Chatbot {n}", summary="A chatbot promised a refund.", tags=["chatbots"])
        for n in range(4)
    ]
