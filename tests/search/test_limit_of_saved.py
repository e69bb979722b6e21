"""How much an account, and how much all who have none may keep holds for requests that come at once, to a real server,
on either database."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from kb.models import ApiToken
from search import indexing, keeping, saved_searches
from search.models import SavedPrecedents, SavedSearch
from search.query import SearchQuery
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 8
PATIENCE_S = 30
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def reef():
    cache.clear()
    make_entry(title="Reef", summary="A ferry hit a reef.")
    indexing.index_pending()


@pytest.fixture
def ada(monkeypatch):
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 3)
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
    """How often each status was answered to a script of this account, or of nobody's."""
    headers = {"Authorization": f"Bearer {ApiToken.issue(user, 'a script')[1]}"} if user else {}
    return _post_at_once(live_server, path, json.dumps(body), {**headers, "Content-Type": "application/json"})


def send_at_once(live_server, path: str, fields: dict) -> Counter[int]:
    """How often each status was answered to a form in browsers where nobody is signed in."""
    token = "a" * 32  # a browser has it of the page with the form
    headers = {"Content-Type": FORM, "Cookie": f"csrftoken={token}", "X-CSRFToken": token}
    return _post_at_once(live_server, path, urlencode(fields), headers)


def _post_at_once(live_server, path: str, body: str, headers: dict) -> Counter[int]:
    def post(_: int) -> int:
        connection = HTTPConnection(urlsplit(live_server.url).netloc, timeout=PATIENCE_S)
        connection.request("POST", path, body, headers)
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


@pytest.mark.parametrize("limit", ["MOST_A_DAY", "MOST_IN_ALL"])
def test_searches_saved_at_once_without_an_account_are_no_more_than_all_together_may_keep(
    live_server, together, monkeypatch, limit
):
    monkeypatch.setattr(keeping, limit, 3)

    answered = send_at_once(live_server, "/search/save/", {"q": "ferry"})

    assert answered == {302: 3, 503: 5}
    assert SavedSearch.objects.filter(owner=None).count() == 3


def test_nor_are_precedents_saved_without_an_account(live_server, together, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_A_DAY", 3)

    answered = post_at_once(live_server, None, "/api/v1/precedents", {"text": "a ferry", "save": True})

    assert answered == {200: 3, 503: 5}
    assert SavedPrecedents.objects.filter(owner=None).count() == 3


def test_what_those_without_an_account_used_up_is_not_taken_from_an_account(live_server, ada, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_A_DAY", 0)

    assert send_at_once(live_server, "/search/save/", {"q": "ferry"}) == {503: 8}
    assert post_at_once(live_server, ada, "/api/v1/saved-searches", {"q": "ferry"}) == {201: 3, 409: 5}


def test_what_nobody_opened_for_long_makes_room_and_is_gone_where_there_is_none(monkeypatch):
    monkeypatch.setattr(keeping, "MOST_A_DAY", 2)
    old, _ = saved_searches.save(SearchQuery("ferry"), "", None)
    SavedSearch.objects.update(opened_at=timezone.now() - timedelta(days=366))

    first, _ = saved_searches.save(SearchQuery("ferry"), "", None)
    saved_searches.save(SearchQuery("ferry"), "", None)
    SavedSearch.objects.filter(pk=first.pk).update(opened_at=timezone.now() - timedelta(days=366))
    monkeypatch.setattr(keeping, "MOST_A_DAY", 1)
    with pytest.raises(keeping.NoRoom):
        saved_searches.save(SearchQuery("ferry"), "", None)

    left = set(SavedSearch.objects.values_list("pk", flat=True))
    assert len(left) == 1
    assert not {old.pk, first.pk} & left
