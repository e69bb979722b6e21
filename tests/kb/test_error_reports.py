"""Readers say what is wrong with an entry, and curators find it in a queue."""

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from kb.merging import merge_entries
from kb.models import ErrorReport, SlugRedirect
from kb.models.error_reports import MAX_CONTACT, MAX_WRONG
from kb.views import error_reports
from tests.factories import make_entry

pytestmark = pytest.mark.django_db

ADDRESS = "/entries/airline-bot/report/"


@pytest.fixture(autouse=True)
def entry():
    cache.clear()
    return make_entry(title="Airline bot", slug="airline-bot")


def send(client, status: int = 302, **fields) -> str:
    response = client.post(ADDRESS, {"wrong": "It was in 2023.", **fields})
    assert response.status_code == status
    return response.headers.get("Location", "") or response.content.decode()


def test_from_the_entry_to_the_queue(client, entry):
    assert f'href="{ADDRESS}"' in client.get(entry.get_absolute_url()).content.decode()
    assert f'href="{ADDRESS}"' in client.get("/entries/airline-bot/history/").content.decode()
    form = client.get(ADDRESS)
    assert "Report an error" in form.content.decode()
    assert "csrfmiddlewaretoken" in form.content.decode()
    assert form.headers["X-Robots-Tag"] == "noindex"

    there = send(client, source_url="https://news.example/1", contact="ada@example.org")

    assert there == f"{ADDRESS}?sent=1"
    page = client.get(there).content.decode()
    assert "<h1>Thank you</h1>" in page
    assert "<form class" not in page
    told = ErrorReport.objects.get()
    assert (told.entry, told.wrong, told.state) == (entry, "It was in 2023.", "open")
    assert (told.source_url, told.contact) == ("https://news.example/1", "ada@example.org")


def test_nothing_of_it_is_public(client, entry):
    send(client, wrong="Only for curators", contact="ada@example.org")

    for address in (entry.get_absolute_url(), "/entries/airline-bot/history/", f"/api/v1/entries/{entry.pk}", ADDRESS):
        page = client.get(address).content.decode()
        assert "Only for curators" not in page
        assert "ada@example.org" not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wrong": "  "}, "This field is required."),
        ({"wrong": "x" * (MAX_WRONG + 1)}, f"at most {MAX_WRONG} characters"),
        ({"contact": "x" * (MAX_CONTACT + 1)}, f"at most {MAX_CONTACT} characters"),
        ({"source_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"source_url": "https://" + "x" * 2000}, "at most 2000 characters"),
        ({"wrong": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_makes_no_sense_is_told_and_kept_on_the_form(client, fields, said):
    page = send(client, 400, **{"source_url": "", "contact": "", **fields})

    assert said in page
    assert not ErrorReport.objects.exists()


def test_what_is_written_never_runs(client):
    page = send(client, 400, wrong="<script>alert(1)</script>", source_url="no address")

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_program_that_fills_in_everything_is_thanked_and_ignored(client):
    assert send(client, website="https://spam.example") == f"{ADDRESS}?sent=1"
    assert not ErrorReport.objects.exists()


def test_one_address_cannot_send_without_end(client, monkeypatch):
    monkeypatch.setattr(error_reports, "AN_HOUR", 2)
    send(client)
    send(client)

    page = send(client, 429, wrong="A third one")

    assert "more than 2 from your address" in page
    assert ">\nA third one</textarea>" in page
    assert ErrorReport.objects.count() == 2
    assert client.post(ADDRESS, {"wrong": "Elsewhere"}, REMOTE_ADDR="9.9.9.9").status_code == 302


def test_another_site_cannot_send_it():
    assert Client(enforce_csrf_checks=True).post(ADDRESS, {"wrong": "x"}).status_code == 403


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"visibility": "internal"}])
def test_what_cannot_be_read_cannot_be_reported(client, fields):
    make_entry(slug="secret", **fields)

    assert client.get("/entries/secret/report/").status_code == 404
    assert client.post("/entries/secret/report/", {"wrong": "x"}).status_code == 404
    assert client.get("/entries/nothing/report/").status_code == 404


def test_a_former_address_leads_to_the_present_one(client, entry):
    SlugRedirect.objects.create(slug="old", entry=entry)

    response = client.get("/entries/old/report/")

    assert (response.status_code, response.headers["Location"]) == (301, ADDRESS)


def test_a_merged_entry_takes_them_along(client, entry):
    send(client)
    kept = make_entry()

    merge_entries(entry, kept)

    assert ErrorReport.objects.get().entry == kept


def test_curators_settle_them(staff):
    send(staff, wrong="The year is wrong")
    told = ErrorReport.objects.get()
    queue = staff.get("/admin/kb/errorreport/").content.decode()
    assert "The year is wrong" in queue
    assert "/entries/airline-bot/" in queue

    staff.post("/admin/kb/errorreport/", {"action": "settle", "_selected_action": [told.pk]})

    told.refresh_from_db()
    assert (told.state, told.settled_by) == ("settled", get_user_model().objects.get())
    assert told.settled_at
    settled_at = told.settled_at
    staff.post(f"/admin/kb/errorreport/{told.pk}/change/", {"state": "settled"})
    told.refresh_from_db()
    assert told.settled_at == settled_at
    staff.post(f"/admin/kb/errorreport/{told.pk}/change/", {"state": "open"})
    told.refresh_from_db()
    assert (told.state, told.settled_by, told.settled_at) == ("open", None, None)
    assert staff.get("/admin/kb/errorreport/add/").status_code == 403


def test_readers_do_not_see_the_queue(client):
    assert client.get("/admin/kb/errorreport/").status_code == 302
