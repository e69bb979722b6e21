"""Selecting a region of the map in a real browser: by pointer, by keyboard, on a phone, and without scripts."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from search import indexing
from tests.factories import make_entry
from tests.pages.test_looks import expect_readable
from tests.search.map.conftest import compute, ferries  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

FIRST, SECOND = "large language models", "machine translation"


@pytest.fixture
def on_map(transactional_db, ferries, compute) -> None:  # noqa: F811
    """Four ferries on the left and twelve others on the right of a map."""
    for number in range(12):
        make_entry(kind="note", title=f"On calibration {number:02}", summary="A note about probabilities.")
    indexing.index_pending()
    compute()


def ready(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".sheet[data-drawn]")
    page.locator(".sheet").scroll_into_view_if_needed()


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the map (0 to 1) is on the screen."""
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    return box["x"] + 14 + x * (box["width"] - 28), box["y"] + 14 + y * (box["height"] - 28)


def test_a_region_is_selected_by_dragging(page: Page, live_server, on_map):
    ready(page, f"{live_server.url}/map/")
    assert page.locator(".sheet").get_attribute("data-drawn") == "16"

    page.get_by_role("button", name="Select a region").click()
    page.mouse.move(*place(page, 0.02, 0.0))
    page.mouse.down()
    page.mouse.move(*place(page, 0.2, 0.5))
    page.mouse.move(*place(page, 0.4, 0.95))
    page.mouse.up()

    expect(page.get_by_role("heading", name="4 entries in this region")).to_be_visible()
    expect(page.locator("#region .title").first).to_have_text("Ferry 3")
    expect(page.locator("#region .shared")).to_contain_text("4 of 4 here, 0 of 12 elsewhere")
    expect(page).to_have_url(re.compile(r"/map/\?left=\d+&right=\d+&top=\d+&bottom=\d+$"))
    page.get_by_role("link", name="Ferry 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ferry 2")
    page.go_back()
    expect(page.get_by_role("heading", name="4 entries in this region")).to_be_visible()


def test_pointing_at_an_entry_names_it_and_a_click_opens_it(page: Page, live_server, on_map):
    ready(page, f"{live_server.url}/map/")

    page.mouse.move(*place(page, 0.1, 1 / 16))
    expect(page.locator(".map-label")).to_have_text("Ferry 1Incident, 2021")
    page.mouse.down()
    page.mouse.up()

    expect(page).to_have_url(re.compile("/entries/ferry-1/$"))


def test_everything_can_be_done_by_keyboard(page: Page, live_server, on_map):
    ready(page, f"{live_server.url}/map/")
    keys = page.get_by_text("Arrow keys go from entry to entry")
    expect(keys).to_be_hidden()

    page.get_by_role("application", name="Map of the collection").focus()
    page.keyboard.press("Shift")  # a key tells that whoever came here has a keyboard
    expect(keys).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("On calibration")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("status")).to_contain_text("Ferry 3")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("status")).to_contain_text("Ferry 2")
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name=re.compile(r"[1-3] entr(y|ies) in this region"))).to_be_visible()
    page.get_by_role("application").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/entries/ferry-2/$"))


def test_the_wheel_and_the_buttons_zoom(page: Page, live_server, on_map):
    ready(page, f"{live_server.url}/map/")
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()

    page.mouse.move(*place(page, 0.02, 0.02))
    page.mouse.wheel(0, -900)
    expect(page.locator(".sheet")).to_have_attribute("data-drawn", "3")
    page.get_by_role("button", name="Whole map").click()

    expect(page.locator(".sheet")).to_have_attribute("data-drawn", "16")
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_there_is_a_picture_a_table_and_a_form(page: Page, live_server, on_map):
    page.goto(f"{live_server.url}/map/")
    expect(page.locator(".picture path")).to_have_count(2)
    page.locator(".picture").get_by_role("link", name=re.compile("ships")).click()
    expect(page.get_by_role("heading", name="4 entries in this region")).to_be_visible()
    expect(page.locator(".picture rect.chosen")).to_be_visible()

    page.get_by_text("Select a region by its sides").click()
    page.get_by_label("Left edge").fill("500")
    page.get_by_label("Right edge").fill("1000")
    page.get_by_label("Top edge").fill("0")
    page.get_by_label("Bottom edge").fill("1000")
    page.get_by_role("button", name="Select").click()
    expect(page.get_by_role("heading", name="12 entries in this region")).to_be_visible()

    page.locator(".places").get_by_role("link", name=re.compile("ships")).click()
    expect(page.get_by_role("heading", name="4 entries in this region")).to_be_visible()
    page.get_by_role("link", name="Clear the selection").click()
    expect(page.locator("#region h2")).to_have_count(0)


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740}, color_scheme="dark")
def test_it_fits_a_phone_and_can_be_read_in_the_dark_and_on_paper(page: Page, live_server, on_map):
    for path in ("/map/", "/map/?colour=year&left=0&right=500", "/map/?tag=nothing", "/map/?left=x"):
        ready(page, live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        expect_readable(page)

    page.emulate_media(media="print")
    expect(page.locator(".picture")).to_be_visible()
    expect(page.locator(".sheet canvas")).to_be_hidden()


def test_where_the_points_cannot_be_had_the_picture_stays(page: Page, live_server, on_map):
    page.route("**/points.json*", lambda route: route.abort())

    page.goto(f"{live_server.url}/map/")

    expect(page.locator(".picture")).to_be_visible()
    expect(page.locator(".sheet canvas")).to_have_count(0)


def test_the_first_page_has_it_in_small_and_leads_into_it(page: Page, live_server, on_map):
    page.goto(live_server.url)

    picture = page.get_by_role("figure").filter(has=page.locator(".picture"))
    expect(picture).to_contain_text("placed by what they mean")
    picture.locator("svg a").first.click()
    expect(page).to_have_url(re.compile(r"/map/\?left="))
    expect(page.locator("#region")).to_contain_text(re.compile("On calibration|erry"))


@pytest.mark.parametrize(("width", "shown"), [(1280, f"{FIRST}, {SECOND}"), (390, FIRST)])
def test_names_are_cut_nowhere_and_a_phone_has_the_first_of_each(page: Page, live_server, on_map, width, shown):
    def answer(route: Route) -> None:
        said = route.fetch().json()
        said["places"] = [{**said["places"][0], "name": f"{FIRST}, {SECOND}"}]
        route.fulfill(json=said)

    page.route("**/map/points.json*", answer)
    page.set_viewport_size({"width": width, "height": 844})
    ready(page, f"{live_server.url}/map/")

    name = page.locator(".map-names a")
    expect(name).to_have_text(shown, use_inner_text=True)
    assert name.evaluate("link => link.scrollWidth <= link.clientWidth")
