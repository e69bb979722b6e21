"""A curator imports a table in the browser: sent, its columns corrected, previewed, imported, and its changes read."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from kb import jobs
from kb.models import Entry, Job
from tests.factories import make_user

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

LIFTS = """Headline,Story,Day,Nr
Lift fell two floors,The cable held and the brake did not.,2024-02-01,1
Lift stuck between floors,Nobody heard the bell.,2024-03,2
,This one has no headline.,2024,3
"""


@pytest.fixture
def curator(page: Page, live_server) -> Page:
    """The page, signed in as staff."""
    client = Client()
    client.force_login(make_user(username="ada", is_staff=True))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    return page


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lifts.csv"
    path.write_text(LIFTS)
    return path


def work() -> Job:
    """What a worker would do."""
    job = Job.objects.latest("pk")
    jobs.run(job.pk, budget_s=None)
    return job


def send(page: Page, address: str, table: Path) -> None:
    page.goto(f"{address}/import/")
    page.get_by_label("File").set_input_files(table)
    page.get_by_text("More to say about it").click()
    page.get_by_label("Kind of entry").select_option("incident")
    page.get_by_label("Namespace").fill("lifts")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview of csv")


def correct_and_import(page: Page, again) -> None:
    """From a preview that is still to come to the changes. `again` is what shows the page's new state."""
    expect(page.locator(".state")).to_have_text("Waiting")
    work()
    again()
    expect(page.locator(".told")).to_have_text("Would create 2, refuse 1.")
    expect(page.get_by_text("The cable held")).to_have_count(0)

    page.get_by_label("Summary", exact=True).select_option("Story")
    page.get_by_label("Date", exact=True).select_option("Day")
    page.get_by_label("Identifier").select_option("Nr")
    page.get_by_role("button", name="Preview again").click()
    expect(page.locator(".state")).to_have_text("Waiting")
    work()
    again()
    expect(page.get_by_text("The cable held")).to_be_visible()
    expect(page.get_by_role("heading", name="Records that would be refused")).to_be_visible()
    assert not Entry.objects.exists()

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Import of csv")
    expect(page.locator(".state")).to_have_text("Waiting")
    work()
    again()
    expect(page.locator(".state")).to_have_text("Done")
    expect(page.locator(".told")).to_have_text("Created 2, refused 1.")

    page.get_by_role("link", name="What it changed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")
    expect(page.locator(".changes > li")).to_have_count(2)
    page.get_by_role("link", name="Lift fell two floors").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lift fell two floors")


def test_with_scripts_the_pages_follow_the_job(curator: Page, live_server, table):
    send(curator, live_server.url, table)

    correct_and_import(curator, again=lambda: None)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_the_pages_are_reloaded(curator: Page, live_server, table):
    send(curator, live_server.url, table)

    correct_and_import(curator, again=curator.reload)


def test_a_look_is_stopped_and_a_preview_discarded(curator: Page, live_server, table):
    send(curator, live_server.url, table)
    curator.get_by_role("button", name="Stop looking").click()
    expect(curator.locator(".state")).to_have_text("Cancelled")
    expect(curator.get_by_text("was cancelled")).to_be_visible()

    send(curator, live_server.url, table)
    work()
    curator.get_by_role("button", name="Discard").click()
    expect(curator.get_by_text("Nothing was imported")).to_be_visible()
    assert not Entry.objects.exists()


def test_a_file_that_is_too_big_is_told_before_it_is_sent(curator: Page, live_server, table, settings):
    settings.KB_MAX_UPLOAD_MB = 0
    curator.goto(f"{live_server.url}/import/")
    curator.get_by_label("File").set_input_files(table)
    curator.get_by_role("button", name="Preview").click()

    expect(curator).to_have_url(f"{live_server.url}/import/")
    assert "larger than" in curator.get_by_label("File").evaluate("field => field.validationMessage")
    assert not Job.objects.exists()
