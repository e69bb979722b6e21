"""The search page: what it finds, why, and what it says when there is nothing to show."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search import indexing, views
from search.query import Results
from search.query import search as real_search
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


def titles(page: str) -> list[str]:
    return re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', page)


def get(client, address: str, status: int = 200, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status
    return response.content.decode()


@pytest.fixture
def collection():
    make_entry(title="Airline bot", summary="A chatbot promised a refund.", tags=["chatbots"], occurred_on="2022")
    make_entry(
        title="Ferry",
        summary="A ferry steered itself onto a reef.",
        references=[make_reference(title="Log", publisher="Port News", text="The pilot slept near the lighthouse.")],
        occurred_on="2024",
    )
    make_entry(kind="note", title="On refunds", body="## Rules\n\nA **refund** follows rules. <script>x</script>")
    indexing.index_pending()


def test_finds_by_words_and_says_which(client, collection):
    page = get(client, "/search/?q=refund+chatbot")

    assert titles(page)[0] == "Airline bot"
    assert "<mark>chatbot</mark> promised a <mark>refund</mark>" in page
    assert re.search(r'aria-label="Score \d+ of 100: \d+ from words, \d+ from meaning"', page)
    assert '<span class="from">summary</span>' in page


def test_a_passage_of_a_reference_says_where_it_is_from(client, collection):
    page = get(client, "/search/?q=lighthouse&mode=keyword")

    assert titles(page) == ["Ferry"]
    assert "<mark>lighthouse</mark>" in page
    assert 'rel="noopener nofollow ugc">Port News</a>' in page


def test_a_passage_of_a_paper_says_its_page(client):
    paper = make_reference(publisher="Port Press", text="One.\n\nThe lighthouse.", page_starts=[0, 6])
    make_entry(title="Light", references=[paper])
    indexing.index_pending()

    assert 'ugc">Port Press</a>, p. 2</span>' in get(client, "/search/?q=lighthouse&mode=keyword")


def test_markup_is_neither_run_nor_shown_as_signs(client, collection):
    page = get(client, "/search/?q=refund+rules&kind=note&mode=keyword")

    assert "<script>x" not in page
    assert "**" not in page
    assert "A <mark>refund</mark> follows <mark>rules</mark>." in page


def test_filters_narrow_and_are_kept(client, collection):
    page = get(client, "/search/?q=refund&kind=incident&tag=chatbots&since=2020&mode=keyword")

    assert titles(page) == ["Airline bot"]
    assert 'value="incident" checked' in page
    assert '<input type="hidden" name="tag" value="chatbots">' in page
    assert 'href="/search/?q=refund&amp;kind=incident&amp;since=2020&amp;mode=keyword"' in page


def test_all_filters_are_taken_away_at_once(client, collection):
    page = get(client, "/search/?q=refund&kind=incident&tag=chatbots&since=2020")

    assert '<a class="all" href="/search/?q=refund&amp;kind=incident">Remove all</a>' in page


def test_nothing_asked_gives_examples(client):
    page = get(client, "/search/")

    assert "Ask as you would ask a colleague" in page
    assert 'href="/search/?q=a+support+chatbot+that+can+issue+refunds"' in page


def test_nothing_found_offers_to_drop_the_filters(client, collection):
    page = get(client, "/search/?q=zebra&mode=keyword&tag=chatbots")

    assert "Nothing found" in page
    assert 'href="/search/?q=zebra"' in page


@pytest.mark.parametrize(
    "query", ['"half a quote', "GPT-4", "a:b NOT (", "title:x^2", "<script>alert(1)</script>", "\x00"]
)
def test_whatever_is_typed_is_a_question(client, collection, query):
    response = client.get("/search/", {"q": query})

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_a_bad_parameter_is_told_and_nothing_else_is_lost(client, collection):
    page = get(client, "/search/?q=refund&since=soon&mode=magic&cursor=x&kind=poem", 400)

    assert "“soon” is not a date" in page
    assert "There is no mode “magic”" in page
    assert "There is no kind “poem”" in page
    assert "Airline bot" in titles(page)


def test_entries_that_wait_are_counted(client, collection):
    make_entry(title="New one")

    assert "1 entry is waiting to be indexed" in get(client, "/search/?q=refund")


def test_notices_are_shown(client, collection, monkeypatch):
    def search(query, user) -> Results:
        return replace(real_search(query, user), notices=["Search by meaning is down: only words count."])

    monkeypatch.setattr(views, "search", search)

    assert '<p class="notice">Search by meaning is down' in get(client, "/search/?q=refund")


def test_more_results_follow_by_cursor(client):
    for number in range(23):
        make_entry(title=f"Entry {number}", summary="A ferry on a reef.")
    indexing.index_pending()

    first = get(client, "/search/?q=ferry&mode=keyword")
    more = first.split('id="more"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = get(client, more)

    assert "<strong>23</strong> entries" in first
    assert len(titles(first)) == 20
    assert len(titles(second)) == 3
    assert not set(titles(first)) & set(titles(second))
    assert 'id="more"' not in second


def test_htmx_gets_the_results_alone_and_a_tidy_address(client, collection):
    response = client.get("/search/?q=refund&kind=&since=&mode=hybrid", headers={"HX-Request": "true"})

    assert b"<html" not in response.content
    assert b'<div id="results"' in response.content
    assert response.headers["HX-Replace-Url"] == "/search/?q=refund"
    assert "HX-Request" in response.headers["Vary"]


def test_the_next_page_does_not_change_the_address(client, collection):
    response = client.get("/search/?q=refund&cursor=20", headers={"HX-Request": "true"})

    assert "HX-Replace-Url" not in response.headers


def test_what_is_not_public_is_not_found(client, collection):
    make_entry(title="Secret", summary="A refund nobody may know of.", visibility="internal")
    indexing.index_pending()

    page = get(client, "/search/?q=refund+nobody+may+know")

    assert "Secret" not in titles(page)
    assert "may know of" not in page.split('id="results"')[1]


def test_the_number_of_queries_does_not_grow(client):
    def queries() -> int:
        for _ in range(5):
            make_entry(summary="A ferry on a reef.", tags=["a", "b"], references=["A ferry report."])
        indexing.index_pending()
        client.get("/search/?q=ferry")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/search/?q=ferry").status_code == 200
        return len(captured)

    assert queries() == queries()


def test_where_words_find_nothing_the_meaning_may(client, collection):
    shown = get(client, "/search/?q=zzzz&mode=keyword")
    assert 'Say it in other words, or <a href="/search/?q=zzzz">search by words and meaning</a>.' in shown

    shown = get(client, "/search/?q=zzzz&mode=keyword&kind=note")
    assert '<a href="/search/?q=zzzz&amp;kind=note">search by words and meaning</a>' in shown
    assert "search without filters" in shown
