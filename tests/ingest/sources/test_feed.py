"""Feeds as drafts."""

import json
from typing import Any

import pytest

from ingest.extracting.feed_items import read_items
from ingest.records import BadRecord
from ingest.sources import SourceError, open_source
from tests.ingest.fetching.servers import page
from tests.ingest.sources.feeds import ATOM, PAGE, RSS
from tests.ingest.sources.reading import read


def test_rss(write):
    records = read("feed", write("lift.xml", RSS))
    robot, bulletin, nothing, bad = records
    assert (robot.kind, robot.status, robot.title) == ("note", "draft", "Lift & robot share a floor")
    assert robot.key == "https://lift.example/2024/robot?utm_source=rss"
    assert (robot.summary, robot.attribution, robot.language) == ("A robot rode along.", "The Daily Lift", "en-gb")
    assert (str(robot.occurred), robot.tags) == ("2024-05-17", ["lifts", "robots"])
    assert [(role.role, role.name) for role in robot.roles] == [("author", "Ada Upwell")]
    assert robot.facts == {"resource": "article", "resource_title": "Lift & robot share a floor"}
    assert (robot.body, robot.external_ids) == ("", [])
    assert robot.page.url == "https://lift.example/2024/robot?utm_source=rss"
    assert robot.page.text == "## The ride\n\nA robot rode along.\n\n- up\n\n- down"
    assert (robot.page.text_licence, robot.page.publisher) == ("", "The Daily Lift")
    assert (bulletin.title, bulletin.external_ids) == ("Bulletin", [("feed", "lift.xml bulletin 7")])
    assert (bulletin.page.url, bulletin.page.urn[:11]) == ("", "urn:sha256:")
    assert isinstance(nothing, BadRecord)
    assert "neither a link nor an id: 'Nothing to hold on to'" in nothing.reason
    assert (bad.external_ids, bad.page.url) == ([("feed", "lift.xml bad")], "")
    assert "javascript:alert(1)" in bad.warnings[0]


def test_what_leads_to_the_same_place_is_taken_once(write):
    source = open_source("feed", str(write("lift.xml", RSS)))
    assert source.count() == len(list(source.records())) == 4
    assert source.notices == ["1 items lead where another one leads; the first of them was taken"]


def test_atom(web):
    web.replies["/feed"] = page(ATOM.encode(), "application/atom+xml")
    doors, without = read("feed", web.url("/feed"))
    assert (doors.title, doors.language, str(doors.occurred)) == ("Türen & Tore", "de", "2024-06-01")
    assert doors.page.url == web.url("/2024/tueren")
    assert [role.name for role in doors.roles] == ["Bo Down", "Cy Side"]
    assert (without.external_ids, without.page.text) == ([("feed", "tag:aufzug.example,2024:2")], "Nur Text.")


def test_a_kind_that_is_no_note_has_neither_its_author_nor_its_date(write):
    record = read("feed", write("lift.xml", RSS), kind="incident")[0]
    assert (record.kind, record.occurred, record.roles, record.facts) == ("incident", None, [], {})
    assert (record.page.authors, str(record.page.published)) == (["Ada Upwell"], "2024-05-17")


def test_a_feed_is_asked_each_time_and_not_sent_again_when_it_is_the_same(web):
    web.replies["/feed"] = page(RSS.encode(), "text/xml", ETag='"1"')
    first = open_source("feed", web.url("/feed"))
    mark, records = first.fingerprint(), list(first.records())
    web.replies["/feed"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    again = open_source("feed", web.url("/feed"))
    assert (again.fingerprint(), list(again.records())) == (mark, records)
    assert web.pages == ["/feed", "/feed"]
    assert 'If-None-Match: "1"' in web.heads[-1]
    kept = open_source("feed", web.url("/feed"), {"kept": "only"})
    assert list(kept.records()) == records
    assert len(web.pages) == 2


def test_a_page_names_its_feed(web):
    web.replies["/"] = page(PAGE.encode())
    with pytest.raises(SourceError) as error:
        read("feed", web.url("/"))
    assert f"it is a page, not a feed; did you mean its feed at {web.url('/feed.xml')}?" in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("just words", "neither RSS nor Atom"),
        ("<p>Hello</p>", "it is a page, not a feed, and it names no feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "it has no list of items"),
        ("\0" * 1000, "it is"),
    ],
)
def test_what_is_no_feed(write, content, said):
    with pytest.raises(SourceError, match=said):
        read("feed", write("a.xml", content))


