"""Where an entry comes from is on its page and in the API, and curators settle there what an import has otherwise."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from kb.differences import MOST_STEPS, Work
from kb.licences import licence_url
from kb.models import Change, EntityRole, Entry, Proposal, SourceRecord
from kb.provenance import conflicts, is_curated
from tests.factories import make_category, make_entity, make_entry, make_user

pytestmark = pytest.mark.django_db


def make_imported(**fields: Any) -> Entry:
    """An incident that AIID owns and AVID knows too, with a title that a curator chose."""
    entry = make_entry(
        title="Better title",
        summary="A summary.",
        source="aiid",
        licence="CC-BY-SA-4.0",
        attribution="AI Incident Database",
        facts={"harms": ["injury"]},
        provenance={
            "*": {"source": "aiid", "job": 7, "licence": "CC-BY-SA-4.0"},
            "title": {"source": "", "upstream": "Title upstream", "upstream_source": "aiid", "job": 8},
        },
        **fields,
    )
    EntityRole.objects.create(entry=entry, entity=make_entity("Acme"), role="developer", source="avid")
    for source, key, licence, who in (
        ("aiid", "aiid 7", "CC-BY-SA-4.0", "AI Incident Database"),
        ("avid", "avid AVID-2023-V1", "MIT", "AI Vulnerability Database"),
    ):
        SourceRecord.objects.create(
            entry=entry, source=source, key=key, digest="", licence=licence, attribution=who, seen_at=NOW
        )
    return entry


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def page_of(client: Client, entry: Entry) -> str:
    response = client.get(entry.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_every_source_is_named_with_its_licence(client):
    page = page_of(client, make_imported())

    assert "Text: AI Incident Database" in page
    assert 'href="https://creativecommons.org/licenses/by-sa/4.0/"' in page
    assert "Identifiers, references, roles, classifications: AI Vulnerability Database" in page
    assert 'href="https://spdx.org/licenses/MIT.html"' in page


def test_each_field_can_be_told_whose_it_is(client, staff):
    entry = make_imported()

    page = page_of(Client(), entry)

    assert "<dt>AIID, import 7</dt><dd>kind, summary, status, visibility, language, licence, attribution" in page
    assert "harms</dd>" in page
    assert "<dt>A curator here</dt><dd>title</dd>" in page
    assert "<dt>AVID</dt><dd>1 party</dd>" in page
    assert f'<a href="/changes/?entry={entry.slug}">' in page
    assert '<a href="/jobs/7/">import 7</a>' in page_of(staff, entry)


def test_what_was_written_here_names_nobody(client):
    page = page_of(client, make_entry(summary="S.", categories=[make_category("Physical")]))

    assert "Text:" not in page
    assert "<dt>Written here</dt>" in page


def test_what_a_source_no_longer_has_is_told(client):
    entry = make_imported()
    entry.source_records.filter(source="aiid").update(vanished_at=NOW)

    page = page_of(client, entry)

    assert "No longer in AIID since" in page
    assert "1 March 2026" in page
    assert "No longer in AVID" not in page


def test_the_api_tells_it_too(client):
    entry = make_imported()
    entry.source_records.filter(source="avid").update(vanished_at=NOW)

    found = client.get(f"/api/v1/entries/{entry.pk}").json()

    assert [(one["attribution"], one["licence"]) for one in found["attributions"]] == [
        ("AI Incident Database", "CC-BY-SA-4.0"),
        ("AI Vulnerability Database", "MIT"),
    ]
    assert found["provenance"]["summary"] == {"source": "aiid", "job": 7, "licence": "CC-BY-SA-4.0"}
    assert found["provenance"]["facts.harms"] == {"source": "aiid", "job": 7, "licence": "CC-BY-SA-4.0"}
    assert found["provenance"]["title"] == {"source": "", "job": None, "licence": ""}
    assert "body" not in found["provenance"]
    assert found["sources"] == [
        {"source": "aiid", "key": "aiid 7", "seen_at": NOW.isoformat(), "vanished_at": None},
        {
            "source": "avid",
            "key": "avid AVID-2023-V1",
            "seen_at": NOW.isoformat(),
            "vanished_at": NOW.isoformat(),
        },
    ]
    assert "Title upstream" not in str(found)


def test_a_conflict_is_for_curators(client, staff):
    entry = make_imported()

    assert "Title upstream" not in page_of(Client(), entry)
    page = page_of(staff, entry)
    assert "An import disagrees" in page
    assert "<del>Better title</del><ins>Title upstream</ins>" in page


def test_all_conflicts_of_an_entry_share_what_comparing_may_take(staff, monkeypatch):
    work = Work()
    monkeypatch.setattr("kb.views.entry.Work", [work].pop)  # there is but one
    entry = make_imported()
    for name in ("summary", "body"):
        entry.provenance[name] = {"source": "", "upstream": "Text upstream", "upstream_source": "aiid", "job": 8}
    entry.body = "Text here"
    entry.save()

    page = page_of(staff, entry)

    assert "Text <del>here</del><ins>upstream</ins>" in page
    assert page.count('<div class="disagrees">') == 3
    assert work.left < MOST_STEPS


def settle(client: Client, entry: Entry, field: str, how: str):
    return client.post(f"/settle/{entry.pk}/", {"field": field, how: ""}, follow=True)


def test_the_imports_value_is_taken(staff):
    entry = make_imported()

    page = settle(staff, entry, "title", "take").content.decode()

    entry = Entry.objects.get(pk=entry.pk)
    assert "Title: taken from the import." in page
    assert entry.title == "Title upstream"
    assert not is_curated(entry, "title")
    assert conflicts(entry) == {}
    change = Change.objects.get()
    assert change.fields == {"title": {"from": "Better title", "to": "Title upstream"}}
    assert change.user is not None
    assert "An import disagrees" not in page


def test_the_curators_value_is_kept(staff):
    entry = make_imported()

    page = settle(staff, entry, "title", "keep").content.decode()

    entry = Entry.objects.get(pk=entry.pk)
    assert "Title: kept as it is here." in page
    assert entry.title == "Better title"
    assert is_curated(entry, "title")
    assert conflicts(entry) == {}
    assert "decided already" in settle(staff, entry, "title", "keep").content.decode()


def test_an_address_that_is_taken_leads_on_from_the_former(staff):
    entry = make_imported(slug="ours")
    entry.provenance |= {"slug": {"source": "", "upstream": "theirs", "upstream_source": "aiid"}}
    entry.save()

    response = settle(staff, entry, "slug", "take")

    assert response.redirect_chain == [("/entries/theirs/", 302)]
    assert Client().get("/entries/ours/")["Location"] == "/entries/theirs/"


def test_a_value_that_does_not_fit_is_told(staff):
    entry = make_imported()
    entry.provenance |= {"facts.harms": {"source": "", "upstream": {"a": 1}, "upstream_source": "aiid"}}
    entry.save()

    response = settle(staff, entry, "facts.harms", "take")

    assert "cannot be taken" in response.content.decode()
    assert Entry.objects.get(pk=entry.pk).facts == {"harms": ["injury"]}


@pytest.mark.parametrize("field", ["nothing", "", "*", "removed", "summary"])
def test_only_conflicts_are_settled(staff, field):
    entry = make_imported()

    assert "decided already" in settle(staff, entry, field, "take").content.decode()
    assert Entry.objects.get(pk=entry.pk).provenance == entry.provenance


def test_settling_is_for_staff(client):
    entry = make_imported()
    client.force_login(make_user())

    assert client.post(f"/settle/{entry.pk}/", {"field": "title", "take": ""}).status_code == 302
    assert Entry.objects.get(pk=entry.pk).title == "Better title"


def test_what_may_be_the_same_is_for_curators(client, staff):
    entry, other = make_entry(title="Ferry"), make_entry(title="The ferry")
    Proposal.objects.create(entry=entry, other=other, score=0.93)

    assert "May be the same as" not in page_of(Client(), entry)
    for one, its_twin in ((entry, other), (other, entry)):
        page = page_of(staff, one)
        assert "May be the same as" in page
        assert f'<a href="{its_twin.get_absolute_url()}">' in page


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc-by-nc-sa-3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Apache-2.0", "https://spdx.org/licenses/Apache-2.0.html"),
        ("all rights reserved", ""),
        ("CC-BY-4.0/../..", ""),
        ("", ""),
    ],
)
def test_licences_lead_to_their_texts(name, address):
    assert licence_url(name) == address
