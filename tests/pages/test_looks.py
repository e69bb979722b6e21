"""Pages fit a phone, follow the system's theme, and can be read in both."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("collection")]

PAGES = (
    "/",
    "/incidents/",
    "/incidents/?tag=chatbots&since=2020&until=x",
    "/incidents/?view=table",
    "/incidents/?view=compact&page=1-2",
    "/taxonomies/",
    "/taxonomies/harms/",
    "/taxonomies/harms/harms-financial-loss/",
    "/case-studies/",
    "/notes/?tag=nothing",
    "/entries/airline-bot/",
    "/entries/calibration/",
    "/entries/airline-bot/report/",
    "/notes/questions/",
    "/compare/?a=airline-bot&b=calibration",
    "/compare/?a=airline-bot&q=bank",
    "/compare/entities/?a=air-canada&q=x",
    "/entities/",
    "/entities/air-canada/",
    "/search/",
    "/search/?q=chatbot+refund",
    "/map/",
    "/trends/",
    "/status/",
    "/status/quality/",
    "/api/v1/docs",
    "/nothing/",
)

AXE = Axe()


def expect_readable(page: Page) -> None:
    """axe (WCAG 2.2 A and AA, and its best practices) has nothing to say against the page with everything unfolded, and
    no id stands for two things."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = AXE.run(page).response["violations"]
    told = [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert told == [], page.url
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids)), page.url


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740})
def test_nothing_sticks_out_of_a_phone(page: Page, live_server):
    wide = {}
    for path in PAGES:
        page.goto(live_server.url + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[path] = width

    assert wide == {}


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740})
def test_on_a_phone_the_filters_are_folded_away(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")
    expect(page.locator("#tag-chatbots")).to_be_hidden()
    expect(page.locator(".narrow summary:visible")).to_have_count(1)
    expect(page.locator(".row").first).to_be_in_viewport()

    page.get_by_role("heading", name="Narrow down").click()
    page.get_by_role("heading", name="Tag", exact=True).click()
    page.locator("#tag-chatbots").click()

    expect(page.locator(".total")).to_contain_text("1 incident")
    expect(page.locator("#tag-ships")).to_be_hidden()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("scheme", "paper"),
    [
        pytest.param("light", "rgb(251, 251, 248)", marks=pytest.mark.browser_context_args(color_scheme="light")),
        pytest.param("dark", "rgb(21, 24, 27)", marks=pytest.mark.browser_context_args(color_scheme="dark")),
    ],
)
def test_every_page_can_be_read_in_the_system_s_theme(page: Page, live_server, scheme, paper):
    for path in PAGES:
        page.goto(live_server.url + path)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        expect_readable(page)


def test_every_page_has_one_heading_of_the_first_rank_and_a_title(page: Page, live_server):
    titles = set()
    for path in PAGES:
        page.goto(live_server.url + path)
        expect(page.locator("h1")).to_have_count(1)
        titles.add(page.title())

    assert len(titles) == len({path.partition("?view=")[0] for path in PAGES})


def test_a_kind_is_told_by_its_shape_and_not_by_colour_alone(page: Page, live_server):
    page.goto(live_server.url)

    shapes = page.evaluate("[...document.querySelectorAll('.top .mark use')].map((u) => u.getAttribute('href'))")

    assert [shape.rpartition("#")[2] for shape in shapes] == ["incident", "case_study", "note"]


def test_paper_gets_the_text_and_the_addresses(page: Page, live_server):
    page.emulate_media(media="print")
    page.goto(f"{live_server.url}/entries/airline-bot/")

    expect(page.locator(".top nav")).to_be_hidden()
    expect(page.locator(".prose").first).to_be_visible()
