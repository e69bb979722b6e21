"""Citing an entry: in words, as files, and by addresses that stay."""

import json

import bibtexparser
import pytest
import rispy
from django.utils import timezone

from kb.models import Entry, SlugRedirect
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def ferry() -> Entry:
    entry = make_entry(
        title="Ferry & reef",
        slug="ferry",
        attribution="AI Incident Database",
        licence="CC-BY-SA-4.0",
        references=[make_reference(text="Not ours to give. " * 40)],
    )
    Entry.objects.filter(pk=entry.pk).update(updated_at="2024-02-14T10:00:00Z")
    return entry


def test_the_page_says_how_to_cite_it(client, ferry):
    today = timezone.now().date()

    page = client.get("/entries/ferry/").content.decode()

    assert "AI Incident Database. (2024, February 14). Ferry &amp; reef. Precedent. Retrieved " in page
    assert "urldate = {" + today.isoformat() in page
    assert f'href="/entries/ferry/?as-of={today.isoformat()}"' in page
    for name in ("bibtex", "ris", "csl-json"):
        assert f'href="/entries/ferry/cite/{name}"' in page


def test_each_file_is_read_by_a_program_for_bibliographies(client, ferry):
    today = timezone.now().date()

    def file(name: str) -> str:
        response = client.get(f"/entries/ferry/cite/{name}")
        assert response.status_code == 200
        assert "attachment" in response["Content-Disposition"]
        return response.content.decode()

    bibtex = bibtexparser.parse_string(file("bibtex")).entries[0].fields_dict
    assert bibtex["url"].value == "http://testserver/entries/ferry/"
    assert bibtex["urldate"].value == today.isoformat()
    ris = rispy.loads(file("ris"))[0]
    assert (ris["title"], ris["urls"]) == ("Ferry & reef", ["http://testserver/entries/ferry/"])
    [csl] = json.loads(file("csl-json"))
    assert csl["accessed"] == {"date-parts": [[today.year, today.month, today.day]]}
    assert csl["author"] == [{"literal": "AI Incident Database"}]


def test_no_file_of_what_is_hidden_or_of_another_kind(client, ferry):
    make_entry(slug="secret", status="draft")
    SlugRedirect.objects.create(slug="old", entry=ferry)

    assert client.get("/entries/secret/cite/ris").status_code == 404
    assert client.get("/entries/secret.md").status_code == 404
    assert client.get("/entries/ferry/cite/docx").status_code == 404
    assert client.get("/entries/old/cite/ris").headers["Location"] == "/entries/ferry/cite/ris"


def test_an_entry_is_markdown_too_without_texts_of_others(client, ferry):
    response = client.get("/entries/ferry.md")

    text = response.content.decode()
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert text.startswith("---\nformat: precedent\ntitle: Ferry & reef\n")
    assert "Not ours to give" not in text
    assert 'type="text/markdown" href="/entries/ferry.md"' in client.get("/entries/ferry/").content.decode()


def test_random_leads_to_what_may_be_seen_and_is_kept_by_no_cache(client, ferry):
    make_entry(kind="note", status="draft")

    response = client.get("/random/")

    assert (response.status_code, response.headers["Location"]) == (302, "/entries/ferry/")
    assert "no-store" in response["Cache-Control"]
    assert client.get("/random/?kind=note").status_code == 404
    assert client.get("/random/?kind=nonsense").status_code == 404
