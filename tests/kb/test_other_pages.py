"""Status, sign-in and what is shown when something is not there or goes wrong."""

import io
from datetime import date, datetime

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from kb.models import SourceRecord
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


def test_status_counts_the_collection_and_names_sources_and_licences(client):
    make_entry(source="aiid", licence="CC-BY-SA-4.0", references=[make_reference()], entities={"deployer": ["Bank"]})
    make_entry(kind="note")
    make_entry(status="draft", licence="secret licence")

    page = client.get("/status/").content.decode()

    assert "CC-BY-SA-4.0" in page
    assert "written here" in page
    assert "secret licence" not in page
    assert page.count('<dd class="number">1</dd>') >= 4
    assert "entries are waiting to be indexed" in page


def test_status_says_how_fresh_each_source_is(client):
    entry = make_entry(source="aiid", occurred_on="2024-03")
    seen = timezone.make_aware(datetime(2025, 2, 10, 12))
    SourceRecord.objects.create(entry=entry, source="aiid", key="1", digest="x", seen_at=seen)
    make_entry(source="aiid", visibility="internal", occurred_on="2026-01-01")

    row = client.get("/status/").context["sources"][0]

    assert (row["label"], row["count"], row["newest"], row["read_at"]) == ("AIID", 1, date(2024, 3, 1), seen)


def test_a_page_that_is_not_there(client):
    response = client.get("/nothing/here/")

    assert response.status_code == 404
    assert "Not here" in response.content.decode()
    assert 'href="/search/"' in response.content.decode()


def test_a_form_from_elsewhere_is_refused_in_words():
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a"})

    assert response.status_code == 403
    assert "The form is too old" in response.content.decode()


def test_the_page_for_our_own_mistakes_needs_nothing():
    assert "Something broke" in render_to_string("500.html")


def test_a_sign_in_link_works_once_and_the_command_prints_another(client):
    def link() -> str:
        out = io.StringIO()
        call_command("signin", stdout=out)
        address = out.getvalue().strip()
        assert address.startswith("http://127.0.0.1:8000/sign-in/")
        return address.removeprefix("http://127.0.0.1:8000")

    used = link()
    assert client.get(used).status_code == 302
    again = client.get(used)
    assert again.status_code == 403
    assert "manage.py signin" in again.content.decode()
    assert client.get(link()).status_code == 302


def test_the_command_knows_other_addresses():
    out = io.StringIO()
    call_command("signin", "--address", "https://kb.example/", stdout=out)

    assert out.getvalue().startswith("https://kb.example/sign-in/")


@pytest.mark.parametrize(
    "path", ["/entries/a%00b/", "/entries/a%00b.md", "/entities/a%00b/", "/taxonomies/a%00b/", "/known-as/aiid/a%00b"]
)
def test_nothing_is_at_an_address_that_no_database_takes(client, path):
    assert client.get(path).status_code == 404
