"""The JSON API over HTTP: entries, entities, taxonomies, jobs, and what it says when something is wrong."""

import re
from http.client import HTTPConnection
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.merging import merge_entities
from kb.models import Classification, Entity, EntityAlias, Job, JobProblem
from tests.factories import make_category, make_entity, make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

API = "/api/v1"


def get(client: Client, address: str, status: int = 200, **params: Any) -> dict:
    response = client.get(API + address, params)
    assert response.status_code == status, response.content[:500]
    return response.json()


def titles(answer: dict) -> list[str]:
    return [result["entry"]["title"] for result in answer["results"]]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


def test_entries_newest_first_in_the_envelope_of_a_search(client):
    make_entry(title="undated")
    make_entry(title="older", occurred_on="2023")
    newer = make_entry(title="newer", occurred_on="2024-02-14", ids={"aiid": "7"}, tags=["ships"], summary="S.")

    answer = get(client, "/entries")

    assert titles(answer) == ["newer", "older", "undated"]
    assert {name: answer[name] for name in ("total", "next_cursor", "notices")} == {
        "total": 3,
        "next_cursor": None,
        "notices": [],
    }
    assert answer["results"][0] == {
        "entry": {
            "id": newer.pk,
            "kind": "incident",
            "title": "newer",
            "slug": "newer",
            "url": "http://testserver/entries/newer/",
            "summary": "S.",
            "occurred_on": "2024-02-14",
            "external_ids": {"aiid": "7"},
            "tags": ["ships"],
        }
    }
    assert [result["entry"]["occurred_on"] for result in answer["results"]] == ["2024-02-14", "2023", None]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"kind": "case-study"}, ["study"]),
        ({"tag": "ships"}, ["ferry", "study"]),
        ({"entity": "acme", "since": "2024"}, ["ferry"]),
        ({"category": "harms-physical"}, ["ferry"]),
        ({"namespace": "aiid"}, ["ferry"]),
        ({"until": "2023"}, ["tram"]),
        ({"since": "2023", "until": "2024-02"}, ["ferry", "tram"]),
        ({"nonsense": "x"}, ["ferry", "tram", "study"]),
        ({"tag": "\0ships\0"}, ["ferry", "study"]),
        ({"entity": "x" * 2000}, []),
    ],
)
def test_entries_are_filtered_like_a_search(client, params, found):
    acme, harm = make_entity("Acme"), make_category("Physical")
    ferry = make_entry(
        title="ferry",
        occurred_on="2024-02",
        tags=["ships"],
        ids={"aiid": "7"},
        categories=[harm],
        entities={"developer": [acme], "deployer": [acme]},
    )
    ferry.external_ids.create(namespace="aiid", value="8")
    Classification.objects.create(entry=ferry, category=harm, origin="imported")
    make_entry(title="tram", occurred_on="2023")
    make_entry(kind="case_study", title="study", tags=["ships"])

    answer = get(client, "/entries", **params)

    assert titles(answer) == found
    assert answer["total"] == len(found)


def test_a_filter_that_is_too_long_is_told(client):
    response = client.get(API + "/entries", {"entity": "x" * 2001})

    assert (response.status_code, response.json()["parameter"]) == (422, "entity")


def test_entries_are_walked_to_the_end_without_doubles_or_gaps(client):
    made = [make_entry(occurred_on="2024").pk for _ in range(7)] + [make_entry().pk for _ in range(4)]
    walked, cursor = [], ""
    while cursor is not None:
        answer = get(client, "/entries", limit=4, cursor=cursor)
        assert answer["total"] == 11
        walked += [result["entry"]["id"] for result in answer["results"]]
        cursor = answer["next_cursor"]

    assert walked == made[6::-1] + made[:6:-1]
    assert get(client, "/entries", limit=11)["next_cursor"] is None
    assert get(client, "/entries", cursor="999999999")["results"] == []


