"""Saved searches for programs: their own are listed, saved and deleted, and nobody else's."""

from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client

from kb import throttle
from kb.models import ApiToken
from search import indexing, keeping, query, saved_searches
from search.models import SavedSearch
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

API = "/api/v1/saved-searches"


class Program:
    """Asks with a token, or, without one, as nobody."""

    def __init__(self, token: str = "") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str = "", status: int = 200, **fields):
        body = {"data": fields, "content_type": "application/json"} if method == "post" else {}
        answer = getattr(Client(), method)(API + path, headers=self.headers, **body)
        assert answer.status_code == status, answer.content[:500]
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == status
        return answer.json() if answer.content else None


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture(autouse=True)
def reef():
    entry = make_entry(title="Reef", summary="A ferry hit a reef.", tags=["ships"])
    indexing.index_pending()
    return entry


def program(username: str) -> Program:
    return Program(ApiToken.issue(make_user(username=username), "a script")[1])


@pytest.fixture
def ada() -> Program:
    return program("ada")


def test_a_search_is_saved_opened_and_deleted(ada, reef):
    made = ada.ask("post", status=201, q="ferry", mode="keyword", tag="ships", title=" Ferries ")

    assert made["title"] == "Ferries"
    assert made["asked"] == {"q": "ferry", "tag": "ships", "mode": "keyword"}
    assert made["url"] == f"http://testserver/search/saved/{made['id']}/"
    assert Client().get(made["url"].removeprefix("http://testserver")).status_code == 200
    assert ada.ask("get")["results"] == [made]
    opened = ada.ask("get", f"/{made['id']}")
    assert [hit["entry"]["title"] for hit in opened["results"]] == ["Reef"]
    assert (opened["new"], opened["changed"], opened["is_complete"]) == ([], [], True)

    assert ada.ask("delete", f"/{made['id']}", status=204) is None

    assert ada.ask("get") == {"results": [], "total": 0, "next_cursor": None, "notices": []}
    ada.ask("get", f"/{made['id']}", status=404)


def test_what_was_saved_says_where_it_is(ada):
    answer = Client().post(API, {"q": "ferry"}, content_type="application/json", headers=ada.headers)

    assert answer["Location"] == f"http://testserver{API}/{answer.json()['id']}"


def test_what_is_new_is_told_until_it_is_taken_in(ada, reef):
    made = ada.ask("post", status=201, q="ferry", mode="keyword")
    quay = make_entry(title="Quay", summary="A ferry hit a quay.")
    reef.body = "More of it."
    reef.save()
    indexing.index_pending()

    opened = ada.ask("get", f"/{made['id']}")
    assert (opened["new"], opened["changed"]) == ([quay.pk], [reef.pk])
    assert ada.ask("get", f"/{made['id']}")["new"] == [quay.pk]
    taken = ada.ask("post", f"/{made['id']}/seen")

    assert taken["since"] > made["since"]
    opened = ada.ask("get", f"/{made['id']}")
    assert (opened["new"], opened["changed"]) == ([], [])


def test_nobody_has_none_and_is_told_to_sign_in():
    nobody = Program()
    row = SavedSearch.objects.create(found_at="2024-01-01T00:00Z", opened_at="2024-01-01T00:00Z", asked={"q": "x"})

    assert "send a token" in nobody.ask("get", status=401)["detail"]
    nobody.ask("post", status=401, q="ferry")
    nobody.ask("get", f"/{row.pk}", status=401)
    nobody.ask("delete", f"/{row.pk}", status=401)


def test_those_of_somebody_else_are_neither_listed_nor_changed(ada):
    bob = program("bob")
    made = ada.ask("post", status=201, q="ferry")

    assert bob.ask("get")["total"] == 0
    bob.ask("delete", f"/{made['id']}", status=403)
    bob.ask("post", f"/{made['id']}/seen", status=403)
    assert bob.ask("get", f"/{made['id']}")["asked"] == {"q": "ferry"}, "whoever has its address may read it"
    assert SavedSearch.objects.count() == 1


