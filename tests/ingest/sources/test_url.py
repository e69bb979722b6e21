"""Pages and papers at addresses."""

import hashlib
from typing import Any

import pytest

from ingest import fetching
from ingest.records import BadRecord
from ingest.sources import SourceError, open_source
from tests.ingest.extracting.papers import Printed, flow, paper
from tests.ingest.fetching.servers import page, redirect
from tests.ingest.sources.feeds import PAGE, RSS
from tests.ingest.sources.reading import read, read_one


@pytest.fixture
def lift(web):
    web.replies["/2024/lift?utm_source=x"] = page(PAGE.encode(), "text/html; charset=utf-8")
    return web.url("/2024/lift?utm_source=x")


def test_an_article(web, lift):
    entry = read_one("url", lift)
    assert (entry.key, entry.kind, entry.title) == (lift, "note", "Lift greets the wrong floor")
    assert entry.summary == "A lift said hello to nobody, and kept the doors open for it all morning."
    assert (entry.body, entry.language, entry.attribution) == ("", "en-GB", "The Daily Lift")
    assert str(entry.occurred) == "2024-05-17"
    assert [(role.role, role.name) for role in entry.roles] == [("author", "Ada Upwell"), ("author", "Bo Down")]
    assert entry.facts == {"resource": "article", "resource_title": "Lift greets the wrong floor"}
    assert (entry.page.url, entry.page.publisher, entry.page.text_licence) == (
        web.url("/2024/lift"),
        "The Daily Lift",
        "",
    )
    assert entry.page.authors == ["Ada Upwell", "Bo Down"]
    assert "\n\n## What went wrong\n\nThe model had been trained on mornings alone" in entry.page.text
    assert "Home" not in entry.page.text
    assert "All rights reserved" not in entry.page.text
    assert (entry.external_ids, entry.warnings) == ([], [])


def test_a_list_of_addresses(web, lift, write):
    web.replies["/short"] = redirect(lift)
    web.replies["/b"] = page(PAGE.replace("/2024/lift", "/b").replace("wrong floor", "right floor").encode())
    path = write(
        "list.txt", f"\ufeff# our list\n{lift}  # the first\n\n<{web.url('/b')}>\n{lift}\n{web.url('/none')}\n"
    )
    source: Any = open_source("url", str(path))
    first, second, none = source.records()
    assert (first.title, second.title) == ("Lift greets the wrong floor", "Lift greets the right floor")
    assert isinstance(none, BadRecord)
    assert (none.key, none.reason) == (web.url("/none"), f"{web.url('/none')} answers 404: there is no such page")
    assert (source.count(), source.notices) == (3, ["1 addresses stood there more than once"])
    assert [record.key for record in read("url", f"{web.url('/short')} {web.url('/b')}")] == [
        web.url("/short"),
        web.url("/b"),
    ]


def test_one_bad_address_stops_nothing(web, lift):
    records = read("url", f"http://10.0.0.1/ ftp://a.example/ {lift} https://user:pw@b.example/")
    assert [isinstance(record, BadRecord) for record in records] == [True, True, False, True]
    assert "10.0.0.1 is a private address" in records[0].reason
    assert "only http and https" in records[1].reason
    assert "user name or password" in records[3].reason


def test_what_may_work_later_says_so(web):
    web.replies |= {"/robots.txt": page(status="503 Busy"), "/a": page(PAGE.encode())}
    assert read_one("url", web.url("/a")).reason.endswith("; it may work later")


def test_a_paper(web):
    content = paper(
        [
            flow(
                Printed("Lifts that greet", size=20),
                "Ada Upwell, Bo Down",
                "",
                "Abstract",
                "We ride lifts.",
                "",
                "doi:10.1234/lifts.5",
            ),
            flow("1 Introduction", "A lift goes up, and then it goes down again."),
        ]
    )
    web.replies["/paper"] = page(content, "application/octet-stream")
    entry = read_one("url", web.url("/paper"))
    assert (entry.title, entry.facts["resource"]) == ("Lifts that greet", "paper")
    assert entry.external_ids == [("doi", "10.1234/lifts.5"), ("pdf", hashlib.sha256(content).hexdigest())]
    assert (entry.page.url, entry.page.urn) == (web.url("/paper"), "")
    assert "it goes down again" in entry.page.text[entry.page.pages[1] :]


