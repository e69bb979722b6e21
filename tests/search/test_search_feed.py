"""A search as a feed: the closest entries, those that changed last first, and honest about what is down."""

from xml.etree import ElementTree

import pytest
from django.core.cache import cache

from kb.models import Entry
from search import feeds, indexing, query, ranking
from search.errors import IndexMismatch
from search.feeds import CLOSEST
from tests.factories import make_entry

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/search/feed.atom"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def collection():
    make_entry(title="Airline bot", summary="A chatbot promised a refund.", tags=["chatbots"], occurred_on="2022")
    make_entry(title="Bank bot", summary="A chatbot denied a refund.", occurred_on="2024")
    make_entry(title="Ferry", summary="A ferry steered itself onto a reef.")
    make_entry(kind="note", title="On refunds", body="A refund follows rules.")
    make_entry(title="Secret refund", summary="A chatbot and a refund.", visibility="internal")
    indexing.index_pending()


def feed(client, address: str) -> ElementTree.Element:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ElementTree.fromstring(answer.content)


def titles(found: ElementTree.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in found.findall(f"{ATOM}entry")]


def test_what_a_search_finds_the_latest_change_first(client, collection):
    found = feed(client, f"{FEED}?q=refund&mode=keyword")

    assert titles(found) == ["On refunds", "Bank bot", "Airline bot"]
    assert found.findtext(f"{ATOM}title") == "“refund” · Precedent"
    assert found.findtext(f"{ATOM}id") == "http://testserver/search/?q=refund&mode=keyword"
    airline = Entry.objects.get(title="Airline bot")
    airline.summary = "A chatbot promised a refund, and a court agreed."
    airline.save()
    indexing.index_pending()
    assert titles(feed(client, f"{FEED}?q=refund&mode=keyword"))[0] == "Airline bot"


def test_filters_are_those_of_the_page_which_names_its_feed(client, collection):
    address = f"{FEED}?q=refund&kind=incident&tag=chatbots&since=2020&mode=keyword"

    found = feed(client, address)

    assert titles(found) == ["Airline bot"]
    assert found.findtext(f"{ATOM}title") == "“refund”, Tag: chatbots, Since 2020 · Precedent"
    page = client.get(address.replace("feed.atom", "")).content.decode()
    assert page.count(f'href="{address.replace("&", "&amp;")}"') == 2
    assert "feed.atom" not in client.get("/search/").content.decode()


def test_only_the_closest_are_in_it(client):
    for number in range(CLOSEST + 5):
        make_entry(title=f"Ferry {number}", summary="A ferry hit a reef.")
    indexing.index_pending()

    assert len(titles(feed(client, f"{FEED}?q=ferry&limit=100&cursor=20"))) == CLOSEST


def test_what_makes_no_sense_is_told(client):
    assert "Say what to look for" in client.get(FEED).content.decode()
    assert client.get(FEED).status_code == 400
    answer = client.get(f"{FEED}?q=ferry&since=soon&mode=magic")
    assert answer.status_code == 400
    assert "“soon” is not a date" in answer.content.decode()
    assert "There is no mode “magic”" in answer.content.decode()


def test_without_meaning_the_feed_says_so(client, collection, monkeypatch):
    monkeypatch.setattr(query, "rank", lambda *_, **__: ranking.Ranking([], [ranking.SEMANTIC_DOWN]))

    assert feed(client, f"{FEED}?q=refund").findtext(f"{ATOM}subtitle") == ranking.SEMANTIC_DOWN


def test_without_an_index_readers_keep_what_they_have(client, collection, monkeypatch):
    def broken():
        raise IndexMismatch("gone")

    monkeypatch.setattr(query.index, "opened", broken)

    answer = client.get(f"{FEED}?q=refund")

    assert (answer.status_code, answer["Retry-After"]) == (503, "600")
    assert query.INDEX_DOWN in answer.content.decode()


def test_one_address_cannot_ask_without_end(client, collection, monkeypatch):
    monkeypatch.setattr(feeds, "ASKED_A_MINUTE", 2)

    answers = [client.get(f"{FEED}?q=refund") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "60"


def test_what_did_not_change_is_not_sent_again(client, collection):
    etag = client.get(f"{FEED}?q=refund")["ETag"]

    assert client.get(f"{FEED}?q=refund", headers={"If-None-Match": etag}).status_code == 304
