"""Who may be the same as whom, before anything is read."""

import pytest

from ingest.matching import job as matching
from ingest.matching.comparable import Comparable
from kb import jobs
from search import indexing
from tests.factories import make_entry


def test_a_database_tells_its_own_incidents_apart_and_notes_are_not_incidents():
    may_be = Comparable(
        [
            (4, "incident", ["aiid"]),
            (1, "incident", ["aiid", "oecd"]),
            (2, "incident", ["aiaaic", "doi"]),
            (3, "incident", []),
            (5, "note", ["doi"]),
            (6, "case_study", ["doi"]),
            (7, "incident", ["aiid", "aiaaic"]),
        ]
    )
    others = {id: may_be[id].tolist() for id in range(1, 8)}
    assert others == {1: [2, 3], 2: [1, 3, 4], 3: [1, 2, 4, 7], 4: [2, 3], 5: [6], 6: [5], 7: [3]}
    assert 8 not in may_be


@pytest.mark.django_db
def test_nothing_is_read_where_one_database_numbers_everything(monkeypatch):
    entries = [make_entry(title="A ferry ran aground", summary="On a reef.", ids={"aiid": id}) for id in ("1", "2")]
    monkeypatch.setattr(matching, "of_entries", lambda ids: pytest.fail("texts were read"))

    indexing.index_pending()
    job = jobs.enqueue("match", {"entries": [entry.pk for entry in entries]}, ring=False)
    done = jobs.run(job.pk, budget_s=None)

    assert done is not None
    assert (done.state, done.done, done.total) == ("done", 2, 2)