def test_names_of_the_world_are_taken_from_meta_tags(web):
    meta = (
        '<meta name="citation_doi" content="10.1234/AB.5"><meta name="citation_arxiv_id" content="2401.00001"></head>'
    )
    web.replies["/a"] = page(PAGE.replace("</head>", meta).encode())
    entry = read_one("url", web.url("/a"))
    assert entry.external_ids == [("doi", "10.1234/ab.5"), ("arxiv", "2401.00001")]
    assert entry.facts["resource"] == "paper"


def test_a_long_description_is_cut_to_a_quotation(web):
    web.replies["/a"] = page(PAGE.replace("A lift said hello", "word " * 200).encode())
    summary = read_one("url", web.url("/a")).summary
    assert summary.endswith("word…")
    assert 270 < len(summary) <= 280


def test_an_incident_is_not_by_those_who_wrote_of_it(lift):
    entry = read_one("url", lift, kind="incident")
    assert (entry.kind, entry.occurred, entry.roles, entry.facts) == ("incident", None, [], {})
    assert entry.page.authors == ["Ada Upwell", "Bo Down"]


def test_what_was_kept_is_read_again_without_the_network(web, lift):
    first = read_one("url", lift)
    assert read_one("url", lift) == first  # an import that goes on fetches nothing again
    web.replies.clear()
    assert read_one("url", lift, kept="only") == first
    assert web.pages == ["/2024/lift?utm_source=x"]
    missing = read_one("url", web.url("/never"), kept="only")
    assert "no page of this address was kept" in missing.reason
    assert "/never" not in web.asked
    page_kept = fetching.kept(lift)
    assert page_kept
    assert page_kept.content == PAGE.encode()


def test_the_same_addresses_are_the_same_source(web, lift):
    source = open_source("url", f"{lift} {web.url('/none')}")
    assert source.fingerprint() == open_source("url", f"{lift}\n{web.url('/none')}").fingerprint()
    assert source.fingerprint() != open_source("url", lift).fingerprint()


def test_entries_of_databases_are_left_to_their_own_sources(web):
    (asked,) = read("url", "https://www.incidentdatabase.ai/es/cite/112/")
    assert asked.reason == "this is AIID 112; it comes with the source aiid"
    assert web.connections == 0


def test_what_is_no_page_says_what_it_is(web):
    said = {
        "/feed": (page(RSS.encode(), "text/xml"), "fetched, but it is a feed, not a page"),
        "/app": (page(b"<html><body><div id=app></div><script>go()</script>"), "neither a title nor a text"),
        "/pdf": (page(b"%PDF-1.7 and nothing", "application/pdf"), "fetched, but it"),
        "/png": (page(b"x", "image/png"), "is image/png, not a page"),
    }
    web.replies |= {path: reply for path, (reply, _) in said.items()}
    records = read("url", " ".join(map(web.url, said)))
    assert [record.key for record in records] == [web.url(path) for path in said]
    for record, (_, reason) in zip(records, said.values(), strict=True):
        assert isinstance(record, BadRecord)
        assert reason in record.reason


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.1/", "a loopback address"),
        ("ftp://example.org/", "only http and https"),
        ("http://example.org:22/", "only ports 80 and 443"),
        ("", "no location was given"),
        ("missing.txt", "there is no such path"),
    ],
)
def test_a_location_that_cannot_be_right_is_refused_at_once(location, said):
    with pytest.raises(SourceError, match=said):
        open_source("url", location)


def test_a_file_without_addresses(write):
    with pytest.raises(SourceError, match="holds no address"):
        open_source("url", str(write("a.txt", "# nothing\n\n")))
    with pytest.raises(SourceError, match="is not text"):
        open_source("url", str(write("a.bin", bytes(range(256)) * 10)))


def test_lines_that_are_no_addresses_are_told(web, write):
    (bare, word) = read("url", write("a.txt", "127.0.0.1.example.invalid/page\nhello\n"))
    assert bare.key == "https://127.0.0.1.example.invalid/page"
    assert "only http and https" in word.reason
