"""A curator decides about a proposal: two entries become one with all that both had, or stay two for good."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from kb import proposals
from kb.merging import merge_entries
from kb.models import Change, Entry, Proposal, SlugRedirect
from tests.factories import make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

EVIDENCE = {
    "signals": {"title": 0.4, "copy": 0.31, "meaning": 0.83, "far": 0.0, "strangers": 0.0},
    "words": ["solvang", "reef"],
    "entities": ["Nordlys Ferries"],
    "articles": ["https://news.example/solvang"],
    "dates": ["2024-02-14", "2024-02"],
}


@pytest.fixture
def pair() -> tuple[Entry, Entry]:
    """A short account and a fuller one of the same event."""
    short = make_entry(title="Ferry hits reef", occurred_on="2024-02", ids={"aiaaic": "AIAAIC1500"}, tags=["ships"])
    full = make_entry(
        title="Ferry autopilot steers onto reef",
        summary="It took a reef for water.",
        ids={"aiid": "912"},
        entities={"deployer": ["Nordlys"]},
        references=[make_reference(url="https://news.example/solvang")],
    )
    return short, full


def propose(one: Entry, other: Entry, **fields: object) -> Proposal:
    first, second = sorted((one, other), key=lambda entry: entry.pk)
    return Proposal.objects.create(**{"entry": first, "other": second, "score": 0.8, "evidence": EVIDENCE, **fields})


def test_accepting_makes_one_entry_of_both_with_all_that_they_had(pair, admin_user):
    short, full = pair
    slug = short.slug

    kept = proposals.accept(propose(short, full), admin_user, keep=full)

    assert list(Entry.objects.all()) == [kept] == [full]
    assert {str(external) for external in kept.external_ids.all()} == {"aiaaic AIAAIC1500", "aiid 912"}
    assert (kept.title, kept.summary, kept.occurred) == (full.title, "It took a reef for water.", "2024-02")
    assert [tag.name for tag in kept.tags.all()] == ["ships"]
    assert (kept.references.count(), kept.roles.count()) == (1, 1)
    assert SlugRedirect.objects.get(slug=slug).entry == kept
    assert Proposal.objects.count() == 0
    change = Change.objects.get()
    assert (change.entry, change.user, change.action) == (kept, admin_user, "merged")
    assert change.fields == {"entry": {"from": "Ferry hits reef", "to": "Ferry autopilot steers onto reef"}}


def test_the_one_that_says_more_is_kept_unless_it_is_hidden(pair):
    short, full = pair
    proposal = propose(short, full)
    assert proposals.fuller(proposal) == full

    proposal.other.visibility = "internal"
    assert proposals.fuller(proposal) == short


def test_only_one_of_the_two_can_be_kept(pair, admin_user):
    with pytest.raises(ValueError, match="not of this proposal"):
        proposals.accept(propose(*pair), admin_user, keep=make_entry(title="Bus"))
    assert Entry.objects.count() == 3


def test_declining_keeps_both_and_says_who(pair, admin_user):
    proposal = propose(*pair)

    proposals.decline(proposal, admin_user)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("declined", admin_user)
    assert proposal.decided_at is not None
    assert Entry.objects.count() == 2


def test_who_decides_too_late_is_told(pair, admin_user):
    proposal = propose(*pair)
    proposals.decline(proposal, admin_user)

    with pytest.raises(proposals.Decided, match="not the same"):
        proposals.accept(proposal, admin_user, keep=pair[0])

    proposal.delete()
    with pytest.raises(proposals.Decided, match="gone"):
        proposals.decline(Proposal(pk=10**6), admin_user)


def test_what_was_proposed_or_declined_of_a_merged_entry_holds_for_the_other(pair):
    short, full = pair
    bus, train = make_entry(title="Bus"), make_entry(title="Train")
    propose(short, bus, state="declined")
    propose(full, bus)
    propose(short, train, score=0.6)

    merge_entries(short, full)

    left = {(row.entry.title, row.other.title): (row.state, row.score) for row in Proposal.objects.all()}
    assert left == {(full.title, "Bus"): ("declined", 0.8), (full.title, "Train"): ("open", 0.6)}


def test_evidence_in_words(pair):
    assert proposals.evidence_lines(propose(*pair)) == [
        "Both rest on https://news.example/solvang",
        "31% of the wording is the same",
        "Rare words in both: solvang, reef",
        "Nearness in meaning: 0.83 of 1",
        "Both name Nordlys Ferries",
        "The dates are 2024-02-14 and 2024-02",
    ]


def test_what_speaks_against_is_said_too(pair):
    evidence = {"signals": {"title": 1.0, "far": 0.9, "strangers": 1.0}, "dates": ["2019", "2024-02"]}

    assert proposals.evidence_lines(propose(*pair, evidence=evidence)) == [
        "The titles have the same words",
        "Against it: they name different parties",
        "Against it: the dates are 2019 and 2024-02",
    ]


def test_evidence_of_another_making_is_no_error(pair):
    assert proposals.evidence_lines(propose(*pair, evidence={"because": "I say so"})) == []


class TestInTheAdmin:
    @pytest.fixture
    def curator(self, client: Client) -> Client:
        client.force_login(make_user(username="ada", is_staff=True))
        return client

    def act(self, curator: Client, action: str, *chosen: Proposal) -> str:
        data = {"action": action, "_selected_action": [one.pk for one in chosen]}
        return curator.post(reverse("admin:kb_proposal_changelist"), data, follow=True).content.decode()

    def test_the_list_shows_both_with_their_evidence(self, curator, pair):
        propose(*pair)

        page = curator.get(reverse("admin:kb_proposal_changelist")).content.decode()

        for said in ("Ferry hits reef", "Ferry autopilot steers onto reef", "AIAAIC1500", "aiid 912", "0.80"):
            assert said in page
        assert "Rare words in both: solvang, reef" in page
        assert f'href="{pair[1].get_absolute_url()}"' in page

    def test_what_is_chosen_is_merged(self, curator, pair):
        assert "1 merged." in self.act(curator, "accept", propose(*pair))
        assert list(Entry.objects.all()) == [pair[1]]

    def test_of_three_that_are_one_all_are_merged(self, curator, pair):
        third = make_entry(title="Reef hit by ferry")
        self.act(curator, "accept", propose(*pair), propose(pair[0], third), propose(pair[1], third))

        assert list(Entry.objects.all()) == [pair[1]]

    def test_what_is_chosen_is_declined(self, curator, pair):
        proposal = propose(*pair)
        assert "1 declined." in self.act(curator, "decline", proposal)
        assert "0 declined." in self.act(curator, "decline", proposal)
        assert Entry.objects.count() == 2

    def test_who_may_only_look_decides_nothing(self, client, pair):
        reader = make_user(username="bo")
        reader.is_staff = True
        reader.save()
        reader.user_permissions.add(Permission.objects.get(codename="view_proposal"))
        client.force_login(reader)

        page = self.act(client, "accept", propose(*pair))

        assert "Ferry hits reef" in page
        assert "They are the same" not in page
        assert Entry.objects.count() == 2
