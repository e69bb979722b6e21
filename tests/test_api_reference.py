"""The API's reference says what there is, and its description says what is answered."""

import json
import re
import shlex
from html import unescape
from typing import Any

import pytest
from django.test import Client
from ninja import Schema

from kb import api_answers
from kb.api import api
from kb.models import Change, Job, JobProblem
from kb.tokens import STAFF_ONLY
from search import api_answers as search_answers
from search import indexing
from tests.factories import make_category, make_entry, make_reference, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.once]

API = "/api/v1"
EVERYTHING: dict[str, Any] = {
    "/search?q=ferry+autopilot&facets=true": search_answers.SearchOut,
    "/search?q=zzzz&mode=keyword": search_answers.SearchOut,
    "/entries": api_answers.EntriesOut,
    "/entries/{entry}": api_answers.WholeEntryOut,
    "/entries/{entry}/related": search_answers.RelatedOut,
    "/entries/{entry}/bridges": search_answers.BridgesOut,
    "/entities": api_answers.EntitiesOut,
    "/taxonomies": api_answers.TaxonomiesOut,
    "/changes": api_answers.ChangesOut,
    "/jobs/{job}": api_answers.JobOut,
}


@pytest.fixture
def collection():
    entry = make_entry(
        title="Ferry autopilot hit a reef",
        summary="The autopilot of a ferry steered it onto a reef at night.",
        occurred_on="2024-02",
        tags=["ships"],
        ids={"aiid": "112"},
        entities={"deployer": ["Acme"]},
        categories=[make_category("Injury")],
        references=[make_reference(title="Report", text="An autopilot of a ferry failed. " * 40)],
        facts={"harms": ["physical"]},
        licence="CC0-1.0",
    )
    make_entry(
        kind="case_study",
        title="Ferry autopilot in a harbour",
        body="The autopilot of a ferry steered it past a reef at night.",
    )
    job = Job.objects.create(kind="import", counts={"created": 1})
    JobProblem.objects.create(job=job, key="7", reason="no title", failed=True)
    Change.objects.create(entry=entry, title=entry.title, action="updated", job=job, fields={"title": {"after": "x"}})
    indexing.index_pending()
    return {"entry": entry.pk, "job": job.pk}


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True))
    return client


def page(client: Client) -> str:
    return client.get(f"{API}/docs").content.decode()


def part(html: str, id: str) -> str:
    """What the page says of one operation."""
    return unescape(between(html, f'<article class="operation" aria-labelledby="{id}">', "</article>"))


def between(text: str, start: str, end: str) -> str:
    assert text.count(start) == 1
    return text.partition(start)[2].partition(end)[0]


@pytest.mark.parametrize("address", EVERYTHING)
@pytest.mark.parametrize("who", ["client", "staff"])
def test_what_is_answered_is_what_is_described(request, collection, who, address):
    answer = request.getfixturevalue(who).get(API + address.format(**collection))

    assert answer.status_code == 200
    described = EVERYTHING[address].model_validate(answer.json())
    assert described.model_dump(mode="json", exclude_unset=True) == answer.json(), "and no more than that"


