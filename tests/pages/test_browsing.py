"""Looking through a list in a real browser: by keyboard, further down, and back again."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_entry

pytestmark = pytest.mark.usefixtures("collection")


def test_the_keyboard_goes_from_entry_to_entry(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/?sort=oldest")

    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ferry 00")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Ferry 01")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Ferry 01")


def test_letters_that_are_typed_into_a_field_stay_there(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")

    page.get_by_label("from").fill("")
    page.get_by_label("from").press_sequentially("jk")

    expect(page.get_by_label("from")).to_have_value("jk")


def test_what_is_shown_below_is_there_after_going_back(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/?sort=oldest")
    page.get_by_role("link", name="Show 6 more below").click()
    expect(page.locator(".row")).to_have_count(31)
    expect(page.get_by_role("link", name="Ferry 25")).to_be_focused()
    expect(page).to_have_url(f"{live_server.url}/incidents/?sort=oldest&page=1-2")

    page.get_by_role("link", name="Ferry 28").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ferry 28")
    page.go_back()

    expect(page.locator(".row")).to_have_count(31)
    expect(page.get_by_role("link", name="Ferry 28")).to_be_visible()


def test_facets_and_views_are_put_together(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")
    page.get_by_role("heading", name="Used by").click()
    page.get_by_role("link", name="Air Canada 1").click()
    expect(page.get_by_role("link", name="Deployer: Air Canada")).to_be_visible()
    page.get_by_role("link", name="Table").click()

    expect(page).to_have_url(f"{live_server.url}/incidents/?entity=deployer:air-canada&view=table")
    expect(page.get_by_role("columnheader", name="Who")).to_be_visible()
    page.get_by_role("link", name="Deployer: Air Canada").click()
    expect(page.locator(".total")).to_contain_text("31 incidents")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_all_of_it_without_scripts(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/?sort=oldest")
    page.get_by_role("link", name="Show 6 more below").click()
    expect(page.locator(".row")).to_have_count(31)
    page.get_by_role("heading", name="Harms").click()
    page.get_by_role("link", name="Financial loss 1").click()
    page.get_by_role("link", name="Compact").click()
    expect(page.locator(".brief")).to_have_count(1)
    page.goto(f"{live_server.url}/taxonomies/")
    page.get_by_role("link", name="Harms").click()
    page.get_by_role("link", name="Financial loss").click()
    expect(page.get_by_role("link", name="1 incident")).to_be_visible()
    expect(page.locator(".row .title")).to_have_count(1)


def test_where_there_is_room_it_stands_open_beside_the_list(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")

    expect(page.locator("#tag-ships")).to_be_visible()
    expect(page.get_by_role("heading", name="Narrow down")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_without_a_map_what_is_new_stands_where_everything_does(page: Page, live_server, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url)

    link = page.get_by_role("link", name="Paste a description instead")
    heading, new, above = (one.bounding_box() for one in (page.locator("h1"), page.locator(".added"), link))

    assert heading is not None
    assert new is not None
    assert above is not None
    assert new["x"] == heading["x"]
    assert above["y"] > new["y"] - 200


def test_years_can_be_read_on_a_phone(page: Page, live_server):
    for number in range(14):
        make_entry(entities={"harmed": ["Passengers"]}, occurred_on=str(2010 + number))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/entities/passengers/")

    labels = page.locator("#years .label").evaluate_all("all => all.map((one) => one.getBoundingClientRect().toJSON())")
    assert len(labels) >= 5
    assert min(label["height"] for label in labels) >= 10
    assert all(one["right"] < other["left"] for one, other in pairwise(labels))
