"""Charts of the collection: what they count, for whom, and that the tables say the same."""

import html
import re
from typing import Any

import pytest

from kb.models import Classification
from tests.factories import make_category, make_entity, make_entry, make_reference

pytestmark = pytest.mark.django_db


def get(client, address: str = "/trends/", status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def figure(page: str, key: str) -> str:
    found = re.search(rf'<figure class="chart[^"]*" id="{key}".*?</figure>', page, re.S)
    return found[0] if found else ""


def table(page: str, key: str) -> dict[str, list[int]]:
    """The figures below a chart: by label, the values in a row."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', figure(page, key))
    values = {re.sub("<[^>]+>", "", label): re.findall(r">([\d,]+)<", cells) for label, cells in rows}
    return {html.unescape(label): [int(value.replace(",", "")) for value in cells] for label, cells in values.items()}


def test_incidents_by_year_without_a_gap(client):
    for year in ("2021", "2021-05", "2024-02-14", None):
        make_entry(occurred_on=year)
    make_entry(kind="note", occurred_on="2022")

    page = get(client)

    assert table(page, "incidents") == {"2021": [2], "2022": [0], "2023": [0], "2024": [1]}
    assert "3 incidents with a date. Most in 2021: 2." in figure(page, "incidents")
    assert 'href="/incidents/?since=2021&amp;until=2021"' in figure(page, "incidents")
    assert figure(page, "incidents").count("v-") == 2, "a bar for each year with incidents"


def test_what_is_long_ago_is_one_bar(client):
    for year in (1983, 2001, 2005, 2009, 2010, 2025):
        make_entry(occurred_on=str(year))

    found = table(get(client), "incidents")

    assert list(found)[:2] == ["to 2010", "2011"]
    assert (found["to 2010"], found["2025"], len(found)) == ([5], [1], 16)
    assert 'href="/incidents/?until=2010"' in get(client)


def test_within_two_years_by_month(client):
    make_entry(occurred_on="2024-02-14")
    make_entry(occurred_on="2024-04")

    page = get(client, "/trends/?since=2023-06&until=2024")

    assert table(page, "incidents") == {"Feb 2024": [1], "Mar 2024": [0], "Apr 2024": [1]}
    assert 'href="/incidents/?since=2024-02&amp;until=2024-02"' in page


def test_incidents_apart_by_the_categories_of_a_field(client):
    loss, injury = make_category("Loss"), make_category("Injury")
    deep = make_category("Chatbots", taxonomy="Systems", parent=make_category("Kind of system", taxonomy="Systems"))
    yes = make_category("yes", taxonomy="Yes or no")
    make_entry(occurred_on="2023", categories=[loss, injury, yes])
    make_entry(occurred_on="2024", categories=[loss, yes])
    suggested = make_entry(occurred_on="2024", categories=[deep])
    Classification.objects.create(entry=suggested, category=injury, origin="suggested")

    page = get(client)

    assert re.findall(r'<th scope="col" class="number">([^<]+)</th>', figure(page, "categories")) == ["Loss", "Injury"]
    assert table(page, "categories") == {"2023": [1, 1], "2024": [1, 0]}
    assert "Yes or no" not in page
    address = re.findall(r'<a href="([^"]+)">Systems: Kind of system</a>', page)[0]
    assert table(get(client, f"/trends/{address}"), "categories") == {"2023": [0], "2024": [1]}
    assert "Nothing here is parted by “nonsense”" in get(client, "/trends/?by=nonsense", 400)


def test_where_nothing_is_classified_harms_part_them(client):
    make_entry(occurred_on="2023", facts={"harms": ["Injury", "financial loss"]})
    make_entry(occurred_on="2024", facts={"harms": ["injury"]})

    assert table(get(client), "categories") == {"2023": [1, 1], "2024": [1, 0]}


def test_reports_once_each_by_when_they_were_published(client):
    shared = make_reference(published_on="2022-03-01")
    make_entry(references=[shared, make_reference(published_on="2023"), make_reference()])
    make_entry(kind="note", references=[shared])
    make_reference(published_on="2021")

    assert table(get(client), "reports") == {"2022": [1], "2023": [1]}
    assert table(get(client, "/trends/?kind=note"), "reports") == {"2022": [1]}
    assert table(get(client, "/trends/?since=2023"), "reports") == {"2023": [1]}, "whenever what they report happened"


def test_without_dated_reports_it_is_said(client):
    make_entry(references=[make_reference()])

    assert "None of the reports here has a date." in figure(get(client), "reports")


def test_entities_sectors_and_techniques(client):
    acme = make_entity("Acme")
    make_entry(entities={"developer": [acme], "deployer": [acme]}, facts={"sector": ["Health", "finance"]})
    make_entry(entities={"harmed": [acme, "Bank & <b>"]}, facts={"sector": ["health"]})
    make_entry(kind="case_study", facts={"industry": "finance", "techniques": ["A/B tests", "RAG"]})
    make_entry(kind="case_study", facts={"techniques": ["rag"]})

    page = get(client)

    assert table(page, "entities") == {"Acme": [2], "Bank & <b>": [1]}
    assert table(page, "sectors") == {"Finance": [1, 1], "Health": [2, 0]}
    assert table(page, "techniques") == {"RAG": [2], "A/B tests": [1]}
    assert 'href="/entities/acme/"' in figure(page, "entities")
    assert "<b>" not in page


def test_filters_are_those_of_the_lists(client):
    acme = make_entity("Acme")
    both: dict[str, Any] = {"tags": ["chatbots"], "entities": {"developer": [acme], "deployer": [acme]}}
    make_entry(occurred_on="2023", **both)
    make_entry(occurred_on="2024", **both)
    make_entry(occurred_on="2024", tags=["ships"])

    page = get(client, "/trends/?entity=acme&tag=chatbots")

    assert table(page, "incidents") == {"2023": [1], "2024": [1]}, "each once, though it is in two roles"
    assert "Entity: Acme" in page
    assert 'href="/incidents/?tag=chatbots&amp;entity=acme&amp;since=2024&amp;until=2024"' in page
    assert table(get(client, "/trends/?tag=chatbots&since=2024"), "incidents") == {"2024": [1]}
    assert table(get(client, "/trends/?kind=case-study"), "incidents") == {}
    assert "“soon” is not a date" in get(client, "/trends/?since=soon", 400)


def test_every_chart_is_told_to_who_cannot_see_it(client):
    make_entry(occurred_on="2024", facts={"sector": ["health"], "harms": ["injury"]}, entities={"harmed": ["Acme"]})
    make_entry(kind="case_study", facts={"techniques": ["ranking"]}, references=[make_reference(published_on="2020")])

    page = get(client)

    drawings = re.findall(r'<svg class="drawing"[^>]*role="img" aria-labelledby="([^"]+)"><title id="([^"]+)">', page)
    assert len(drawings) == 6
    assert all(labelled.startswith(title) for labelled, title in drawings)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(name in ids for labelled, _ in drawings for name in labelled.split())


def test_what_is_hidden_is_not_counted(client, staff):
    make_entry(occurred_on="2023")
    make_entry(
        occurred_on="2024",
        visibility="internal",
        entities={"harmed": ["Secret Ltd"]},
        categories=[make_category("Hidden loss")],
        facts={"sector": ["espionage"]},
        references=[make_reference(published_on="2024")],
        tags=["secret"],
    )
    client.logout()

    page = get(client)

    assert table(page, "incidents") == {"2023": [1]}
    assert table(page, "reports") == {}
    for word in ("Secret", "Hidden", "spionage", "secret"):
        assert word not in page


def test_staff_count_what_they_see(staff):
    make_entry(occurred_on="2024", visibility="internal")

    assert table(get(staff), "incidents") == {"2024": [1]}


def test_an_empty_collection_and_an_empty_filter_say_so(client):
    assert "Charts appear here as soon as" in get(client)
    make_entry()
    assert "Take a filter away" in get(client, "/trends/?tag=nothing")


@pytest.mark.parametrize("address", ["/trends/", "/trends/?tag=a&since=2020&entity=acme"])
def test_the_number_of_queries_does_not_grow(client, count_queries, address):
    def add() -> None:
        for _ in range(8):
            make_entry(
                tags=["a"],
                occurred_on="2024",
                entities={"deployer": [make_entity("Acme"), make_entity()]},
                categories=[make_category(), make_category()],
                references=[make_reference(published_on="2023")],
                facts={"sector": ["health"]},
            )

    add()
    few = count_queries(address)
    add()

    assert count_queries(address) == few <= 25
