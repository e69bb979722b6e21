"""The first page says what this is and what is in it."""

import pytest

from tests.factories import make_entry

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
    for _ in range(5):
        make_entry(tags=["a", "b"])
    few = count_queries("/")
    for _ in range(5):
        make_entry(tags=["c", "d"])

    assert count_queries("/") == few


def test_every_page_forbids_what_is_not_from_here(client):
    policy = client.get("/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