def test_no_name_in_the_description_stands_for_two_things():
    def subclasses(schema: type) -> list[type]:
        found: list[type] = schema.__subclasses__()
        return [*found, *(one for below in found for one in subclasses(below))]

    names = [one.__name__ for one in subclasses(Schema) if one.__module__.startswith(("kb.", "search.", "ingest."))]

    assert len(names) > 40
    assert sorted(names) == sorted(set(names))
    paths = api.get_openapi_schema()["paths"]
    for path, field in {"saved-searches": "q", "ingest": "location", "precedents": "text"}.items():
        schema = paths[f"{API}/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        named = api.get_openapi_schema()["components"]["schemas"][schema.rpartition("/")[2]]
        assert field in named["properties"], path


def test_every_operation_is_on_the_page_with_what_it_takes(client, collection):
    html = page(client)

    described = api.get_openapi_schema()["paths"]
    assert len(re.findall("<article", html)) == sum(len(methods) for methods in described.values())
    for path, methods in described.items():
        for method, operation in methods.items():
            said = part(html, f"{method}{path.replace('/', '-').replace('{', '').replace('}', '')}")
            assert f"<b>{method.upper()}</b> {path}</code>" in said
            assert operation["summary"] in said
            names = {one["name"] for one in operation.get("parameters", ())}
            assert names <= set(re.findall(r"<dt><code>(\w+)</code></dt>", said))
    assert part(html, "get-api-v1-entities").count("from 1 to 100, 20 where it is not said") == 1
    assert "string up to 200 characters" in part(html, "post-api-v1-precedents")
    assert "string, needed" in part(html, "post-api-v1-precedents")
    assert "file" in part(html, "post-api-v1-ingest-file")
    saving = re.findall(r"<dt><code>(\w+)</code></dt>", part(html, "post-api-v1-saved-searches"))
    assert (saving[0], len(saving)) == ("q", 16), "what is needed comes first"


def test_an_answer_is_drawn_field_by_field(client, collection):
    drawn = between(part(page(client), "get-api-v1-entities"), 'aria-label="Answer: List entities, ', "</code>")

    assert (
        drawn.partition("<code>")[2]
        == """{
  "results": [{
    "id": integer
    "name": string
    "slug": string
    "url": string
    "entries": integer  // how many name it
  }, …]
  "total": integer
  "next_cursor": string or null  // to be sent as cursor for the next page; null on the last
  "notices": [string, …]
}"""
    )
    precedents = part(page(client), "post-api-v1-precedents")
    assert '"case_studies": as incidents\n' in precedents, "what was drawn is not drawn again"
    assert "204 No Content, and nothing else" in part(page(client), "delete-api-v1-saved-searches-saved_id")


def test_what_may_be_opened_answers(client, collection):
    addresses = [unescape(one) for one in re.findall(r'<a href="(http://testserver/[^"]+)">What it', page(client))]

    assert f"http://testserver{API}/entries/{collection['entry'] + 1}/related" in addresses
    assert f"http://testserver{API}/search?q=a+support+chatbot+that+can+issue+refunds&kind=incident" in addresses
    assert len(addresses) == 9, "all that only read, but for what is saved"
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_an_empty_collection_has_nothing_to_open_by_its_number(client):
    said = part(page(client), "get-api-v1-entries-entry_id")

    assert "What it answers here" not in said
    assert "curl 'http://testserver/api/v1/entries/ID'" not in said, "nothing in it is for the shell"
    assert "curl http://testserver/api/v1/entries/ID" in said


def test_a_request_can_be_copied_into_a_shell(client, staff, collection):
    html = page(client)

    def request(id: str) -> list[str]:
        code = between(part(html, id), "<h4>Request</h4>", "</code>").partition("<code>")[2]
        return shlex.split(code.replace("\\\n", ""))

    assert request("get-api-v1-search") == [
        "curl",
        "http://testserver/api/v1/search?q=a+support+chatbot+that+can+issue+refunds&kind=incident",
    ]
    command = request("post-api-v1-precedents")
    assert command[:4] == ["curl", "http://testserver/api/v1/precedents", "-H", "Content-Type: application/json"]
    sent = client.post(command[1], command[command.index("-d") + 1], content_type="application/json")
    assert (sent.status_code, "incidents" in sent.json()) == (200, True)
    command = request("post-api-v1-saved-searches")
    assert "Authorization: Bearer kb_…" in command
    assert json.loads(command[-1]) == {"kind": "incident", "q": "a support chatbot that can issue refunds"}
    assert staff.post(command[1], command[-1], content_type="application/json").status_code == 201
    assert request("delete-api-v1-saved-searches-saved_id")[1:4] == [
        "-X",
        "DELETE",
        "http://testserver/api/v1/saved-searches/ID",
    ]
    assert request("post-api-v1-ingest-file")[-4:] == ["-F", "file=@incidents.csv", "-F", "source=csv"]
    cancel = request("post-api-v1-jobs-job_id-cancel")
    assert cancel[1:4] == ["-X", "POST", f"http://testserver/api/v1/jobs/{collection['job']}/cancel"]


def test_who_may_ask_is_said_where_not_everybody_may(client):
    html = page(client)

    assert "Needs" not in part(html, "get-api-v1-search")
    assert "Needs a token, or to be signed in." in part(html, "post-api-v1-saved-searches")
    assert "Needs a token of somebody of staff, or to be signed in as one." in part(html, "post-api-v1-ingest")
    reader = Client()
    reader.force_login(make_user())
    refused = reader.post(f"{API}/ingest", "{}", content_type="application/json")
    assert (refused.status_code, refused.json()["detail"]) == (403, STAFF_ONLY)


def test_nobody_learns_the_number_of_a_draft(client, staff, collection):
    draft = make_entry(title="Secret", status="draft")

    assert f"/entries/{draft.pk}" not in page(client)
    assert f"/entries/{draft.pk}" in page(staff)


def test_the_page_is_there_to_be_read_and_runs_nothing(client):
    answer = client.get(f"{API}/docs")

    assert "unsafe-inline" not in answer["Content-Security-Policy"].replace("style-src-attr 'unsafe-inline'", "")
    assert client.post(f"{API}/docs").status_code == 405
    assert client.head(f"{API}/docs").status_code == 200
    assert "<script>" not in answer.content.decode()
    assert "<style" not in answer.content.decode()
