"""Bodies without an end, that drip or that swell: a job that meets one says so and ends, and the next one works."""

import gzip
from dataclasses import replace
from importlib import import_module
from itertools import repeat

import pytest

from ingest.pipeline import start_import
from kb.models.jobs import JobState
from tests.ingest.fetching.servers import page, redirect
from tests.ingest.lifts import counts, done
from tests.ingest.sources.feeds import PAGE, RSS

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
MEGABYTE = b"<p>lift " * 125_000
SWELLING = gzip.compress(b"<p>" + bytes(60_000_000))
WAYS = {
    "endless": (lambda server: [HEAD, *repeat(MEGABYTE, 40)], "is larger than 20,000,000 bytes"),
    "drips": (lambda server: [HEAD, server.drip(b"<p>")], "did not answer within 1 seconds"),
    "silent": (lambda server: [server.silence], "did not answer within 1 seconds"),
    "swells": (lambda server: page(SWELLING, Content_Encoding="gzip"), "is larger than 20,000,000 bytes"),
    "twice": (
        lambda server: page(gzip.compress(SWELLING), Content_Encoding="gzip, gzip"),
        "is encoded as 'gzip, gzip'",
    ),
    "breaks off": (lambda server: HEAD[:-2] + b"Content-Length: 100\r\n\r\n<p>", "broke off"),
    "headers": (lambda server: [b"HTTP/1.1 200 OK\r\n", server.drip(b"A: b\r\n" * 1000, 0.001)], "does not speak HTTP"),
    "inside": (lambda server: redirect("http://[::ffff:169.254.169.254]/"), "which is not fetched"),
    "a picture": (lambda server: page(b"\x89PNG\r\n\x1a\n", "image/png"), "is image/png"),
}


@pytest.fixture
def quick(monkeypatch):
    """A second for each fetch, and no wait before it is tried again."""
    fetcher = import_module("ingest.fetching.fetcher")  # the package has a function of that name
    for name in ("PAGE", "DOWNLOAD"):
        limits = replace(getattr(fetcher, name), total_s=1.0, slowest=10_000_000, longest_s=5.0, tries=1)
        monkeypatch.setattr(fetcher, name, limits)


def take(source, location, **options):
    return done(start_import(source, location, options, ring=False))


@pytest.mark.parametrize("way", WAYS)
def test_a_page(quick, web, way):
    reply, said = WAYS[way]
    web.replies |= {"/bad": reply(web), "/lift": page(PAGE.replace("/2024/lift", "/lift").encode())}

    job = take("url", f"{web.url('/bad')} {web.url('/lift')}")

    assert (job.state, counts(job)) == (JobState.DONE, {"created": 1, "failed": 1})
    assert said in job.problems.get(failed=True).reason


@pytest.mark.parametrize("way", [way for way in WAYS if way != "a picture"])
def test_a_feed(quick, web, way):
    reply, said = WAYS[way]
    web.replies |= {"/bad": reply(web), "/feed": page(RSS.encode(), "text/xml")}

    job = take("feed", web.url("/bad"))

    assert job.state == JobState.FAILED
    assert said in job.error
    assert take("feed", web.url("/feed")).counts["created"] == 3


@pytest.mark.parametrize("way", [way for way in WAYS if way != "a picture"])
def test_a_file(quick, web, way, monkeypatch, settings):
    monkeypatch.setattr("ingest.locations.MAX_DOWNLOAD", 20_000_000)
    reply, said = WAYS[way]
    web.replies |= {"/bad.csv": reply(web), "/good.csv": page(b"title\nA lift stands still\n", "text/csv")}

    job = take("csv", web.url("/bad.csv"))

    assert job.state == JobState.FAILED
    assert said in job.error
    assert [path for path in (settings.KB_DATA_DIR / "downloads").rglob("*") if path.is_file()] == []
    assert take("csv", web.url("/good.csv")).counts["created"] == 1