@pytest.mark.parametrize("address", ["/entries", "/entities"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("limit", 101),
        ("limit", "x"),
        ("limit", "9" * 5000),
        ("cursor", "x"),
        ("cursor", "-1"),
        ("cursor", "9" * 50),
    ],
)
def test_a_bad_page_is_a_problem_by_name(client, address, name, value):
    response = client.get(API + address, {name: value})

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["parameter"] == name
    assert set(response.json()) == {"type", "title", "status", "detail", "parameter"}


def test_a_bad_filter_is_a_problem_by_name(client):
    problem = get(client, "/entries", 422, since="soon")

    assert problem["parameter"] == "since"
    assert problem["detail"] == "“soon” is not a date: write 2024, 2024-02 or 2024-02-14."


def test_an_entry_whole(client):
    reference = make_reference(
        url="https://news.example/a", title="Report", publisher="News", authors=["A. B."], published_on="2024-03"
    )
    entry = make_entry(
        title="Ferry",
        body="## Why",
        facts={"country": ["norway"]},
        licence="CC-BY-4.0",
        attribution="Harbour office",
        entities={"developer": ["Acme"]},
        references=[reference],
        ids={"aiid": "7"},
    )
    entry.external_ids.create(namespace="aiid", value="8")
    Classification.objects.create(entry=entry, category=make_category("Physical"), origin="suggested")

    found = get(client, f"/entries/{entry.pk}")

    assert (found["id"], found["body"], found["facts"]) == (entry.pk, "## Why", {"country": ["norway"]})
    assert (found["licence"], found["attribution"], found["language"]) == ("CC-BY-4.0", "Harbour office", "en")
    assert found["external_ids"] == {"aiid": "7"}
    assert found["all_external_ids"] == [{"namespace": "aiid", "value": "7"}, {"namespace": "aiid", "value": "8"}]
    assert found["entities"] == [{"role": "developer", "name": "Acme", "slug": "acme"}]
    assert found["classifications"] == [
        {"taxonomy": "Harms", "category": "Physical", "path": ["Physical"], "origin": "suggested"}
    ]
    assert found["references"] == [
        {
            "id": reference.pk,
            "url": "https://news.example/a",
            "title": "Report",
            "publisher": "News",
            "authors": ["A. B."],
            "published_on": "2024-03",
            "archive_url": "",
            "language": "",
            "pages": None,
            "text": "",
            "text_is_quote": False,
            "text_licence": "",
            "role": "report",
        }
    ]


@pytest.mark.parametrize(
    ("licence", "shown", "is_quote"),
    [("", 280, True), ("UNLICENSED", 280, True), ("LicenseRef-x", 280, True), ("CC-BY-4.0", 1000, False)],
)
def test_a_text_is_whole_only_where_its_licence_allows(client, licence, shown, is_quote):
    entry = make_entry(references=[make_reference(text="x" * 1000, text_licence=licence)])

    (reference,) = get(client, f"/entries/{entry.pk}")["references"]

    assert (reference["text"], reference["text_is_quote"]) == ("x" * shown, is_quote)


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"status": "draft"}])
def test_what_is_not_public_is_neither_shown_nor_counted(client, staff, hidden):
    make_entry(title="open", entities={"developer": ["Acme"]})
    secret = make_entry(title="secret", entities={"developer": ["Acme", "Hidden Inc."]}, **hidden)

    assert (titles(get(client, "/entries")), get(client, "/entries")["total"]) == (["open"], 1)
    assert (titles(get(staff, "/entries")), get(staff, "/entries")["total"]) == (["secret", "open"], 2)
    assert get(client, f"/entries/{secret.pk}", 404)["detail"] == f"There is no entry {secret.pk}."
    assert get(staff, f"/entries/{secret.pk}")["title"] == "secret"

    def entities(reader: Client) -> list[tuple[str, int]]:
        return [(one["name"], one["entries"]) for one in get(reader, "/entities")["results"]]

    assert entities(client) == [("Acme", 1)]
    assert entities(staff) == [("Acme", 2), ("Hidden Inc.", 1)]
    assert get(client, "/entities", q="hidden")["total"] == 0


