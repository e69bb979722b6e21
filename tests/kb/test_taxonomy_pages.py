"""Taxonomies and categories: what they mean, and what is in them."""

import re

import pytest

from kb.models import Classification, Taxonomy
from tests.factories import make_category, make_entry

pytestmark = pytest.mark.django_db


def get(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r'class="title"><a href="/entries/[^"]*">([^<]*)</a>', page)


def test_the_list_says_how_much_each_classifies(client):
    make_entry(categories=[make_category("Loss"), make_category("Death")])
    make_entry(categories=[make_category("Loss")], visibility="internal")
    make_category("Fishing", taxonomy="Sectors")

    page = get(client, "/taxonomies/")

    assert "2 categories, 1 entry classified" in page
    assert "1 category, 0 entries classified" in page
    assert page.index("Harms") < page.index("Sectors")


def test_a_taxonomy_shows_its_categories_with_those_within_them(client):
    field = make_category("Rights")
    make_entry(categories=[make_category("yes", parent=field)])

    page = get(client, "/taxonomies/harms/")

    assert re.findall(r'class="depth-(\d)"><p><a href="([^"]*)"', page) == [
        ("0", "/taxonomies/harms/harms-rights/"),
        ("1", "/taxonomies/harms/harms-yes/"),
    ]


def test_a_category_has_its_meaning_its_years_and_its_entries(client):
    loss = make_category("Loss")
    loss.description = "Money is gone."
    loss.save()
    make_entry(title="early", occurred_on="2021", categories=[loss])
    make_entry(title="late", occurred_on="2023", categories=[loss])
    make_entry(title="inside", occurred_on="2023", categories=[loss], visibility="internal")

    page = get(client, "/taxonomies/harms/harms-loss/")

    assert "Money is gone." in page
    assert titles(page) == ["late", "early"]
    assert "inside" not in page
    years = re.findall(r'<th scope="row">(?:<a href="[^"]*">)?(\d+)(?:</a>)?</th><td class="number">(\d+)</td>', page)
    assert years == [("2021", "1"), ("2022", "0"), ("2023", "1")]
    assert 'href="/incidents/?category=harms-loss&amp;since=2023&amp;until=2023"' in page
    assert 'href="/incidents/?category=harms-loss"' in page


def test_what_is_suggested_stands_apart_and_is_not_counted(client):
    loss = make_category("Loss")
    make_entry(title="said", categories=[loss])
    Classification.objects.create(entry=make_entry(title="guessed"), category=loss, origin="suggested")
    Classification.objects.create(entry=make_entry(title="published"), category=loss, origin="imported")

    page = get(client, "/taxonomies/harms/harms-loss/")

    assert titles(page) == ["published", "said", "guessed"]
    assert page.index("Only suggested") < page.index(">guessed<")
    assert re.findall(r"<li[^>]*>1 (decided|from|suggested)", page) == ["decided", "from", "suggested"]
    assert "2 incidents" in re.sub(r"<[^>]*>", "", page)


def test_addresses_that_are_not_quite_right(client):
    make_category("Loss")
    make_category("Fishing", taxonomy="Sectors")

    assert client.get("/taxonomies/sectors/harms-loss/").headers["Location"] == "/taxonomies/harms/harms-loss/"
    assert client.get("/taxonomies/nothing/").status_code == 404
    assert client.get("/taxonomies/harms/nothing/").status_code == 404
    assert "Nothing is in this category yet" in get(client, "/taxonomies/harms/harms-loss/")
    assert client.get("/taxonomies/").status_code == 200


def test_a_description_is_read_and_not_its_signs(client):
    Taxonomy.objects.create(name="Ways", description="# What is it?\n\nThe *ways* of [failing](https://a.example/x).")

    assert "The ways of failing." in client.get("/taxonomies/").content.decode()
    page = client.get("/taxonomies/ways/").content.decode()
    assert '<a href="https://a.example/x"' in page
    assert "<em>ways</em>" in page
    assert '<meta name="description" content="The ways of failing.">' in page
    assert page.count("<h1") == 1
