"""How much an account may keep holds for requests that come at once, to a real server, on either database."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import transaction

from kb.models import ApiToken
from search import indexing, keeping, saved_searches
from search.models import SavedPrecedents, SavedSearch
from search.query import SearchQuery
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 8
PATIENCE_S = 30


@pytest.fixture
def ada(monkeypatch):
    cache.clear()
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 3)
    make_entry(title="Reef", summary="A ferry hit a reef.")
    indexing.index_pending()
    return make_user(username="ada")


@pytest.fixture
def together(monkeypatch):
    """Requests wait for one another until each is about to be counted."""
    start = threading.Barrier(AT_ONCE)

    def keep(row, user, real=keeping.keep):
        start.wait(PATIENCE_S)
        real(row, user)

    monkeypatch.setattr(keeping, "keep", keep)


def post_at_once(live_server, user, path: str, body: dict) -> Counter[int]:
    """How often each status was answered."""
    token = ApiToken.issue(user, "a script")[1]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(_: int) -> int:
        connection = HTTPConnection(urlsplit(live_server.url).netloc, timeout=PATIENCE_S)
        connection.request("POST", path, json.dumps(body), headers)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(post, range(AT_ONCE)))


def test_searches_that_are_saved_at_once_are_no_more_than_an_account_may_keep(live_server, ada, together):
    answered = post_at_once(live_server, ada, "/api/v1/saved-searches", {"q": "ferry"})

    assert answered == {201: 3, 409: 5}
    assert SavedSearch.objects.filter(owner=ada).count() == 3


def test_nor_are_precedents(live_server, ada, together):
    answered = post_at_once(live_server, ada, "/api/v1/precedents", {"text": "a ferry", "save": True})

    assert answered == {200: 3, 409: 5}
    assert SavedPrecedents.objects.filter(owner=ada).count() == 3


def test_one_account_does_not_use_up_what_another_may_keep(live_server, ada):
    bob = make_user(username="bob")
    for _ in range(3):
        saved_searches.save(SearchQuery("ferry"), "", bob)

    assert post_at_once(live_server, ada, "/api/v1/saved-searches", {"q": "ferry"}) == {201: 3, 409: 5}
    assert SavedSearch.objects.filter(owner=bob).count() == 3


def test_what_is_refused_leaves_nothing(ada):
    for _ in range(3):
        saved_searches.save(SearchQuery("ferry"), "", ada)

    with pytest.raises(keeping.Full, match="You have saved 3 already"), transaction.atomic():
        saved_searches.save(SearchQuery("ferry"), "", ada)
    assert SavedSearch.objects.count() == 3
