"""What search knows of entries being alike, for those who ask without knowing search."""

import numpy as np
import pytest

from kb.similar import registered
from search import index, indexing
from search.errors import SemanticUnavailable
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def similar():
    found = registered()
    assert found is not None
    return found


@pytest.fixture
def entries():
    texts = {
        "Ferry": "A ferry on autopilot hit a reef near the harbour.",
        "Ship": "A ship on autopilot hit a reef near the harbour at night.",
        "Loan": "A lender's model refused loans to applicants of one district.",
    }
    made = {title: make_entry(title=title, summary=text) for title, text in texts.items()}
    indexing.index_pending()
    return made


def test_nearest_are_other_entries_the_nearest_first(similar, entries):
    ferry, ship, loan = (entries[title].pk for title in ("Ferry", "Ship", "Loan"))

    assert similar.nearest([ferry, loan], 1) == {ferry: [ship], loan: [similar.nearest([loan], 2)[loan][0]]}
    assert similar.nearest([ferry], 5) == {ferry: [ship, loan]}
    assert similar.nearest([ferry], 5, np.array([ferry, loan])) == {ferry: [loan]}


def test_vectors_are_of_unit_length_and_those_of_the_index(similar, entries):
    ferry, ship, loan = (entries[title].pk for title in ("Ferry", "Ship", "Loan"))
    found = similar.vectors([ferry, ship, loan, 10**6])

    assert sorted(found) == sorted([ferry, ship, loan])
    assert all(abs(float(np.linalg.norm(vector)) - 1) < 1e-5 for vector in found.values())
    assert found[ferry] @ found[ship] > found[ferry] @ found[loan]


def test_what_an_entry_says_counts_and_not_what_it_cites(similar, entries):
    alone = similar.vectors([entries["Ferry"].pk])
    cited = make_entry(title="Ferry", summary=entries["Ferry"].summary, references=["A report about bees. " * 50])
    indexing.index_pending()

    assert similar.vectors([cited.pk])[cited.pk] == pytest.approx(alone[entries["Ferry"].pk], abs=1e-5)


def test_what_is_not_indexed_yet_waits_and_has_no_vector(similar, entries):
    late = make_entry(title="Late")

    assert similar.waiting() == 1
    assert similar.vectors([late.pk]) == {}
    assert similar.nearest([late.pk], 3) == {}


def test_unrelated_things_have_a_cosine_far_from_one(similar):
    assert -0.2 < similar.unrelated() < 0.6


def test_without_a_model_nothing_is_known_and_nothing_breaks(similar, entries, monkeypatch):
    def unavailable():
        raise SemanticUnavailable("no model here")

    monkeypatch.setattr(index, "encoder", unavailable)

    assert similar.unrelated() == 1