def test_a_feed_without_items_is_no_error(write):
    source = open_source("feed", str(write("a.xml", RSS[: RSS.index("<item>")] + "</channel></rss>")))
    assert (source.count(), list(source.records()), source.notices) == (0, [], ["the feed has no items at the moment"])


def test_a_broken_feed_is_read_as_far_as_it_goes(write):
    source = open_source(
        "feed", str(write("a.xml", RSS[: RSS.index("<item><title>Bulletin")] + "<item><title>Half <b"))
    )
    records: list[Any] = list(source.records())
    assert records[0].title == "Lift & robot share a floor"
    assert "it is not well-formed" in source.notices[0]


def test_a_feed_in_another_encoding(write):
    record = read("feed", write("a.xml", ATOM.replace("utf-8", "iso-8859-1").encode("iso-8859-1")))[0]
    assert record.title == "Türen & Tore"


def test_a_feed_that_is_not_there(web):
    with pytest.raises(SourceError, match="answers 404"):
        read("feed", web.url("/feed"))
    with pytest.raises(SourceError, match="a private address"):
        read("feed", "http://10.0.0.1/feed")
    with pytest.raises(SourceError, match="never kept"):
        read("feed", web.url("/feed"), kept="only")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Wed, 02 Oct 2002 08:00:00 EST", "2002-10-02"),
        ("Tue, 5 Nov 24 10:00 GMT", "2024-11-05"),
        ("2024-05", "2024-05"),
        ("2024-13-45", "None"),
        ("yesterday", "None"),
    ],
)
def test_dates_are_read_as_they_are_meant(written, day):
    feed = RSS.replace("Fri, 17 May 2024 23:30:00 -0500", written).encode()
    assert (read_items(feed, {})["items"][0]["published"] or "None") == day


def test_a_feed_that_is_too_large(web, settings, tmp_path):
    path = tmp_path / "huge.xml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(SourceError, match="is larger than 50,000,000 bytes"):
        read("feed", path)
    settings.KB_FETCH_MAX_BYTES = 1000
    web.replies["/feed"] = page(RSS.encode(), "text/xml")
    with pytest.raises(SourceError, match="is larger than 1,000 bytes"):
        read("feed", web.url("/feed"))


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "The Daily Lift",
    "home_page_url": "https://lift.example/",
    "language": "en-GB",
    "items": [
        {
            "id": "https://lift.example/2024/robot",
            "url": "https://lift.example/2024/robot?utm_source=json",
            "title": "Lift &amp; robot share a floor",
            "content_html": "<h2>The ride</h2><p>A robot <b>rode</b> along.</p><script>x</script>",
            "summary": "A robot rode along.",
            "date_published": "2024-05-17T08:00:00+02:00",
            "authors": [{"name": "Ada Upwell"}, {"name": "desk@lift.example"}, {}],
            "tags": ["lifts", "robots", 7],
        },
        {"id": 7, "content_text": "Out of order.", "author": {"name": "Bo Down"}, "date_modified": "soon"},
        {"id": True, "title": "Nothing to hold on to"},
        "no item",
    ],
}


def test_json_feed(write):
    robot, bulletin, nothing = read("feed", write("lift.json", json.dumps(JSON_FEED)))
    assert (robot.kind, robot.status, robot.title) == ("note", "draft", "Lift & robot share a floor")
    assert (robot.summary, robot.attribution, robot.language) == ("A robot rode along.", "The Daily Lift", "en-GB")
    assert (str(robot.occurred), robot.tags) == ("2024-05-17", ["lifts", "robots"])
    assert [(role.role, role.name) for role in robot.roles] == [("author", "Ada Upwell")]
    assert robot.page.text == "## The ride\n\nA robot rode along."
    assert (bulletin.title, bulletin.external_ids) == ("Out of order.", [("feed", "lift.json 7")])
    assert (bulletin.page.text, bulletin.occurred) == ("Out of order.", None)
    assert isinstance(nothing, BadRecord)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is not JSON"),
        ('{"items": 7}', "no list of items"),
        ('{"a": ' * 100_000, "it is not JSON"),
        ('{"version": "https://jsonfeed.org/version/1", "items": {"a": 1}}', "no list of items"),
    ],
)
def test_what_is_json_and_no_feed_is_refused(write, content, reason):
    with pytest.raises(SourceError, match=reason):
        list(open_source("feed", str(write("lift.json", content))).records())
