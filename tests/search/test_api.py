"""`GET /api/v1/search` and `/entries/{id}/related`, field by field: other people's scripts rely on this."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.models import Entry
from search import indexing
from tests.factories import make_category, make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

SEARCH = "/api/v1/search"


def get(client: Client, address: str = SEARCH, status: int = 200, **params: Any) -> dict:
    response = client.get(address, params)
    assert response.status_code == status, response.content[:500]
    return response.json()


def titles(answer: dict) -> list[str]:
    return [result["entry"]["title"] for result in answer["results"]]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


@pytest.fixture
def ferry() -> Entry:
    ferry = make_entry(
        title="Ferry on a reef",
        summary="🛳 A ferry steered itself onto a reef.",
        body="## Why\n\nThe chart of the reef was old.",
        occurred_on="2024-02",
        tags=["ships", "maps"],
        ids={"aiid": "112", "oecd": "x-1"},
        entities={"developer": ["Acme"]},
        references=[
            make_reference(url="https://news.example/reef", text="The reef report. " + "A pilot slept. " * 60),
            make_reference(url="", text="A reef survey under an open licence. " * 20, text_licence="CC0-1.0"),
        ],
        categories=[make_category("Physical")],
    )
    make_entry(kind="case_study", title="Autopilot", summary="How a ferry line shipped one.", occurred_on="2023-06-30")
    make_entry(kind="note", title="Control", body="Steering past a reef.", tags=["maps"])
    indexing.index_pending()
    return ferry


def test_the_envelope_and_every_field_of_a_result(client, ferry):
    answer = get(client, q="reef chart", limit=1)

    assert set(answer) == {"results", "total", "next_cursor", "notices", "did_you_mean"}
    assert answer["did_you_mean"] is None
    assert (answer["total"], answer["next_cursor"], answer["notices"]) == (3, "1", [])
    (result,) = answer["results"]
    assert set(result) == {"entry", "score", "passages", "why"}
    assert result["entry"] == {
        "id": ferry.pk,
        "kind": "incident",
        "title": "Ferry on a reef",
        "slug": "ferry-on-a-reef",
        "url": "http://testserver/entries/ferry-on-a-reef/",
        "summary": "🛳 A ferry steered itself onto a reef.",
        "occurred_on": "2024-02",
        "external_ids": {"aiid": "112", "oecd": "x-1"},
        "tags": ["maps", "ships"],
    }
    assert 0 < result["score"] <= 1
    why = result["why"]
    assert set(why) == {"keyword", "semantic", "words"}
    assert why["keyword"] + why["semantic"] == pytest.approx(result["score"], abs=2e-6)
    assert why["words"] == ["reef", "chart"]


def test_passages_are_the_stored_text_at_their_offsets_and_say_where_they_are_from(client, ferry):
    references = {reference.url: reference.text for reference in ferry.references.all()}
    seen = set()
    for question in ("reef", "why chart old", "pilot slept", "reef survey open licence"):
        for result in get(client, q=question, mode="keyword")["results"]:
            entry = Entry.objects.get(pk=result["entry"]["id"])
            assert 1 <= len(result["passages"]) <= 3
            for passage in result["passages"]:
                url = passage["reference_url"]
                stored = references[url] if passage["source"] == "reference" else getattr(entry, passage["source"])
                assert stored[passage["start"] : passage["end"]] == passage["text"]
                assert (url is None) == (passage["source"] != "reference")
                assert all(passage["text"][a:b].lower()[:3] in question for a, b in passage["marks"])
                if url == "https://news.example/reef":
                    assert len(passage["text"]) <= 280
                seen.add((passage["source"], url))
    assert seen == {
        ("summary", None),
        ("body", None),
        ("reference", "https://news.example/reef"),
        ("reference", ""),
    }


def test_passages_and_references_of_a_paper_say_its_pages(client):
    paper = make_reference(text="One.\n\nThe lighthouse.", page_starts=[0, 6])
    entry = make_entry(title="Light", summary="A lighthouse.", references=[paper])
    indexing.index_pending()

    (result,) = get(client, q="lighthouse", mode="keyword")["results"]
    assert {passage["source"]: passage["page"] for passage in result["passages"]} == {"summary": None, "reference": 2}
    assert get(client, f"/api/v1/entries/{entry.pk}")["references"][0]["pages"] == 2


def test_the_cursor_walks_to_the_end_without_doubles_or_gaps(client):
    for number in range(23):
        make_entry(title=f"Entry {number}", summary="A ferry on a reef." + " A tram." * (number % 5))
    indexing.index_pending()
    everything = [result["entry"]["id"] for result in get(client, q="ferry", limit=100)["results"]]

    walked, cursor, pages = [], "", 0
    while cursor is not None:
        answer = get(client, q="ferry", limit=5, cursor=cursor)
        assert answer["total"] == 23
        walked += [result["entry"]["id"] for result in answer["results"]]
        cursor, pages = answer["next_cursor"], pages + 1

    assert pages == 5
    assert walked == everything
    assert len(set(walked)) == 23
    assert get(client, q="ferry", cursor="999")["results"] == []


def test_a_page_that_ends_exactly_at_the_end_has_no_next(client):
    for _ in range(4):
        make_entry(summary="A ferry.")
    indexing.index_pending()

    assert get(client, q="ferry", limit=2, cursor="2")["next_cursor"] is None
    assert get(client, q="ferry", limit=4)["next_cursor"] is None
    assert get(client, q="ferry", limit=3)["next_cursor"] == "3"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"Ferry on a reef", "Autopilot", "Control"}),
        ({"kind": "incident"}, {"Ferry on a reef"}),
        ({"kind": "case-study"}, {"Autopilot"}),
        ({"kind": "case_study"}, {"Autopilot"}),
        ({"tag": "maps"}, {"Ferry on a reef", "Control"}),
        ({"entity": "acme"}, {"Ferry on a reef"}),
        ({"category": "harms-physical"}, {"Ferry on a reef"}),
        ({"namespace": "aiid"}, {"Ferry on a reef"}),
        ({"since": "2024"}, {"Ferry on a reef"}),
        ({"until": "2023"}, {"Autopilot"}),
        ({"until": "2023-06"}, {"Autopilot"}),
        ({"until": "2023-06-29"}, set()),
        ({"since": "2023-06-30", "until": "2024-02"}, {"Ferry on a reef", "Autopilot"}),
        ({"tag": "maps", "kind": "note"}, {"Control"}),
        ({"tag": "maps", "namespace": "oecd", "since": "2024-02-01", "until": "2024"}, {"Ferry on a reef"}),
        ({"tag": "nothing"}, set()),
        ({"whatever": "x", "page": "7"}, {"Ferry on a reef", "Autopilot", "Control"}),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "vector"])
def test_filters_choose_before_the_search_ranks(client, ferry, params, found, mode):
    answer = get(client, q="ferry reef", mode=mode, **params)

    assert set(titles(answer)) == found
    assert answer["total"] == len(found)


def test_modes(client, ferry):
    assert titles(get(client, q="chart", mode="keyword")) == ["Ferry on a reef"]
    assert len(titles(get(client, q="chart", mode="vector"))) == 3
    assert titles(get(client, q="zebra", mode="keyword")) == []


def test_nothing_asked_is_nothing_found(client, ferry):
    nothing = {"results": [], "total": 0, "next_cursor": None, "notices": [], "did_you_mean": None}
    assert get(client) == nothing
    assert get(client, q="   ")["total"] == 0


def test_what_waits_is_told(client, ferry):
    make_entry(title="New")
    assert get(client, q="reef")["notices"] == ["1 entry is waiting to be indexed."]
    make_entry(title="Newer")
    make_entry(title="Secret", status="draft")
    assert get(client, q="reef")["notices"] == ["2 entries are waiting to be indexed."]


@pytest.mark.parametrize(
    "typed",
    [
        '"half a quote',
        "title:x",
        "GPT-4",
        "a:b NOT (c OR",
        "reef AND",
        "api/v1 +reef -ferry ^2 ~1 [a TO b] {x} \\",
        "* ? .*",
        "\0reef\0",
        "🚢🚢🚢",
        "reef 🚢",
        "中文",
        "مرحبا",
        "e\u0301\u200b\u202e\ufeff",
        "'; DROP TABLE kb_entry; --",
        "<script>alert(1)</script>",
        "reef " * 20_000,
        "x" * 100_000,
        "the of and",
        "\udcff",
        "%ED%A0%80",
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_whatever_is_typed_is_a_question(client, ferry, typed, mode):
    response = client.get(SEARCH, {"q": typed.encode("utf-8", "surrogatepass"), "mode": mode})

    assert response.status_code == 200
    assert response.json()["notices"] == []
    if "reef" in typed:
        assert "Ferry on a reef" in titles(response.json())


def test_a_lone_surrogate_in_the_address_is_no_error(client, ferry):
    assert client.get(f"{SEARCH}?q=%ED%A0%80reef&tag=%FF").status_code == 200


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"kind": "poem"}, "kind"),
        ({"mode": "magic"}, "mode"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "-1"}, "cursor"),
        ({"cursor": "9" * 5000}, "cursor"),
        ({"since": "soon"}, "since"),
        ({"until": "2024-02-30"}, "until"),
    ],
)
def test_what_makes_no_sense_is_a_problem_with_the_name_of_the_parameter(client, params, name):
    response = client.get(SEARCH, {"q": "reef", **params})

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["parameter"]) == (422, name)
    assert problem["detail"]
    assert len(problem["detail"]) < 6000


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"status": "draft"}])
def test_what_is_not_public_is_neither_shown_nor_counted(client, staff, ferry, hidden):
    make_entry(title="Secret", summary="The secret ferry on a reef.", **hidden)
    indexing.index_pending()

    asked: tuple[dict[str, Any], ...] = ({}, {"kind": "incident"}, {"mode": "keyword"}, {"mode": "vector"})
    for params in asked:
        public, inside = get(client, q="secret ferry reef", **params), get(staff, q="secret ferry reef", **params)
        assert "Secret" not in titles(public)
        assert titles(inside)[0] == "Secret"
        assert inside["total"] == public["total"] + 1


def test_related_by_kind(client, ferry):
    make_entry(title="Tram", summary="A tram.")
    make_entry(title="Secret", summary="A ferry on a reef.", visibility="internal")
    indexing.index_pending()

    found = get(client, f"/api/v1/entries/{ferry.pk}/related")

    assert {kind: [entry["title"] for entry in entries] for kind, entries in found.items()} == {
        "incident": ["Tram"],
        "case_study": ["Autopilot"],
        "note": ["Control"],
    }
    assert found["note"][0]["url"] == "http://testserver/entries/control/"
    assert len(get(client, f"/api/v1/entries/{ferry.pk}/related", per_kind=1)["incident"]) == 1
    for wrong in (0, 21, "x", "9" * 5000):
        assert get(client, f"/api/v1/entries/{ferry.pk}/related", 422, per_kind=wrong)["parameter"] == "per_kind"


def test_related_of_what_is_not_there_or_not_public(client, staff):
    secret = make_entry(visibility="internal")

    assert get(client, f"/api/v1/entries/{secret.pk}/related", 404)["status"] == 404
    assert get(staff, f"/api/v1/entries/{secret.pk}/related") == {}
    assert get(client, "/api/v1/entries/99999999999999999999/related", 404)["status"] == 404


@pytest.mark.parametrize("address", [f"{SEARCH}?q=ferry&limit=100", "/api/v1/entries/{first}/related?per_kind=20"])
def test_the_number_of_queries_does_not_grow(client, address):
    first = make_entry(summary="A ferry on a reef.").pk

    def queries() -> int:
        for _ in range(6):
            make_entry(
                summary="A ferry on a reef.",
                tags=["a", "b"],
                ids={"aiid": str(Entry.objects.count())},
                entities={"developer": ["Acme"]},
                references=["A ferry report."],
            )
        indexing.index_pending()
        client.get(address.format(first=first))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address.format(first=first)).status_code == 200
        return len(captured)

    few = queries()
    assert few == queries()
    assert few <= 12
