"""What programs find before they read a page: what they may read, where it is, and nothing that is hidden."""

import re
from xml.etree import ElementTree

import pytest
from protego import Protego

from kb import sitemaps
from kb.models import Entry
from tests.factories import make_category, make_entry

pytestmark = pytest.mark.django_db

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HIDDEN = [{"status": "draft"}, {"visibility": "internal"}]


def addresses(client, path: str) -> dict[str, str]:
    """Address -> lastmod of a sitemap or of an index of them."""
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    found = ElementTree.fromstring(answer.content)
    return {one.findtext(f"{NS}loc", ""): one.findtext(f"{NS}lastmod", "") for one in found}


def test_robots_may_read_pages_and_are_told_where_they_are(client):
    answer = client.get("/robots.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    rules = Protego.parse(answer.content.decode())
    assert list(rules.sitemaps) == ["http://testserver/sitemap.xml"]
    for path in (
        "/",
        "/entries/ferry/",
        "/entries/ferry.md",
        "/incidents/?tag=ships",
        "/search/",
        "/incidents/?page=2",
    ):
        assert rules.can_fetch(f"http://testserver{path}", "AnyBot"), path
    for path in ("/admin/", "/search/?q=ferry", "/incidents/?tag=a&since=2020", "/notes/?tag=a,b", "/random/"):
        assert not rules.can_fetch(f"http://testserver{path}", "AnyBot"), path


def test_the_sitemap_leads_to_every_page_that_everybody_may_read(client):
    make_entry(title="Ferry", entities={"deployer": ["Acme"]}, categories=[make_category("Injury", taxonomy="Harms")])
    make_entry(kind="note", slug="folder/calibration")
    Entry.objects.update(updated_at="2026-05-03T12:00:00Z")

    index = addresses(client, "/sitemap.xml")
    assert index["http://testserver/sitemap-incidents.xml"].startswith("2026-05-03T12:00")
    found = {address: since for part in index for address, since in addresses(client, part).items()}

    assert found["http://testserver/entries/ferry/"] == "2026-05-03"
    assert {
        "http://testserver/",
        "http://testserver/incidents/",
        "http://testserver/entries/folder/calibration/",
        "http://testserver/entities/acme/",
        "http://testserver/taxonomies/harms/",
        "http://testserver/taxonomies/harms/harms-injury/",
        "http://testserver/precedents/",
        "http://testserver/api/v1/docs",
    } <= set(found)
    assert [address for address in found if client.get(address).status_code != 200] == []


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_what_is_hidden_is_in_none_even_for_staff(staff, hidden):
    make_entry(title="Secret", entities={"deployer": ["Hidden Inc"]}, **hidden)

    for part in addresses(staff, "/sitemap.xml"):
        assert not [one for one in addresses(staff, part) if "secret" in one or "hidden" in one]
    text = staff.get("/llms.txt").content.decode()
    assert "of 0 AI incidents" in text
    assert "]: 0 companies" in text or "): 0 companies" in text


def test_a_big_sitemap_has_pages(client, monkeypatch):
    monkeypatch.setattr(sitemaps.Rows, "limit", 2)
    for number in range(3):
        make_entry(slug=f"ferry-{number}")

    assert "http://testserver/sitemap-incidents.xml?p=2" in addresses(client, "/sitemap.xml")
    assert list(addresses(client, "/sitemap-incidents.xml?p=2")) == ["http://testserver/entries/ferry-2/"]
    assert client.get("/sitemap-incidents.xml?p=3").status_code == 404
    assert client.get("/sitemap-poems.xml").status_code == 404
    assert "http://testserver/sitemap-notes.xml" not in addresses(client, "/sitemap.xml")


@pytest.mark.parametrize(
    "path", ["/sitemap.xml", "/sitemap-incidents.xml", "/sitemap-entities.xml", "/sitemap-categories.xml", "/llms.txt"]
)
def test_twice_as_much_takes_as_many_queries(client, count_queries, path):
    def add(some: range) -> None:
        for number in some:
            make_entry(entities={"deployer": [f"Firm {number}"]}, categories=[make_category(taxonomy=f"By {number}")])

    add(range(3))
    once = count_queries(path)
    add(range(3, 6))

    assert count_queries(path) == once


def test_llms_txt_is_as_the_format_wants_it_and_its_links_lead_somewhere(client):
    make_entry(title="Ferry", entities={"deployer": ["Acme"]})
    make_entry(kind="note")

    answer = client.get("/llms.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()

    assert lines[0] == "# Precedent"
    assert lines[2].startswith("> A collection of 2 AI incidents")
    assert [line for line in lines if line.startswith("## ")][-1] == "## Optional"
    items = [line for line in lines if line.startswith("- ")]
    assert all(re.fullmatch(r"- \[[^]]+\]\(http://testserver/[^)\s]*\)(: .+)?", line) for line in items)
    assert any("[Incidents](http://testserver/incidents/): 1." in line for line in items)
    for address in re.findall(r"\]\((http://testserver[^)]+)\)", "\n".join(items)):
        assert client.get(address).status_code == 200, address
