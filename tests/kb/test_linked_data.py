"""What every page says to search engines, and to those that show its address elsewhere."""

import json
import re
from html import unescape

import pytest

from kb.models import EntityAlias, Taxonomy
from tests.factories import make_category, make_entity, make_entry

pytestmark = pytest.mark.django_db

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
HOSTILE = 'A </script><script>alert("1")</script> & <!-- more'
SITE = {"@type": "WebSite", "name": "Precedent"}


def said(client, address: str) -> dict[str, dict]:
    """What the page says, by type."""
    (block,) = BLOCK.findall(client.get(address).content.decode())
    whole = json.loads(block)
    assert whole.pop("@context") == "https://schema.org"
    return {one["@type"]: one for one in whole.get("@graph", [whole])}


def steps(trail: dict) -> list[tuple[int, str, str]]:
    return [(one["position"], one["name"], one["item"]) for one in trail["itemListElement"]]


def meta(client, address: str) -> dict[str, str]:
    page = client.get(address).content.decode()
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', page)
    assert len(found) == len(dict(found))
    return {name: unescape(value) for name, value in found}


def test_an_entry_says_what_it_is_whatever_its_title(client):
    make_entry(title=HOSTILE, slug="ferry", occurred_on="2024-02", licence="CC-BY-4.0", tags=["ships"])

    found = said(client, "/entries/ferry/")

    article = found["Article"]
    assert article["headline"] == HOSTILE
    assert article["url"] == "http://testserver/entries/ferry/"
    assert article["temporalCoverage"] == "2024-02"
    assert article["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert article["keywords"] == ["ships"]
    assert "<script>alert" not in client.get("/entries/ferry/").content.decode()
    assert steps(found["BreadcrumbList"]) == [
        (1, "Precedent", "http://testserver/"),
        (2, "Incidents", "http://testserver/incidents/"),
        (3, HOSTILE, "http://testserver/entries/ferry/"),
    ]


def test_the_first_page_says_how_the_site_is_searched(client):
    site = said(client, "/")["WebSite"]

    assert site["potentialAction"]["target"]["urlTemplate"] == "http://testserver/search/?q={search_term_string}"
    assert "publisher" not in site


def test_a_list_says_what_is_on_its_page(client):
    for number in range(27):
        make_entry(title=f"Ferry {number:02}", slug=f"ferry-{number:02}")
    make_entry(title="Secret", visibility="internal")

    listed = said(client, "/incidents/?sort=title&page=2")["CollectionPage"]

    assert listed["url"] == "http://testserver/incidents/?sort=title&page=2"
    assert listed["mainEntity"]["numberOfItems"] == 27
    assert listed["mainEntity"]["itemListElement"] == [
        {"@type": "ListItem", "position": 26, "url": "http://testserver/entries/ferry-25/", "name": "Ferry 25"},
        {"@type": "ListItem", "position": 27, "url": "http://testserver/entries/ferry-26/", "name": "Ferry 26"},
    ]


def test_entities_are_listed_and_only_a_company_is_an_organization(client):
    acme = make_entity("Acme", description="Makes ferries.")
    EntityAlias.objects.create(entity=acme, name="Acme Inc", namespace="aiid", key="acme-inc")
    make_entry(entities={"company": [acme], "harmed": ["Passengers"]})

    found = said(client, "/entities/acme/")
    assert found["Organization"] == {
        "@type": "Organization",
        "@id": "http://testserver/entities/acme/",
        "url": "http://testserver/entities/acme/",
        "name": "Acme",
        "description": "Makes ferries.",
        "alternateName": ["Acme Inc"],
        "sameAs": ["https://incidentdatabase.ai/entities/acme-inc/"],
    }
    assert [name for _, name, _ in steps(found["BreadcrumbList"])] == ["Precedent", "Entities", "Acme"]
    assert said(client, "/entities/passengers/")["Thing"]["name"] == "Passengers"
    listed = said(client, "/entities/")["CollectionPage"]["mainEntity"]["itemListElement"]
    assert [one["name"] for one in listed] == ["Acme", "Passengers"]


def test_a_taxonomy_is_a_set_of_terms(client):
    injury = make_category("Injury")
    burn = make_category("Burn", parent=injury)
    Taxonomy.objects.update(description="Who was hurt.", licence="CC0-1.0", url="https://example.org/harms")

    found = said(client, "/taxonomies/harms/")
    harms = found["DefinedTermSet"]
    assert harms["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert harms["sameAs"] == "https://example.org/harms"
    assert harms["hasDefinedTerm"] == [
        {"@type": "DefinedTerm", "name": "Injury", "url": "http://testserver/taxonomies/harms/harms-injury/"}
    ]
    found = said(client, burn.get_absolute_url())
    assert found["DefinedTerm"]["inDefinedTermSet"]["name"] == "Harms"
    assert [name for _, name, _ in steps(found["BreadcrumbList"])] == [
        *("Precedent", "Taxonomies", "Harms", "Injury", "Burn")
    ]
    assert said(client, "/taxonomies/")["CollectionPage"]["mainEntity"]["itemListElement"][0]["name"] == "Harms"


@pytest.mark.parametrize("address", ["/search/?q=a+%26+b%3C/script%3E", "/trends/", "/status/", "/changes/", "/map/"])
def test_every_other_page_is_a_page_with_its_title(client, address):
    page = said(client, address)["WebPage"]

    assert page["isPartOf"] == SITE
    assert page["url"] == f"http://testserver{address}"
    if "search" in address:
        assert page["name"] == "a & b</script>"


def test_what_is_not_there_says_nothing(client):
    page = client.get("/entries/nothing/").content.decode()

    assert BLOCK.findall(page) == []
    assert "og:" not in page


def test_a_host_that_is_not_ours_is_refused_and_not_an_error(client):
    answer = client.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_an_entry_shared_is_shown_with_its_title_summary_and_card(client):
    entry = make_entry(title=HOSTILE, slug="ferry", summary="A ferry\nhit a “reef”.")

    found = meta(client, "/entries/ferry/")

    image = found.pop("og:image")
    assert image == f"http://testserver/entries/ferry/card.png?v={entry.content_hash[:12]}"
    assert found == {
        "og:site_name": "Precedent",
        "og:type": "article",
        "og:title": HOSTILE,
        "og:description": "A ferry hit a “reef”.",
        "og:url": "http://testserver/entries/ferry/",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": HOSTILE,
        "twitter:card": "summary_large_image",
    }
    assert client.get(image.removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize(
    ("address", "card"),
    [
        ("/entities/acme/", "/entities/acme/card.png"),
        ("/taxonomies/harms/harms-injury/", "/taxonomies/harms/harms-injury/card.png"),
    ],
)
def test_an_entity_or_a_category_shared_is_shown_with_its_card(client, address, card):
    make_entry(entities={"deployer": ["Acme"]}, categories=[make_category("Injury")])

    shown = meta(client, address)["og:image"].removeprefix("http://testserver")
    again = meta(client, address)["og:image"].removeprefix("http://testserver")
    make_entry(entities={"deployer": ["Acme"]}, categories=[make_category("Injury")])
    later = meta(client, address)["og:image"].removeprefix("http://testserver")

    assert shown.partition("?v=")[0] == card
    assert shown == again != later
    assert client.get(shown)["Content-Type"] == "image/png"


def test_every_other_page_is_shown_with_the_card_of_the_site(client):
    make_category("Injury")  # which has no description of its own

    for address in ("/", "/incidents/?tag=ships", "/taxonomies/harms/", "/search/?q=ferry"):
        found = meta(client, address)
        assert found["og:image"] == "http://testserver/card.png"
        assert found["og:url"] == f"http://testserver{address}"
        assert found["og:title"]
        assert found["og:description"]
