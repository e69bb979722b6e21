"""Curators decide what may be the same: both side by side, one kept or both, and only while it is open."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.models import Change, Entry, Proposal
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db


def make_proposal(score: float = 0.9, **fields: Any) -> Proposal:
    entry = make_entry(title="A ferry hit a reef", ids={"aiid": "7"}, entities={"deployer": ["Acme"]}, summary="Older.")
    other = make_entry(title="Ferry on reef", ids={"avid": "AVID-2023-V1"}, summary="Newer.", status="draft")
    return Proposal.objects.create(entry=entry, other=other, score=score, **fields)


def make_others(count: int) -> None:
    for number in range(count):
        entry, other = (make_entry(tags=["a", "b"], entities={"developer": ["Bolt"]}) for _ in range(2))
        entry.external_ids.create(namespace="other", value=str(entry.pk))
        Proposal.objects.create(entry=entry, other=other, score=number / 100)


def decide(client: Client, proposal: Proposal, **how: object) -> str:
    return client.post(f"/proposals/{proposal.pk}/", how, follow=True).content.decode()


def test_both_sides_and_the_evidence_are_shown_the_likeliest_first(staff):
    make_others(1)
    make_proposal(0.93, evidence={"signals": {"title": 1}, "entities": ["Acme"]})

    page = staff.get("/proposals/").content.decode()

    assert page.index("A ferry hit a reef") < page.index("Entry ")
    for words in ("Ferry on reef", "Older.", "Newer.", "aiid 7", "Acme", "0.93", "Both name Acme", "Draft"):
        assert words in page


def test_one_is_kept_with_all_that_the_other_had(staff):
    proposal = make_proposal()

    page = decide(staff, proposal, keep=proposal.other_id)

    kept = Entry.objects.get()
    assert "They are one now: “Ferry on reef”." in page
    assert kept.pk == proposal.other_id
    assert {str(one) for one in kept.external_ids.all()} == {"aiid 7", "avid AVID-2023-V1"}
    assert kept.roles.get().entity.name == "Acme"
    assert Change.objects.get(action="merged").user is not None
    assert not Proposal.objects.exists()


def test_two_stay_two(staff):
    proposal = make_proposal()

    page = decide(staff, proposal, decline="")

    proposal.refresh_from_db()
    assert "They stay two" in page
    assert "Nothing to decide" in page
    assert (proposal.state, proposal.decided_by is not None) == ("declined", True)
    assert "A ferry hit a reef" in staff.get("/proposals/?state=declined").content.decode()
    assert "decided already" in decide(staff, proposal, keep=proposal.entry_id)
    assert Entry.objects.count() == 2


@pytest.mark.parametrize("how", [{}, {"keep": ""}, {"keep": "0"}, {"keep": "x"}])
def test_nonsense_decides_nothing(staff, how):
    proposal = make_proposal()

    assert "Say which of the two stays" in decide(staff, proposal, **how)
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_those_of_one_entry(staff):
    make_proposal()
    make_others(2)

    page = staff.get("/proposals/?entry=ferry-on-reef").context["page"]

    assert [one.other.slug for one in page] == ["ferry-on-reef"]
    assert staff.get("/proposals/?entry=%00&state=nonsense&page=x").status_code == 200


def test_deciding_is_for_staff(client):
    proposal = make_proposal()
    client.force_login(make_user())

    assert client.get("/proposals/").status_code == 302
    assert client.post(f"/proposals/{proposal.pk}/", {"keep": proposal.entry_id}).status_code == 302
    assert Entry.objects.count() == 2


def test_as_many_queries_for_many_as_for_few(staff):
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert staff.get("/proposals/").status_code == 200
        return len(taken)

    make_others(4)
    few = queries()
    make_others(4)
    assert queries() == few
