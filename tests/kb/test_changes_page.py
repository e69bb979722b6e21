"""What changed can be read: by run, by entry, field by field, and only by those who may see the entry."""

import random
from datetime import UTC, datetime
from string import ascii_letters
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.differences import MOST_STEPS, Work
from kb.models import Change, Entry, Job, SourceRecord
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

API = "/api/v1/changes"


def make_change(entry: Entry | None = None, **fields: Any) -> Change:
    title = fields.pop("title", entry.title if entry else "Gone")
    when = fields.pop("when", None)
    change = Change.objects.create(
        entry=entry,
        title=title,
        **{"action": "updated", "kind": entry.kind if entry else "", "source": "aiid", **fields},
    )
    if when:
        Change.objects.filter(pk=change.pk).update(created_at=datetime.fromisoformat(when).replace(tzinfo=UTC))
    return change


def make_run() -> Job:
    return Job.objects.create(kind="ingest", parameters={"source": "aiid", "location": "/srv/snapshot"})


def text(client: Client, address: str = "/changes/", status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_a_run_tells_what_it_changed_field_by_field(client):
    ferry, tram = make_entry(title="A ferry hit a reef"), make_entry(title="Tram")
    run = make_run()
    make_change(tram, action="created", job=run)
    make_change(
        ferry,
        job=run,
        fields={
            "title": {"from": "A ferry hit a reef", "to": "A ferry hit a <wall>"},
            "roles": {"added": ["Deployer: Acme"], "removed": ["Developer: Bolt"]},
            "facts.harms": {"from": ["delay", "cost"], "to": ["delay", "injury"]},
        },
    )

    page = text(client)

    assert "Import of AIID" in page
    assert "1 created, 1 changed" in page
    assert f'<a href="{ferry.get_absolute_url()}">A ferry hit a reef</a>' in page
    assert "A ferry hit a <del>reef</del><ins>&lt;wall&gt;</ins>" in page
    assert "<li><del>Developer: Bolt</del></li><li><ins>Deployer: Acme</ins></li>" in page
    assert "<dt>Harms</dt>" in page
    assert "<li><del>cost</del></li><li><ins>injury</ins></li>" in page
    assert "/srv/snapshot" not in page


def test_rows_that_changed_within_are_named(client):
    make_change(make_entry(), fields={"references": {"changed": ["Court ruling"]}})

    assert '<dt>References</dt><dd><ul><li>Court ruling <span class="skipped">changed</span></li>' in text(client)


def test_of_thousands_of_rows_the_first_are_told_and_the_others_counted(client):
    names = [f"Report {number:04}" for number in range(5_000)]
    make_change(make_entry(), fields={"references": {"added": names, "removed": names[:51]}, "tags": {"added": ["a"]}})

    page = text(client)

    assert page.count("<li><ins>Report ") == page.count("<li><del>Report ") == 50
    assert "<ins>Report 0049</ins>" in page
    assert "4,951 more are not shown." in page
    assert page.count("not shown") == 1


def test_a_page_of_changes_is_no_longer_than_it_may_be_whatever_is_in_them(client):
    rows = ["long row " * 1_000] * 100
    said = {"references": {"added": rows, "changed": rows}, "title": "word " * 9_000, "facts.harms": {"to": rows}}
    for number in range(40):
        make_change(make_entry(), fields=said | {"body": {"from": "old " * 9_000, "to": f"{number} " * 9_000}})

    page = text(client)

    assert len(page) < 600_000
    assert page.count("200 more are not shown") > 10, "what comes last is counted alone"
    assert page.count("196 more are not shown") > 5, "what comes first is told"


def test_runs_and_days_stand_apart_the_newest_first(client):
    entry = make_entry(title="Ferry")
    first, second = make_run(), make_run()
    make_change(entry, job=first, when="2026-03-01T10:00:00")
    make_change(entry, job=second, when="2026-03-01T11:00:00")
    make_change(entry, job=second, when="2026-03-02T00:10:00")
    make_change(entry, source="", when="2026-03-03T00:10:00")

    groups = client.get("/changes/").context["groups"]

    assert [(str(group.day), group.job) for group in groups] == [
        ("2026-03-03", None),
        ("2026-03-02", second),
        ("2026-03-01", second),
        ("2026-03-01", first),
    ]


def test_only_what_a_reader_may_see(client, staff):
    anonymous = Client()
    public, draft = make_entry(title="Public"), make_entry(title="Secret", status="draft")
    make_change(public, key="row 7")
    make_change(draft)
    make_change(None, title="Deleted", action="deleted")
    make_change(public, action="conflict", fields={"title": {"kept": "Public", "offered": "Disputed"}})
    make_change(public, preview=True, title="Previewed")

    seen, all_of_it = text(anonymous), text(staff)

    assert "Public" in seen
    for hidden in ("Secret", "Deleted", "Disputed", "row 7", "Previewed"):
        assert hidden not in seen
    for shown in ("Public", "Secret", "Deleted", "Disputed", "row 7"):
        assert shown in all_of_it
    assert "Previewed" not in all_of_it
    titles = [row["title"] for row in anonymous.get(API).json()["results"]]
    assert titles == ["Public"]
    assert anonymous.get("/changes/?action=conflict").context["page"].paginator.count == 0


def test_filters_by_source_action_run_entry_and_time(client):
    ferry, tram = make_entry(title="Ferry"), make_entry(title="Tram")
    SourceRecord.objects.create(entry=ferry, source="avid", key="1", digest="")
    run = make_run()
    make_change(ferry, job=run, when="2026-03-01T10:00:00", title="one")
    make_change(ferry, action="created", source="avid", when="2026-03-02T10:00:00", title="two")
    make_change(tram, when="2026-03-03T10:00:00", title="three")

    def titles(**params: object) -> list[str]:
        page = client.get("/changes/", params)
        assert page.status_code == 200
        answer = client.get(API, params).json()
        assert [change.title for change in page.context["page"]] == [row["title"] for row in answer["results"]]
        return [row["title"] for row in answer["results"]]

    assert titles() == ["three", "two", "one"]
    assert titles(source="avid") == ["two"]
    assert titles(action="created") == ["two"]
    assert titles(job=run.pk) == ["one"]
    assert titles(entry=ferry.slug) == ["two", "one"]
    assert titles(entry="nowhere") == []
    assert titles(since="2026-03-02") == ["three", "two"]
    assert titles(since="2026-03-02T10:00:01Z") == ["three"]
    assert titles(since="2026-03-02T12:00:00+02:00", until="2026-03-02T10:00:00") == ["two"]
    assert titles(until="2026-03-02") == ["two", "one"]
    assert titles(since="2026-03", until="2026") == ["three", "two", "one"]


def test_a_plus_that_nobody_escaped_is_still_a_zone(client):
    make_change(make_entry(), when="2026-03-02T10:00:00")

    assert client.get(f"{API}?since=2026-03-02T12:00:00+02:00").json()["total"] == 1
    assert client.get(f"{API}?since=2026-03-02T12:00:01+02:00").json()["total"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("since", "2026-13-01"),
        ("since", "2026-03-02T99:00"),
        ("until", "9999-12-31"),
        ("action", "exploded"),
        ("job", "seven"),
        ("job", "9" * 30),
        ("job", "-1"),
    ],
)
def test_nonsense_is_told_by_name(client, name, value):
    make_change(make_entry(title="Ferry"))

    page = client.get("/changes/", {name: value})
    answer = client.get(API, {name: value})

    assert page.status_code == 400
    assert "Ferry" in page.content.decode()  # the rest of what was asked for
    assert (answer.status_code, answer.json()["parameter"]) == (422, name)


