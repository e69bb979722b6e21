"""Imports of addresses, from the command to what is stored and shown."""

import gzip

import pytest
from django.test import Client

from kb.models import Entry, Reference
from tests.ingest.fetching.servers import page, redirect
from tests.ingest.sources.feeds import PAGE, RSS
from tests.ingest.test_command import ingest
from tests.ingest.test_curated import decide

pytestmark = pytest.mark.django_db


def test_good_addresses_come_in_beside_bad_ones(web, write_list):
    bomb = gzip.compress(b"<p>" + b"\0" * 30_000_000)
    web.replies |= {
        "/lift": page(PAGE.replace("/2024/lift", "/lift").encode()),
        "/bomb": page(bomb, Content_Encoding="gzip"),
        "/inside": redirect("http://169.254.169.254/"),
        "/deep": page(b"<html><body>" + b"<div>" * 50_000),
        "/robots.txt": page(b"User-agent: *\nDisallow: /closed"),
    }
    paths = ["/bomb", "/inside", "/deep", "/closed", "/lift", "/none"]
    out, err = ingest("url", write_list(*(web.url(path) for path in paths), "http://0x7f.1/"), "--now")
    assert out[-1] == "created 1, updated 0, unchanged 0, failed 6"
    told = dict(line.split(": ", 1) for line in err if ": " in line)
    assert "is larger than 20,000,000 bytes" in told[web.url("/bomb")]
    assert "a link-local address" in told[web.url("/inside")]
    assert "neither a title nor a text" in told[web.url("/deep")]
    assert "asks programs not to fetch" in told[web.url("/closed")]
    assert "a loopback address" in told["http://0x7f.1/"]
    entry = Entry.objects.get()
    assert (entry.title, entry.kind, entry.status) == ("Lift greets the wrong floor", "note", "published")

    out, _ = ingest("url", web.url("/lift"), "--now")
    assert out[-1] == "created 0, updated 0, unchanged 1, failed 0"
    assert web.pages.count("/lift") == 1


def test_the_text_of_a_page_is_found_and_not_shown(web):
    end = "<p>The owners of the building have asked for their morning back, and for a quieter lift.</p></article>"
    web.replies["/lift"] = page(PAGE.replace("/2024/lift", "/lift").replace("</article>", end).encode())
    ingest("url", web.url("/lift"), "--now")
    reference = Reference.objects.get()
    assert (reference.text_licence, "a quieter lift" in reference.text) == ("", True)
    shown = Client().get(Entry.objects.get().get_absolute_url()).content.decode()
    assert "A lift said hello to nobody" in shown
    assert "a quieter lift" not in shown


def test_a_feed_brings_drafts_that_stay_as_a_curator_left_them(web):
    web.replies["/feed"] = page(RSS.encode(), "text/xml")
    out, _ = ingest("feed", web.url("/feed"), "--now")
    assert out[-1] == "created 3, updated 0, unchanged 0, failed 1"
    assert set(Entry.objects.values_list("status", flat=True)) == {"draft"}
    draft = Entry.objects.get(title="Bulletin")
    decide(draft, status="published", title="A bulletin")
    out, _ = ingest("feed", web.url("/feed"), "--now")
    assert out[-1] == "created 0, updated 0, unchanged 3, failed 1"
    draft.refresh_from_db()
    assert (draft.status, draft.title) == ("published", "A bulletin")


@pytest.fixture
def write_list(tmp_path):
    def write(*addresses):
        path = tmp_path / "list.txt"
        path.write_text("\n".join(addresses))
        return path

    return write