def test_entities_with_most_entries_first_by_any_of_their_names(client):
    acme, zenith = make_entity("Acme"), make_entity("Zénith")
    make_entry(entities={"developer": [acme], "deployer": [acme]})
    make_entry(entities={"developer": [zenith]})
    make_entry(entities={"harmed": [zenith]})
    make_entity("Nobody")
    EntityAlias.objects.create(entity=acme, name="Coyote Supplies")

    answer = get(client, "/entities")

    assert answer["results"] == [
        {
            "id": zenith.pk,
            "name": "Zénith",
            "slug": "zénith",
            "url": "http://testserver/entities/z%C3%A9nith/",
            "entries": 2,
        },
        {"id": acme.pk, "name": "Acme", "slug": "acme", "url": "http://testserver/entities/acme/", "entries": 1},
    ]
    assert (answer["total"], answer["next_cursor"], answer["notices"]) == (2, None, [])
    assert get(client, "/entities", limit=1)["next_cursor"] == "1"

    def named(q: str) -> list[str]:
        return [one["name"] for one in get(client, "/entities", q=q)["results"]]

    assert named("ZÉNITH") == ["Zénith"]
    assert named("coyote") == ["Acme"]
    assert named(" \0") == ["Zénith", "Acme"]
    assert named("%_\\'\"") == []


def test_a_merged_entity_is_one_in_the_list(client):
    acme, corp = make_entity("Acme"), make_entity("Acme Corp.")
    make_entry(entities={"developer": [acme]})
    entry = make_entry(title="Ferry", entities={"developer": [corp]})
    merge_entities(corp, acme)

    assert [(one["name"], one["entries"]) for one in get(client, "/entities")["results"]] == [("Acme", 2)]
    assert entry.title in titles(get(client, "/entries", entity="acme-corp"))


def test_taxonomies_with_their_categories(client):
    make_category("Physical")
    make_category("Financial")

    assert get(client, "/taxonomies") == {
        "results": [
            {
                "name": "Harms",
                "slug": "harms",
                "description": "",
                "categories": [
                    {"name": "Financial", "slug": "harms-financial"},
                    {"name": "Physical", "slug": "harms-physical"},
                ],
            }
        ],
        "total": 1,
        "next_cursor": None,
        "notices": [],
    }


def test_a_job_tells_how_far_it_is_and_its_details_to_staff_alone(client, staff):
    job = Job.objects.create(
        kind="import", state="failed", parameters={"path": "/home/me/x.csv"}, error="cannot read /home/me/x.csv"
    )
    JobProblem.objects.create(job=job, key="row 3", reason="no title")

    public, inside = get(client, f"/jobs/{job.pk}"), get(staff, f"/jobs/{job.pk}")

    assert (public["id"], public["kind"], public["state"], public["done"]) == (job.pk, "import", "failed", 0)
    assert "/home/me" not in str(public)
    assert inside["error"] == "cannot read /home/me/x.csv"
    assert inside["problems"] == [{"key": "row 3", "reason": "no title", "failed": False}]


@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
@pytest.mark.parametrize(
    "address",
    [
        "/entries/0",
        "/entries/-1",
        "/entries/1.5",
        "/entries/abc",
        "/entries/9223372036854775808",
        "/entries/" + "9" * 5000,
        "/entries/%00",
        "/entries/",
        "/entries/1/related/x",
        "/jobs/99999999999999999999",
        "/jobs/-1",
        "/nothing",
        "/",
    ],
)
def test_what_is_not_there_is_a_problem(client, address, method):
    response = getattr(client, method)(API + address)

    if response.status_code == 405 or (method == "options" and response.status_code == 204):
        assert "GET" in response["Allow"]
        return
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["title"] == "Not Found"


