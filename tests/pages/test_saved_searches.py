"""A search is saved, renamed, read again and deleted in a real browser, with scripts and without."""

import pytest
from playwright.sync_api import Page, expect

from search import indexing
from tests.factories import make_entry

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("collection")]


def journey(page: Page) -> None:
    page.get_by_role("button", name="Save this search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("chatbot refund")
    page.get_by_label("Title").fill("Refunds")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunds")
    expect(page.locator(".total")).to_contain_text("Nothing new since")

    make_entry(title="Hotel bot", summary="A chatbot promised a refund.")
    indexing.index_pending()
    page.reload()

    expect(page.locator(".total")).to_contain_text("1 new since")
    expect(page.locator("li", has=page.locator(".flag.new"))).to_contain_text("Hotel bot")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("button", name="I have seen what is new").click()
    expect(page.locator(".total")).to_contain_text("Nothing new since")
    page.locator("summary", has_text="delete it").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("searchbox", name="What are you looking for?")).to_be_visible()


def test_what_was_typed_is_saved(page: Page, live_server):
    page.goto(f"{live_server.url}/search/")
    page.get_by_label("What are you looking for?").fill("chatbot refund")
    expect(page.locator(".hit").first).to_be_visible()

    journey(page)


@pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 390, "height": 844})
def test_without_scripts_on_a_phone(page: Page, live_server):
    page.goto(f"{live_server.url}/search/?q=chatbot+refund")

    journey(page)