def test_a_former_address_names_the_entry(client):
    entry = make_entry(title="Ferry")
    entry.former_slugs.create(slug="boat")
    make_change(entry)

    assert client.get(f"{API}?entry=boat").json()["total"] == 1


def test_nothing_yet(client):
    page = text(client)

    assert "Nothing has changed yet" in page
    assert "No change fits" in text(client, "/changes/?action=created")


def test_pages_and_their_parts(client):
    entry = make_entry(title="Ferry")
    for number in range(60):
        make_change(entry, title=f"change {number:02}")

    first, second = text(client), text(client, "/changes/?page=2&source=aiid")

    assert "change 59" in first
    assert "change 09" not in first
    assert "change 09" in second
    part = client.get("/changes/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<title>")
    assert "<html" not in part


def test_as_many_queries_for_many_changes_as_for_few(client, staff):
    def some(count: int) -> None:
        for number in range(count):
            make_change(make_entry(), job=make_run() if number % 2 else None, user=make_user() if number % 3 else None)

    def queries(reader: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as taken:
            assert reader.get(address).status_code == 200
        return len(taken)

    some(8)
    few = [queries(reader, address) for reader in (Client(), staff) for address in ("/changes/", f"{API}?limit=100")]
    some(16)
    many = [queries(reader, address) for reader in (Client(), staff) for address in ("/changes/", f"{API}?limit=100")]
    assert few == many


def test_the_api_tells_a_change_whole(client, staff):
    entry = make_entry(title="Ferry")
    run = make_run()
    change = make_change(entry, job=run, key="aiid 7", fields={"title": {"from": "Boat", "to": "Ferry"}})

    answer = Client().get(API).json()

    row = {
        "id": change.pk,
        "action": "updated",
        "created_at": change.created_at.isoformat(),
        "source": "aiid",
        "job": run.pk,
        "kind": "incident",
        "title": "Ferry",
        "entry": {"id": entry.pk, "slug": "ferry", "url": "http://testserver/entries/ferry/"},
        "fields": {"title": {"from": "Boat", "to": "Ferry"}},
    }
    assert answer == {"results": [row], "total": 1, "next_cursor": None, "notices": []}
    assert staff.get(API).json()["results"] == [{**row, "user": None, "key": "aiid 7"}]


def test_the_cursor_stays_in_place_when_something_new_arrives(client):
    entry = make_entry()
    old = [make_change(entry).pk for _ in range(5)]

    first = client.get(f"{API}?limit=2").json()
    make_change(entry)
    second = client.get(f"{API}?limit=2&cursor={first['next_cursor']}").json()
    third = client.get(f"{API}?limit=2&cursor={second['next_cursor']}").json()

    pages = [[row["id"] for row in answer["results"]] for answer in (first, second, third)]
    assert pages == [[old[4], old[3]], [old[2], old[1]], [old[0]]]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 19, "1.5", "²"])
def test_a_cursor_of_nobodys_making_is_refused(client, cursor):
    assert client.get(API, {"cursor": cursor}).json()["parameter"] == "cursor"


def test_all_changes_of_a_page_share_what_comparing_may_take(client, monkeypatch):
    entry = make_entry(title="Tables")
    work = Work()
    monkeypatch.setattr("kb.views.changes.Work", [work].pop)  # there is but one
    for number in range(50):
        old, new = (" ".join(random.Random(f"{number}{side}").choices(ascii_letters, k=999)) for side in "ab")
        make_change(entry, fields={"body": {"from": old, "to": new}})

    page = text(client)

    assert page.count("<dt>Text</dt>") == 50
    assert 0 <= work.left < MOST_STEPS // 2


def test_lists_of_very_many_lines_are_told_by_what_only_one_of_them_has(client):
    lines = [f"harm {number}" for number in range(3_000)]
    make_change(make_entry(), fields={"facts.harms": {"from": lines, "to": [*lines[1:], "harm new"]}})

    page = text(client)

    assert page.count("<li><del>") == page.count("<li><ins>") == 1
    assert "<del>harm 0</del>" in page
    assert "<ins>harm new</ins>" in page
