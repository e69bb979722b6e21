"""Lists of one kind: filtered, ordered and turned by their address alone."""

import re
from typing import Any

import pytest

from kb.kinds import KINDS
from tests.factories import make_category, make_entity, make_entry

pytestmark = pytest.mark.django_db


def titles(page: str) -> list[str]:
    return re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', page)


def get(client, address: str, status: int = 200, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize("info", KINDS.values(), ids=KINDS)
def test_each_kind_has_a_list_of_its_own(client, info):
    for kind in KINDS:
        make_entry(kind=kind, title=f"A {kind}")

    page = get(client, f"/{info.path}/")

    assert titles(page) == [f"A {info.kind}"]
    assert info.lead in page


def test_newest_first_and_the_undated_last(client):
    make_entry(title="undated")
    make_entry(title="in 2021", occurred_on="2021")
    make_entry(title="in May 2024", occurred_on="2024-05")
    make_entry(title="on a day", occurred_on="2023-02-01")

    assert titles(get(client, "/incidents/")) == ["in May 2024", "on a day", "in 2021", "undated"]
    assert titles(get(client, "/incidents/?sort=oldest")) == ["in 2021", "on a day", "in May 2024", "undated"]


def test_by_title_whatever_the_case(client):
    for title in ("beta", "Alpha", "Gamma"):
        make_entry(title=title)

    assert titles(get(client, "/incidents/?sort=title")) == ["Alpha", "beta", "Gamma"]


def test_filters_work_together(client):
    bank = make_entity("Bank")
    wanted: dict[str, Any] = {"tags": ["chatbots"], "entities": {"deployer": [bank]}, "occurred_on": "2024-05"}
    make_entry(title="all of it", categories=[make_category("Loss")], **wanted)
    make_entry(title="other year", **{**wanted, "occurred_on": "2022"})
    make_entry(title="other bank", **{**wanted, "entities": {}})
    make_entry(title="other tag", **{**wanted, "tags": []})

    page = get(client, "/incidents/?tag=chatbots&entity=bank&since=2024&until=2024-05&category=harms-loss")

    assert titles(page) == ["all of it"]
    assert "<strong>1</strong> incident" in page


def test_a_bad_date_is_told_and_nothing_else_is_lost(client):
    make_entry(title="kept", tags=["chatbots"])
    make_entry(title="left out")

    page = get(client, "/incidents/?since=soon&tag=chatbots", 400)

    assert "“soon” is not a date" in page
    assert titles(page) == ["kept"]
    assert 'value="soon"' in page
    assert "Tag: chatbots" in page


@pytest.mark.parametrize(("number", "shown"), [("2", 2), ("99", 3), ("-1", 3), ("0", 3), ("x", 1), ("", 1), ("²", 1)])
def test_a_page_that_is_not_there_gives_the_nearest(client, number, shown):
    for index in range(60):
        make_entry(title=f"Entry {index:02}")

    page = get(client, f"/incidents/?sort=title&page={number}")

    assert f"page {shown} of 3" in page
    assert titles(page)[0] == f"Entry {25 * (shown - 1):02}"
    assert 'href="?sort=title&amp;page=' in page


def test_nothing_found_says_how_to_go_on(client):
    make_entry()

    assert "No incident fits all of this" in get(client, "/incidents/?tag=nothing")
    assert "No notes yet" in get(client, "/notes/")


def test_htmx_gets_the_list_alone_and_caches_know_it(client):
    make_entry(title="One")

    whole = client.get("/incidents/?tag=")
    part = client.get("/incidents/", headers={"HX-Request": "true"})
    restored = client.get("/incidents/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert whole.content.startswith(b"<!doctype html>")
    assert b"<html" not in part.content
    assert b'<div id="results"' in part.content
    assert b"<title>Incidents" in part.content
    assert b"<html" in restored.content
    assert all("HX-Request" in response.headers["Vary"] for response in (whole, part))


def test_drafts_and_what_is_internal_are_for_staff(client):
    make_entry(title="a draft", status="draft")
    make_entry(title="inside", visibility="internal")

    assert titles(get(client, "/incidents/")) == []


def test_staff_see_them_and_see_that_others_do_not(staff):
    make_entry(title="a draft", status="draft")
    make_entry(title="inside", visibility="internal")

    page = get(staff, "/incidents/?sort=title")

    assert titles(page) == ["a draft", "inside"]
    assert page.index(">Draft</span>") < page.index(">Internal</span>")


def test_names_are_shown_and_never_run(client):
    make_entry(title="<script>alert(1)</script>", summary="<b>x</b>", tags=['"><i>'])

    page = get(client, "/incidents/?tag=<script>&since=<script>", 400)
    whole = get(client, "/incidents/")

    assert "<script>alert" not in page + whole
    assert "<script>&" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in whole
    assert '"><i>' not in whole


@pytest.mark.parametrize("address", ["/incidents/", "/incidents/?tag=a&since=2020&sort=title", "/entities/"])
def test_the_number_of_queries_does_not_grow(client, count_queries, address):
    def add(count: int) -> None:
        for _ in range(count):
            make_entry(
                tags=["a", "b"],
                occurred_on="2024",
                entities={"deployer": [make_entity()]},
                ids={"aiid": make_entity().name},
            )

    add(10)
    few = count_queries(address)
    add(10)

    assert count_queries(address) == few
