"""Atom feeds: what is new in a list, for those who may see it, in a form that readers accept."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from kb.models import Change, Classification, Entry
from tests.factories import make_category, make_entity, make_entry, make_reference

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def feed(client, address: str) -> ElementTree.Element:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ElementTree.fromstring(answer.content)


def titles(found: ElementTree.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in found.findall(f"{ATOM}entry")]


def test_a_list_as_a_feed_the_latest_change_first(client):
    new = make_entry(title="Reef", summary="A <ferry> & a reef.", licence="CC-BY-4.0", attribution="The Archive")
    old = make_entry(title="Bridge", references=[make_reference(text="The ferry left at nine. " * 40)])
    Entry.objects.filter(pk=new.pk).update(updated_at=NOON)
    Entry.objects.filter(pk=old.pk).update(updated_at=NOON - timedelta(days=1))

    found = feed(client, "/incidents/feed.atom")

    assert titles(found) == ["Reef", "Bridge"]
    assert found.findtext(f"{ATOM}updated") == "2026-05-03T12:00:00+00:00"
    assert found.findtext(f"{ATOM}id") == "http://testserver/incidents/"
    first = found.find(f"{ATOM}entry")
    assert first is not None
    assert first.findtext(f"{ATOM}summary") == "A &lt;ferry&gt; &amp; a reef."  # HTML within XML
    assert first.findtext(f"{ATOM}rights") == "The Archive, CC-BY-4.0"
    assert [link.get("href") for link in first.findall(f"{ATOM}link")] == ["http://testserver/entries/reef/"]
    assert "left at nine" not in ElementTree.tostring(found, "unicode")


def test_the_id_stays_when_the_address_changes(client):
    entry = make_entry(slug="ferry")
    before = feed(client, "/incidents/feed.atom").findtext(f"{ATOM}entry/{ATOM}id")
    Entry.objects.filter(pk=entry.pk).update(slug="boat")

    assert feed(client, "/incidents/feed.atom").findtext(f"{ATOM}entry/{ATOM}id") == before


@pytest.mark.parametrize("query", ["tag=ships", "entity=acme", "category=injury", "tag=ships&since=2024"])
def test_filters_are_those_of_the_list_which_names_its_feed(client, query):
    harm = make_category("Injury")
    harm.slug = "injury"
    harm.save()
    make_entry(
        title="Ferry", tags=["ships"], entities={"developer": ["Acme"]}, categories=[harm], occurred_on="2024-05"
    )
    make_entry(title="Bridge", occurred_on="2023")

    assert titles(feed(client, f"/incidents/feed.atom?{query}")) == ["Ferry"]
    page = client.get(f"/incidents/?{query}").content.decode()
    assert f'href="feed.atom?{query.replace("&", "&amp;")}"' in page


def test_an_entity_names_a_feed_of_each_kind(client):
    make_entry(title="Ferry", entities={"developer": ["Acme"]})

    assert 'href="/incidents/feed.atom?entity=acme"' in client.get("/entities/acme/").content.decode()


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"visibility": "internal"}], ids=str)
def test_what_is_hidden_is_in_no_feed(client, hidden):
    entry = make_entry(title="Secret", **hidden)
    Change.objects.create(entry=entry, title="Secret", action="created")

    assert titles(feed(client, "/incidents/feed.atom")) == []
    assert titles(feed(client, "/changes/feed.atom")) == []


def test_what_did_not_change_is_not_sent_again(client):
    entry = make_entry(title="Ferry")
    etag = client.get("/incidents/feed.atom")["ETag"]

    assert client.get("/incidents/feed.atom", headers={"If-None-Match": etag}).status_code == 304
    entry.title = "Boat"
    entry.save()
    assert client.get("/incidents/feed.atom", headers={"If-None-Match": etag}).status_code == 200


def test_changes_say_what_happened_to_which_fields(client):
    entry = make_entry(title="Ferry", slug="ferry")
    Change.objects.create(entry=entry, title="Ferry", action="updated", fields={"facts.harms": {}, "body": {}})

    found = feed(client, "/changes/feed.atom?entry=ferry")

    assert titles(found) == ["Changed: Ferry"]
    assert found.findtext(f"{ATOM}entry/{ATOM}summary") == "Harms, Text"
    assert 'href="feed.atom?entry=ferry"' in client.get("/changes/?entry=ferry").content.decode()


def test_bad_input_is_told_and_control_characters_do_no_harm(client):
    make_entry(title="Ferry\x0b", summary="\x1b]<script>")

    answer = client.get("/incidents/feed.atom?since=soon")
    assert (answer.status_code, "“soon” is not a date" in answer.content.decode()) == (400, True)
    assert client.get("/changes/feed.atom?action=sink").status_code == 400
    assert titles(feed(client, "/incidents/feed.atom")) == ["Ferry\ufffd"]


def test_more_entries_take_no_more_queries(client, count_queries):
    for _ in range(3):
        make_entry(tags=["ships"])
    few = count_queries("/incidents/feed.atom")
    for _ in range(3):
        make_entry(tags=["ships"])

    assert count_queries("/incidents/feed.atom") == few


def test_an_entity_has_a_feed_of_every_kind(client):
    make_entry(title="Ferry", entities={"developer": ["Acme"], "deployer": ["Acme"]})
    make_entry(title="On Acme", kind="note", entities={"author": ["Acme"]})
    make_entry(title="Bridge")

    found = feed(client, "/entities/acme/feed.atom")

    assert titles(found) == ["On Acme", "Ferry"]
    assert found.findtext(f"{ATOM}title") == "Acme · Precedent"
    assert found.findtext(f"{ATOM}id") == "http://testserver/entities/acme/"
    page = client.get("/entities/acme/").content.decode()
    assert page.count('href="/entities/acme/feed.atom"') == 2  # for programs, and for people


def test_the_feed_of_what_was_merged_is_that_of_what_it_became(client):
    acme = make_entity("Acme")
    make_entity("Acme Inc", merged_into=acme)
    make_entry(entities={"deployer": ["Acme"]})

    answer = client.get("/entities/acme-inc/feed.atom")

    assert (answer.status_code, answer["Location"]) == (301, "/entities/acme/feed.atom")
    assert client.get("/entities/nobody/feed.atom").status_code == 404


def test_a_category_has_a_feed_without_what_is_only_suggested(client):
    harm = make_category("Injury")
    make_entry(title="Ferry", categories=[harm])
    Classification.objects.create(entry=make_entry(title="Bridge"), category=harm, origin="suggested")

    found = feed(client, "/taxonomies/harms/harms-injury/feed.atom")

    assert titles(found) == ["Ferry"]
    assert found.findtext(f"{ATOM}title") == "Injury, Harms · Precedent"
    page = client.get("/taxonomies/harms/harms-injury/").content.decode()
    assert page.count('href="/taxonomies/harms/harms-injury/feed.atom"') == 2
    moved = client.get("/taxonomies/causes/harms-injury/feed.atom")
    assert moved["Location"] == "/taxonomies/harms/harms-injury/feed.atom"


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"visibility": "internal"}], ids=str)
def test_what_is_hidden_is_in_no_feed_of_an_entity_or_category(client, hidden):
    make_entry(title="Secret", entities={"developer": ["Acme"]}, categories=[make_category("Injury")], **hidden)

    assert client.get("/entities/acme/feed.atom").status_code == 404
    assert titles(feed(client, "/taxonomies/harms/harms-injury/feed.atom")) == []


def test_every_list_shows_its_feed(client):
    make_entry(title="Ferry", tags=["ships"])

    assert client.get("/incidents/?tag=ships").content.decode().count('href="feed.atom?tag=ships"') == 2
    assert client.get("/changes/").content.decode().count('href="feed.atom"') == 2