def test_who_is_signed_in_to_the_pages_needs_no_token_but_one_against_forgery():
    user = make_user()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.get(API).status_code == 200
    assert client.post(API, {"q": "ferry"}, content_type="application/json").status_code == 403
    client.get("/")
    unchecked = Client()
    unchecked.force_login(user)
    assert unchecked.post(API, {"q": "ferry"}, content_type="application/json").status_code == 201


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"q": "  "}, "q"),
        ({}, "q"),
        ({"q": "x" * 5001}, "q"),
        ({"q": "ferry", "kind": "poem"}, "kind"),
        ({"q": "ferry", "mode": "guess"}, "mode"),
        ({"q": "ferry", "since": "soon"}, "since"),
        ({"q": "ferry", "tags": "ships"}, "tags"),
        ({"q": "ferry", "title": "x" * 201}, "title"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_by_name(ada, fields, parameter):
    assert ada.ask("post", status=422, **fields)["parameter"] == parameter
    assert not SavedSearch.objects.exists()


def test_they_are_listed_page_by_page_the_newest_first(ada):
    ids = [ada.ask("post", status=201, q=f"ferry {number}")["id"] for number in range(5)]
    SavedSearch.objects.filter(pk__in=ids[:3]).update(created_at="2024-01-01T00:00Z")
    found, cursor = [], ""
    for _ in range(3):
        page = ada.ask("get", f"?limit=2&cursor={cursor}")
        assert page["total"] == 5
        found += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]

    assert found == [ids[4], ids[3], *sorted(ids[:3])]
    assert cursor is None
    for cursor in ("nothing", "%00", "2026-11-26T10:00:00~", "2026-13-26T10:00:00.000000~a"):
        assert ada.ask("get", f"?cursor={cursor}", status=422)["parameter"] == "cursor"
    assert ada.ask("get", "?limit=101", status=422)["parameter"] == "limit"


def test_a_list_goes_on_where_what_was_last_on_a_page_was_deleted(ada):
    ids = [ada.ask("post", status=201, q=f"ferry {number}")["id"] for number in range(4)]
    first = ada.ask("get", "?limit=2")
    for row in first["results"]:
        ada.ask("delete", f"/{row['id']}", status=204)

    rest = ada.ask("get", f"?limit=2&cursor={quote(first['next_cursor'])}")

    assert [row["id"] for row in rest["results"]] == [ids[1], ids[0]]


@pytest.mark.parametrize("wanted", [{"q": "ferry \ud800"}, {"q": "ferry", "tag": "\ud800"}])
def test_what_is_no_text_is_refused(ada, wanted):
    ada.ask("post", status=422, **wanted)
    assert ada.ask("get")["total"] == 0


def test_what_is_taken_in_of_a_search_that_was_deleted_meanwhile_is_gone(ada, monkeypatch):
    made, noted = ada.ask("post", status=201, q="ferry"), saved_searches._noted

    def slowly(*given):
        SavedSearch.objects.all().delete()
        return noted(*given)

    monkeypatch.setattr(saved_searches, "_noted", slowly)
    ada.ask("post", f"/{made['id']}/seen", status=404)


def test_there_is_an_end_to_what_one_account_and_one_address_may_save(ada, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 1)
    ada.ask("post", status=201, q="ferry")
    assert "delete one first" in ada.ask("post", status=409, q="ferry")["detail"]

    monkeypatch.setattr(throttle, "SAVED_AN_HOUR", 2)
    bob = program("bob")
    ada.ask("post", status=429, q="ferry")
    bob.ask("post", status=429, q="ferry")


def test_nothing_is_saved_of_half_an_answer(ada, monkeypatch):
    def broken(*_, **__):
        raise query.SearchError("gone")

    made = ada.ask("post", status=201, q="ferry")
    monkeypatch.setattr(query, "rank", broken)

    ada.ask("post", status=503, q="ferry")
    ada.ask("post", f"/{made['id']}/seen", status=503)
    opened = ada.ask("get", f"/{made['id']}")
    assert (opened["is_complete"], opened["new"]) == (False, [])
    assert opened["notices"]


def test_what_is_hidden_is_found_by_staff_alone(ada):
    staff = Program(ApiToken.issue(make_user(is_staff=True), "a script")[1])
    hidden = make_entry(title="Secret ferry", visibility="internal")
    indexing.index_pending()
    made = staff.ask("post", status=201, q="ferry", mode="keyword")

    assert hidden.pk not in [hit["entry"]["id"] for hit in ada.ask("get", f"/{made['id']}")["results"]]
    assert hidden.pk in [hit["entry"]["id"] for hit in staff.ask("get", f"/{made['id']}")["results"]]
