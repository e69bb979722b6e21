"""What is around an entry: bridges to other kinds, with their sentence, and related entries that are not the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import Entry, Link, Proposal
from search import indexing, vocabulary
from search.bridges import LEAST, bridges_of
from search.related import related_to
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

BOILERPLATE = (
    "## How we work\n\nThis account was put together from public sources by volunteers and reviewed by an editor. "
)


@pytest.fixture
def ferry():
    return make_entry(
        title="Ferry autopilot hit a reef",
        slug="ferry",
        summary="The autopilot of a ferry steered it onto a reef at night.",
        tags=["ships"],
    )


@pytest.fixture
def others(ferry):
    make_entry(
        kind="case_study",
        title="Ferry autopilot in a harbour",
        slug="harbour",
        summary="A ferry line shipped it.",
        body="The weather was fine. The autopilot of a ferry steered it past a reef at night.",
        tags=["ships"],
    )
    make_entry(kind="case_study", title="Loans", summary="A bank scores mortgages by income and postcode.")
    make_entry(kind="note", title="Steering", summary="How the autopilot of a ferry steers past a reef at night.")
    indexing.index_pending()


def told(entry: Entry, user=None) -> dict[str, list[str]]:
    return {span.kind: [bridge.entry.title for bridge in span.bridges] for span in bridges_of(entry, user)}


def test_an_incident_leads_to_who_shipped_the_same_and_says_why(ferry, others):
    (span,) = bridges_of(ferry, None)
    (bridge,) = span.bridges

    assert (span.kind, bridge.entry.slug) == ("case_study", "harbour")
    assert LEAST <= bridge.strength <= 1
    assert bridge.passage
    assert bridge.passage.sentence
    said = bridge.passage.text[slice(*bridge.passage.sentence)]
    assert said == "The autopilot of a ferry steered it past a reef at night."
    assert bridge.passage.url.startswith("/entries/harbour/?at=body.")


def test_a_case_study_leads_to_incidents_and_a_note_to_both(others):
    assert told(Entry.objects.get(slug="harbour")) == {"incident": ["Ferry autopilot hit a reef"]}
    assert told(Entry.objects.get(title="Steering")) == {
        "incident": ["Ferry autopilot hit a reef"],
        "case_study": ["Ferry autopilot in a harbour"],
    }
    assert told(Entry.objects.get(title="Loans")) == {}


def test_only_what_the_reader_may_see(ferry, others):
    Entry.objects.filter(slug="harbour").update(visibility="internal")

    assert told(ferry) == {}
    assert told(ferry, make_user(is_staff=True)) == {"case_study": ["Ferry autopilot in a harbour"]}


def test_page_and_api_show_them(client, ferry, others):
    page = client.get("/entries/ferry/").content.decode()
    assert "Who shipped the same, and what they did about it" in page
    assert "The autopilot of a ferry steered it past a reef at night.</a>" in page
    assert "Loans" not in page
    answer = client.get(f"/api/v1/entries/{ferry.pk}/bridges").json()
    assert answer["least"] == LEAST
    ((found,),) = [span["bridges"] for span in answer["results"]]
    assert found["entry"]["slug"] == "harbour"
    assert found["passage"]["sentence"]["text"] == "The autopilot of a ferry steered it past a reef at night."
    secret = make_entry(visibility="internal")
    assert client.get(f"/api/v1/entries/{secret.pk}/bridges").status_code == 404


def test_what_stands_in_many_entries_does_not_make_them_alike():
    ferry = make_entry(title="Ferry", summary="A ferry hit a reef.", body=BOILERPLATE)
    ship = make_entry(title="Ship", summary="A ferry ran onto a reef.")
    for number, topic in enumerate(("loans by postcode", "cloned voices", "essays", "wrong doses", "faces", "parcels")):
        make_entry(title=f"Other {number}", summary=f"About {topic}.", body=BOILERPLATE)
    indexing.index_pending()

    assert len(vocabulary.current().recurring) == 1
    assert related_to(ferry, None)["incident"][0] == ship


@pytest.mark.parametrize("how", ["link", "link back", "proposal", "copy"])
def test_an_entry_is_not_related_to_what_is_the_same(how):
    text = "The autopilot of a ferry steered it onto a reef at night."
    ferry = make_entry(title="Ferry", summary=text, occurred_on="2024-02-03")
    twin = make_entry(title="Ferry", summary=text, occurred_on="2024-02-03" if how == "copy" else "2024-02-04")
    far = make_entry(title="Ferry line", summary="A ferry line sells tickets.")
    indexing.index_pending()
    if how == "link":
        Link.objects.create(entry=ferry, target=twin, relation="same_as")
    elif how == "link back":
        Link.objects.create(entry=twin, target=ferry, relation="duplicate_of")
    elif how == "proposal":
        Proposal.objects.create(entry=ferry, other=twin, score=0.93)

    assert related_to(ferry, None)["incident"] == [far]
    if how == "copy":  # until a curator says that they are two
        Proposal.objects.create(entry=ferry, other=twin, score=0.9, state="declined")
        assert related_to(ferry, None)["incident"] == [twin, far]


def test_the_work_does_not_grow_with_the_collection(client, ferry, others):
    def queries() -> int:
        for number in range(6):
            make_entry(kind="case_study", title=f"Ferry {number}", summary="An autopilot steered a ferry past a reef.")
        indexing.index_pending()
        client.get("/entries/ferry/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/entries/ferry/")
        assert not [one for one in captured if one["sql"].count(",") > 400]
        return len(captured)

    assert queries() == queries()
