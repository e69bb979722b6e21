"""The curators' pages fit a phone, can be read in both themes, and name every field."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from ingest.pipeline import start_import
from ingest.web import uploads
from kb import jobs
from kb.models import Change, Entry, JobProblem, Proposal
from tests.factories import make_entry, make_user
from tests.pages.conftest import LONG
from tests.pages.test_looks import expect_readable

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

TABLE = f"Headline,{LONG},Id\nLift fell on {LONG},x,1\n,no headline,2\n"


@pytest.fixture
def pages(page: Page, live_server) -> list[str]:
    """The addresses of the curators' pages, with something on each, and a browser that is signed in."""
    user = make_user(is_staff=True)
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    options = {"kind": "incident", "namespace": "lifts"}
    location = str(uploads.keep_text(TABLE, f"{LONG}.csv"))
    preview = start_import("csv", location, options, user, dry_run=True, ring=False)
    done = start_import("csv", location, options, user, ring=False)
    waiting = start_import("csv", location, options, user, ring=False)
    for job in (preview, done):
        jobs.run(job.pk, budget_s=None)
    JobProblem.objects.create(job=done, key=LONG * 3, reason=LONG)
    entry = Entry.objects.get()
    entry.provenance |= {"title": {"source": "", "upstream": f"Lift rose in {LONG}", "upstream_source": "csv"}}
    entry.save()
    Proposal.objects.create(entry=entry, other=make_entry(title=LONG, summary=LONG), score=0.9)
    words = {"title": {"from": f"A lift fell {LONG}", "to": f"The lift rose {LONG}"}, "tags": {"added": [LONG]}}
    for action in ("updated", "conflict", "vanished"):
        Change.objects.create(entry=entry, title=entry.title, kind="incident", action=action, job=done, fields=words)
    return [
        "/import/",
        f"/import/{preview.pk}/",
        f"/jobs/{done.pk}/",
        f"/jobs/{waiting.pk}/",
        "/jobs/",
        "/changes/",
        "/changes/?action=created&since=x",
        "/proposals/",
        entry.get_absolute_url(),
    ]


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740})
def test_nothing_sticks_out_of_a_phone(page: Page, live_server, pages):
    wide = {}
    for path in pages:
        page.goto(live_server.url + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[path] = width

    assert wide == {}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param("light", marks=pytest.mark.browser_context_args(color_scheme="light")),
        pytest.param("dark", marks=pytest.mark.browser_context_args(color_scheme="dark")),
    ],
)
def test_they_can_be_read(page: Page, live_server, pages, scheme):
    for path in pages:
        page.goto(live_server.url + path)
        expect_readable(page)
