"""Every journey works where scripts do not run."""

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_entry, make_reference

pytestmark = [
    pytest.mark.once,
    pytest.mark.usefixtures("collection"),
    pytest.mark.browser_context_args(java_script_enabled=False),
]


def test_searching_narrowing_and_reading(page: Page, live_server):
    page.goto(live_server.url)
    page.get_by_label("Describe what you are about to build").fill("a chatbot that pays a refund")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".hit .title").first).to_contain_text("Airline bot")

    page.get_by_label("Incidents").check(force=True)
    page.get_by_text("Time and method").click()
    page.get_by_label("from", exact=True).fill("2024")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.get_by_role("link", name="Since 2024")).to_be_visible()
    page.locator(".hit .title a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Airline bot")
    page.get_by_role("link", name="Air Canada").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Air Canada")


def test_lists_are_filtered_and_turned(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")
    page.locator("#tag-ships").click()
    expect(page.locator(".total")).to_contain_text("30 incidents, page 1 of 2")
    page.get_by_label("Order").select_option("oldest")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".row .title").first).to_have_text("Ferry 00")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".row .title").first).to_have_text("Ferry 25")
    page.get_by_role("link", name="Tag: ships").click()
    expect(page.locator(".total")).to_contain_text("31 incidents")


def test_more_results_are_a_page_of_their_own(page: Page, live_server):
    page.goto(f"{live_server.url}/search/?q=ferry&mode=keyword")
    page.get_by_role("link", name="More results").click()
    expect(page.locator(".hit")).to_have_count(10)


def test_two_entries_are_compared(page: Page, live_server):
    page.goto(f"{live_server.url}/entries/airline-bot/")
    page.get_by_role("link", name="Compare with…").click()
    page.get_by_label("Part of its title").fill("bank assistant")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="A bank ships a support assistant").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compared")
    expect(page.get_by_role("row", name="Tags").get_by_text("both")).to_have_count(2)


def test_an_error_is_reported(page: Page, live_server):
    page.goto(f"{live_server.url}/entries/airline-bot/")
    page.get_by_role("link", name="Report an error").click()
    page.get_by_label("Address of a source").fill("nowhere")
    page.get_by_label("What is wrong?").fill("The year is wrong.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("Enter a valid URL.")
    expect(page.get_by_label("What is wrong?")).to_have_value("The year is wrong.")
    page.get_by_label("Address of a source").fill("https://news.example/1")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_math_can_be_read_as_tex(page: Page, live_server):
    page.goto(f"{live_server.url}/entries/calibration/")
    expect(page.locator("div.math")).to_contain_text("\\frac{1}{n}\\sum_i (p_i - y_i)^2")


def test_entities_are_found_by_name(page: Page, live_server):
    page.goto(f"{live_server.url}/entities/")
    page.get_by_label("Name").fill("canada")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Air Canada").click()
    expect(page.get_by_role("heading", name="Deployer")).to_be_visible()


def test_an_address_leads_into_what_is_folded(page: Page, live_server):
    references = [make_reference(title=f"Report {number:02}") for number in range(30)]
    lift = make_entry(title="A lift skipped a floor", references=references)

    page.goto(f"{live_server.url}{lift.get_absolute_url()}#reference-{references[-1].pk}")

    expect(page.get_by_text("Report 29")).to_be_in_viewport()
    page.goto(live_server.url + lift.get_absolute_url())
    expect(page.get_by_text("Report 29")).to_be_hidden()
    page.get_by_text("18 more references").click()
    expect(page.get_by_text("Report 29")).to_be_visible()