@pytest.mark.parametrize("address", ["/search?q=x", "/entries", "/entities", "/taxonomies"])
def test_head_says_what_get_would_without_the_body(client, address):
    whole, head = client.get(API + address), client.head(API + address)

    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == whole["Content-Type"]
    assert head["Content-Length"] == str(len(whole.content))
    assert client.head(API + "/entries/0").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_head_on_a_real_connection_leaves_it_fit_for_the_next_request(live_server):
    make_entry(title="Ferry")
    connection = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=10)

    connection.request("HEAD", f"{API}/entries")
    head = connection.getresponse()
    assert (head.status, head.read()) == (200, b"")
    connection.request("GET", f"{API}/entries")
    whole = connection.getresponse().read()
    assert head.headers["Content-Length"] == str(len(whole))
    connection.request("OPTIONS", f"{API}/entries")
    asked = connection.getresponse()
    assert (asked.status, asked.read(), asked.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    connection.close()


def test_what_an_address_takes(client):
    refused, asked = client.patch(API + "/taxonomies"), client.options(API + "/taxonomies")

    assert (refused.status_code, refused["Content-Type"]) == (405, "application/problem+json")
    assert refused.json()["status"] == 405
    assert (asked.status_code, asked.content) == (204, b"")
    assert refused["Allow"] == asked["Allow"] == "GET, HEAD, OPTIONS"


def test_a_failure_of_ours_is_a_problem_that_tells_nothing_of_the_inside(client, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("kb.entries_api.EntryFilter.from_params", broken)
    response = client.get(API + "/entries")

    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b"hunter2" not in response.content
    assert "hunter2" in caplog.text


def test_a_wrong_host_is_a_problem_too(client):
    response = client.get(API + "/entries", headers={"host": "evil.example"})

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_the_description_is_whole_and_names_every_parameter(client):
    description = get(client, "/openapi.json")

    assert description["openapi"].startswith("3.1")
    assert description["info"]["title"] == "Precedent"
    paths = description["paths"]
    assert {
        f"{API}{path}" for path in ("/search", "/entries", "/entries/{entry_id}", "/entries/{entry_id}/related")
    } <= set(paths)
    assert {f"{API}{path}" for path in ("/entities", "/taxonomies", "/jobs/{job_id}")} <= set(paths)
    parameters = {one["name"] for one in paths[f"{API}/search"]["get"]["parameters"]}
    assert parameters == {
        *("q", "mode", "limit", "cursor", "facets"),
        *("kind", "tag", "entity", "category", "namespace", "harm", "sector", "technique", "country"),
        *("language", "status", "since", "until"),
    }
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(set(ids)) == len(ids)
    for path, operations in paths.items():
        for operation in operations.values():
            described = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert {"200", "201", "202", "204"} & set(operation["responses"])
    for name in re.findall(r'"#/components/schemas/(\w+)"', str(description).replace("'", '"')):
        assert name in description["components"]["schemas"]


@pytest.mark.parametrize("address", ["/entries?limit=100", "/entities?limit=100", "/taxonomies", "/entries/{first}"])
def test_the_number_of_queries_does_not_grow(client, address):
    first = make_entry()

    def queries() -> int:
        for _ in range(5):
            make_entry(
                tags=["a", "b"],
                ids={"aiid": str(Entity.objects.count())},
                entities={"developer": [make_entity(), "Acme"]},
                references=["A report."],
                categories=[make_category()],
            )
        first.roles.create(entity=make_entity(), role="harmed")
        first.citations.create(reference=make_reference())
        first.classifications.create(category=make_category(taxonomy=f"Taxonomy {Entity.objects.count()}"))
        with CaptureQueriesContext(connection) as captured:
            get(client, address.format(first=first.pk))
        return len(captured)

    few = queries()
    assert few == queries()
    assert few <= 10
