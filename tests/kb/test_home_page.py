"""The first page says what this is and what is in it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.models import Entry
from tests.factories import make_category, make_entry

pytestmark = pytest.mark.django_db


def test_counts_the_kinds_and_shows_the_newest(client):
    make_entry(title="Older incident", occurred_on="2019")
    make_entry(title="Newer incident", occurred_on="2024-03-02", tags=["chatbots"])
    make_entry(kind="case_study", title="A shipped thing")

    page = client.get("/").content.decode()

    assert page.index("Newer incident") < page.index("Older incident")
    assert '<time datetime="2024-03-02">2 Mar 2024</time>' in page
    assert "A shipped thing" in page
    assert '<h2 id="shelf-incident"><a href="/incidents/">' in page
    assert 'Incidents <span class="count">2</span>' in page
    assert 'Notes <span class="count">0</span>' in page
    assert 'chatbots <span class="count">1</span>' in page
    assert 'name="q"' in page


def test_ways_in_lead_to_lists_that_have_what_they_count(client):
    facts = {"harms": ["Loss of money, again"], "sector": ["Law"], "technology": ["Speech recognition"]}
    for day in ("2023-05-01", "2024"):
        make_entry(facts=facts, occurred_on=day, entities={"deployer": ["Acme"], "harmed": ["Pedestrians"]})
    make_entry(kind="case_study", facts={"industry": "law", "techniques": ["Gradient boosting"]})

    page = client.get("/")

    ways = {way.label: way.links for way in page.context["ways"]}
    assert ways["By harm"] == [("Loss of money, again", 2, "/incidents/?harm=Loss+of+money%2C+again")]
    assert ways["By sector"] == [("Law", 2, "/incidents/?sector=Law")]
    assert [label for label, _, _ in ways["By technique"]] == ["Speech recognition", "Gradient boosting"]
    assert ways["By technique"][1][1:] == (1, "/case-studies/?technique=Gradient+boosting")
    assert ways["By company"] == [("Acme", 2, "/entities/acme/")]
    assert ways["By year"][0] == ("2024", 1, "/incidents/?since=2024&until=2024")
    for links in ways.values():
        for _, count, address in links:
            if not address.startswith("/entities/"):
                assert client.get(address).context["page"].paginator.count == count


def test_what_came_last_comes_first_whenever_it_happened(client):
    make_entry(title="Came first", occurred_on="2024")
    make_entry(kind="note", title="Came last", occurred_on="1999")
    make_entry(title="For curators", visibility="internal")

    page = client.get("/").content.decode()

    new = page[page.index("New here") : page.index("All changes")]
    assert new.index("Came last") < new.index("Came first")
    assert "For curators" not in new


def test_an_empty_collection_says_how_to_fill_it(client):
    assert "ingest starter" in client.get("/").content.decode()


def test_what_is_not_public_is_not_counted(client):
    make_entry(title="Hidden one", status="draft", tags=["secret"])
    make_entry(title="Inside one", visibility="internal")
    make_entry(title="Open one")

    page = client.get("/").content.decode()

    assert 'Incidents <span class="count">1</span>' in page
    assert "Hidden one" not in page
    assert "Inside one" not in page
    assert "secret" not in page


def test_the_number_of_queries_does_not_grow(client, count_queries):
    for _ in range(6):  # from so many on, what is new may be of more than came last
        make_entry(tags=["a", "b"])
    few = count_queries("/")
    for _ in range(6):
        make_entry(tags=["c", "d"])

    assert count_queries("/") == few


def test_every_page_forbids_what_is_not_from_here(client):
    policy = client.get("/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_of_a_collection_that_came_at_once_each_kind_is_new_and_what_is_on_no_shelf_first(client):
    for kind in ("incident", "case_study", "note"):
        for number in range(7):
            make_entry(kind=kind, title=f"{kind} {number}", occurred_on=f"201{number}")

    page = client.get("/")

    assert [entry.title for entry in page.context["added"]] == [
        *("incident 2", "case_study 2", "note 2"),
        *("incident 1", "case_study 1", "note 1"),
    ]


def test_what_came_by_itself_after_a_collection_is_new_before_it(client):
    for number in range(8):
        make_entry(kind="note", title=f"Note {number}")
    Entry.objects.update(created_at=timezone.now() - timedelta(days=1))
    for number in range(5):
        make_entry(title=f"Later {number}")

    added = [entry.title for entry in client.get("/").context["added"]]

    assert added == ["Later 4", "Later 3", "Later 2", "Later 1", "Later 0", "Note 7"]


def test_what_sources_write_small_is_spelled_as_a_reader_expects(client):
    make_entry(facts={"technology": ["generative ai"], "sector": ["law"]})

    shown = client.get("/").content.decode()

    assert '<a href="/incidents/?technique=generative+ai">Generative AI</a>' in shown


def test_taxonomies_are_a_way_in_where_there_are_any(client):
    make_entry(title="Reef", facts={"sector": ["shipping"]})
    assert "are ways in, too" not in client.get("/").content.decode()

    make_category("Financial loss")
    assert "are ways in, too" in client.get("/").content.decode()
