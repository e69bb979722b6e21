"""What was found is counted by what it has, for this reader, and each count is a link."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import Category, Entry
from search import indexing
from tests.factories import make_category, make_entry, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ferries():
    make_entry(
        title="One",
        summary="A ferry.",
        tags=["ships", "maps"],
        occurred_on="2024-02",
        entities={"developer": ["Acme"], "deployer": ["Acme"]},
        ids={"aiid": "1", "starter": "one"},
        categories=[make_category("Physical")],
    )
    make_entry(title="Two", summary="A ferry.", tags=["ships"], occurred_on="2024-05", entities={"deployer": ["Acme"]})
    make_entry(kind="note", title="Three", summary="A ferry.", tags=["maps"], occurred_on="2023")
    make_entry(title="Secret", summary="A ferry.", tags=["ships", "secret"], visibility="internal", occurred_on="2022")
    make_entry(title="Tram", summary="A tram.", tags=["rails"])
    indexing.index_pending()


def counts(client, **params) -> dict[str, dict[str, int]]:
    answer = client.get("/api/v1/search", {"q": "ferry", "mode": "keyword", "facets": "true", **params}).json()
    return {name: {one["value"]: one["count"] for one in values} for name, values in answer["facets"].items()}


def test_what_the_reader_may_see_of_what_was_found_is_counted(client, ferries):
    assert counts(client) == {
        "kind": {"incident": 2, "note": 1},
        "year": {"2024": 2, "2023": 1},
        "tag": {"maps": 2, "ships": 2},
        "entity": {"acme": 2},
        "category": {"harms-physical": 1},
        "namespace": {"aiid": 1},
    }
    assert counts(client, tag="maps", kind="note") == {"kind": {"note": 1}, "year": {"2023": 1}, "tag": {"maps": 1}}
    client.force_login(make_user(is_staff=True))
    assert counts(client)["tag"] == {"ships": 3, "maps": 2, "secret": 1}


def test_a_category_that_is_only_suggested_is_not_counted_since_its_filter_would_not_keep_the_entry(client, ferries):
    two = Entry.objects.get(title="Two")
    two.classifications.create(category=Category.objects.get(name="Physical"), origin="suggested")

    assert counts(client)["category"] == {"harms-physical": 1}
    assert counts(client, category="harms-physical")["kind"] == {"incident": 1}


def test_facets_are_there_only_when_asked_for(client, ferries):
    assert "facets" not in client.get("/api/v1/search", {"q": "ferry"}).json()
    assert client.get("/api/v1/search", {"q": "", "facets": "true"}).json()["facets"] == {}


def test_on_the_page_they_are_links_that_set_and_take_away_a_filter(client, ferries):
    page = client.get("/search/?q=ferry&mode=keyword&tag=ships").content.decode()
    links = dict(re.findall(r'<li><a href="([^"]*)"[^>]*>(\w+) <span class="count">', page))

    assert links["/search/?q=ferry&amp;mode=keyword"] == "ships"
    assert links["/search/?q=ferry&amp;tag=ships%2Cmaps&amp;mode=keyword"] == "maps"
    assert links["/search/?q=ferry&amp;kind=incident&amp;tag=ships&amp;mode=keyword"] == "Incidents"
    assert links["/search/?q=ferry&amp;tag=ships&amp;since=2024&amp;until=2024&amp;mode=keyword"] == "2024"
    assert "Counted in all 2 that have a word of it" in page
    assert "secret" not in page.lower()


def test_what_is_only_closest_is_called_that(client, ferries):
    page = client.get("/search/?q=ferry").content.decode()

    assert "the <strong>4</strong> closest entries" in page
    assert "Counted in the 4 closest" in page


def test_the_number_of_queries_does_not_grow(client):
    def queries() -> int:
        for number in range(4):
            make_entry(summary="A ferry.", tags=["a", f"b{number}"], entities={"developer": [f"E{number}"]})
        indexing.index_pending()
        client.get("/search/?q=ferry")
        with CaptureQueriesContext(connection) as captured:
            client.get("/search/?q=ferry")
        return len(captured)

    few = queries()
    assert few == queries() <= 20


def test_an_entry_counts_once_for_a_collection_that_has_it_under_two_numbers(client, ferries):
    two = Entry.objects.get(title="Two")
    two.external_ids.create(namespace="aiid", value="2")
    two.external_ids.create(namespace="aiid", value="3")
    two.external_ids.create(namespace="avid", value="AVID-1")

    answer = client.get("/api/v1/search", {"q": "ferry", "mode": "keyword", "facets": "true"}).json()

    assert [(one["value"], one["count"]) for one in answer["facets"]["namespace"]] == [("aiid", 2), ("avid", 1)]


def test_what_most_have_comes_first_and_of_as_many_what_is_first_by_name(client, ferries):
    make_entry(kind="note", title="Four", summary="A ferry.", tags=["maps", "boats", "arks"])
    make_entry(kind="note", title="Five", summary="A ferry.")
    indexing.index_pending()

    found = {name: list(values) for name, values in counts(client).items()}

    assert found["kind"] == ["note", "incident"]
    assert found["tag"] == ["maps", "ships", "arks", "boats"]
