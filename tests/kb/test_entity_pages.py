"""Who is in the collection, under every name they have."""

import re

import pytest

from kb.models import EntityAlias
from tests.factories import make_entity, make_entry

pytestmark = pytest.mark.django_db


def names(page: str) -> list[str]:
    return re.findall(r'<li><a href="/entities/[^"]*">([^<]*)</a> <span class="count">', page)


def test_those_in_most_entries_come_first(client):
    for title in ("zeta", "Alpha"):
        make_entry(entities={"deployer": [title]})
    make_entry(entities={"deployer": ["Zeta two"], "harmed": ["Zeta two"]})
    make_entry(entities={"company": ["Zeta two"]})
    make_entity("Without entries")
    make_entry(entities={"deployer": ["Hidden"]}, status="draft")

    page = client.get("/entities/").content.decode()

    assert names(page) == ["Zeta two", "Alpha", "zeta"]
    assert '<span class="count">2<span' in page


@pytest.mark.parametrize("typed", ["twit", "TWITTER", "  x   corp "])
def test_found_by_any_of_its_names(client, typed):
    entity = make_entity("X (Twitter)")
    EntityAlias.objects.create(entity=entity, name="X Corp")
    make_entry(entities={"deployer": [entity, "Another"]})

    assert names(client.get("/entities/", {"q": typed}).content.decode()) == ["X (Twitter)"]


def test_a_name_nobody_has(client):
    page = client.get("/entities/", {"q": "<b>nobody"}).content.decode()

    assert "Nobody here is called that" in page
    assert "<b>nobody" not in page


def test_one_entity_with_its_entries_by_role(client):
    entity = make_entity("Air Canada", description="An airline.")
    EntityAlias.objects.create(entity=entity, name="AC")
    make_entry(title="As deployer", entities={"deployer": [entity]})
    make_entry(title="As company", kind="case_study", entities={"company": [entity]})
    make_entry(title="Hidden", entities={"deployer": [entity]}, status="draft")

    page = client.get(entity.get_absolute_url()).content.decode()

    assert "Also AC" in page
    assert page.index("Deployer") < page.index("As deployer") < page.index("Company") < page.index("As company")
    assert 'href="/incidents/?entity=air-canada"' in page
    assert "1 incident</a>" in page
    assert "Hidden" not in page


def test_a_merged_entity_leads_to_what_it_became(client):
    kept = make_entity("Kept")
    make_entry(entities={"deployer": [kept.name]})
    middle = make_entity("Middle", merged_into=kept)
    gone = make_entity("Gone", merged_into=middle)

    response = client.get(gone.get_absolute_url())

    assert response.status_code == 301
    assert response.headers["Location"] == kept.get_absolute_url()


@pytest.mark.parametrize("end", ["", "card.png", "feed.atom"])
def test_what_a_merged_entity_is_called_now_is_not_told_where_that_is_hidden(client, end):
    secret = make_entity("Secret client")
    make_entry(entities={"deployer": [secret.name]}, visibility="internal")
    make_entity("Beta", merged_into=secret)

    assert client.get(f"/entities/beta/{end}").status_code == 404


def test_who_is_only_in_hidden_entries_is_not_there(client):
    entity = make_entity("Secret client")
    make_entry(entities={"deployer": [entity]}, visibility="internal")

    assert client.get(entity.get_absolute_url()).status_code == 404
    assert client.get("/entities/nobody/").status_code == 404


@pytest.mark.parametrize("name", ["qure.ai", "X (Twitter)", "百度", "AT&T", "a/b"])
def test_any_name_is_an_address(client, name):
    entity = make_entity(name)
    make_entry(entities={"deployer": [entity]})

    assert client.get(entity.get_absolute_url()).status_code == 200


def test_the_number_of_queries_does_not_grow(count_queries):
    entity = make_entity("Bank")

    def add() -> int:
        for kind in ("incident", "note", "case_study"):
            make_entry(kind=kind, tags=["a", "b"], entities={"deployer": [entity], "company": [entity, make_entity()]})
        return count_queries(entity.get_absolute_url())

    assert add() == add()


def test_what_it_is_named_with_is_counted_in_what_the_reader_may_see(client):
    make_entry(entities={"developer": ["Acme"], "system": ["Bot"], "harmed": ["Clerks"]}, occurred_on="2023")
    make_entry(entities={"developer": ["Acme"], "deployer": ["Acme"], "system": ["Bot"]}, occurred_on="2024")
    make_entry(entities={"developer": ["Acme"], "harmed": ["Spies"]}, visibility="internal", occurred_on="2024")

    page = client.get("/entities/acme/").content.decode()

    systems, others = page.partition('id="systems"')[2].partition('id="others"')[::2]
    assert re.findall(r'<a href="/entities/[^"]*">(.*?) <span class="count">(\d+)', systems) == [("Bot", "2")]
    assert re.findall(r'<a href="/entities/[^"]*">(.*?) <span class="count">(\d+)', others) == [("Clerks", "1")]
    assert "Spies" not in page
    years = re.findall(r'<a href="([^"]*)">(\d{4})</a></th><td class="number">(\d+)</td>', page)
    assert [(year, count) for _, year, count in years] == [("2023", "1"), ("2024", "1")]
    assert years[0][0] == "/incidents/?entity=acme&amp;since=2023&amp;until=2023"


def test_years_are_drawn_where_there_are_several(client):
    acme = make_entity("Acme")
    make_entry(entities={"deployer": [acme]}, occurred_on="2024-02")
    make_entry(entities={"deployer": [acme]}, occurred_on="2024-05")

    assert "Over time" not in client.get("/entities/acme/").content.decode()

    make_entry(entities={"deployer": [acme]}, occurred_on="2022")
    assert "2022 to 2024. Most in 2024: 2." in client.get("/entities/acme/").content.decode()


def test_all_of_a_role_leads_to_what_has_that_role(client):
    acme = make_entity("Acme")
    for number in range(13):
        make_entry(title=f"Lift {number}", entities={"developer": [acme]})
    make_entry(kind="case_study", entities={"developer": [acme]})
    make_entry(kind="note", entities={"author": [acme]})
    make_entry(title="A ferry", entities={"deployer": [acme]})

    page = client.get("/entities/acme/").content.decode()

    more = page.split("The 12 newest of 14. All of them: ")[1].split("</p>")[0]
    assert re.findall(r'href="([^"]*)">([^<]*)<', more) == [
        ("/incidents/?entity=developer:acme", "13 incidents"),
        ("/case-studies/?entity=developer:acme", "1 case study"),
    ]
    assert client.get("/incidents/?entity=developer:acme").context["page"].paginator.count == 13
