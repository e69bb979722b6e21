"""From a design idea to its precedents, to a case study, saved and opened again; with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from search import indexing
from tests.factories import make_entry
from tests.pages.test_looks import expect_readable

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("collection")]

IDEA = "A chatbot assistant of a bank that promised a refund and quotes the fee table to the airline."
SCRIPTS = [
    pytest.param(True, id="with-scripts"),
    pytest.param(False, id="without", marks=pytest.mark.browser_context_args(java_script_enabled=False)),
]


@pytest.mark.parametrize("scripts", SCRIPTS)
def test_from_an_idea_to_a_case_study_and_back_to_what_was_saved(page: Page, live_server, scripts):
    page.goto(live_server.url)
    page.get_by_role("link", name="Paste a description instead").click()
    page.get_by_label("What are you about to build?").fill(IDEA)
    page.get_by_role("button", name="Look up precedents").click()

    expect(page.get_by_role("heading", name="What went wrong before")).to_be_visible()
    expect(page.locator("#incidents .title").first).to_contain_text("Airline bot")
    page.locator("#case-studies .title a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A bank ships a support assistant")

    page.go_back()
    page.get_by_label("Take along: Airline bot").check()
    note = page.locator("#incidents details.beside").first
    note.locator("summary").click()
    note.locator("textarea").fill("Ask legal.")
    page.get_by_label("Title").fill("Bank assistant")
    page.get_by_role("button", name="Save and share").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Bank assistant")
    address = page.get_by_label("Address", exact=True).input_value()
    assert re.fullmatch(re.escape(live_server.url) + r"/precedents/[\w-]{22}/", address)
    make_entry(title="Another bot", summary=IDEA)
    indexing.index_pending()

    page.goto(address)
    expect(page.get_by_label("Take along: Airline bot")).to_be_checked()
    expect(page.locator("textarea").filter(has_text="Ask legal.")).to_be_visible()
    expect(page.locator(".precedent").filter(has_text="Another bot")).to_contain_text("New here since")
    page.get_by_role("button", name="I have seen what is new").click()
    expect(page.locator(".flag.new")).to_have_count(0)


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740}, color_scheme="dark")
def test_it_can_be_read_on_a_phone_in_the_dark_and_on_paper(page: Page, live_server):
    for path in ("/precedents/", "/precedents/?text=a+chatbot+promised+a+refund", "/precedents/?text=hmpf"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        expect_readable(page)

    page.goto(f"{live_server.url}/precedents/?text=a+chatbot+promised+a+refund")
    page.emulate_media(media="print")
    expect(page.locator(".keep")).to_be_hidden()
    expect(page.locator(".as-text")).to_be_visible()
    expect(page.locator(".precedent").first).to_be_visible()


def test_a_title_looks_alike_whether_it_stands_in_a_group_or_not(page: Page, live_server):
    page.goto(f"{live_server.url}/precedents/?text={IDEA}")

    alike = page.locator(".precedent .title").evaluate_all(
        "titles => new Set(titles.map((one) => { const is = getComputedStyle(one); "
        "return [is.fontSize, is.marginTop, is.borderBottomWidth].join(); })).size"
    )
    assert page.locator(".precedent h3.title").count() > 0
    assert page.locator(".precedent h3.title").first.evaluate("one => getComputedStyle(one).borderBottomWidth") == "0px"
    assert alike == 1
