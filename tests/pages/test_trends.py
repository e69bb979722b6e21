"""The trends in a real browser: narrowed down, read as tables, on a phone, in the dark and on paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_category, make_entry, make_reference
from tests.pages.test_looks import expect_readable

pytestmark = pytest.mark.once

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"
SCRIPTS = [
    pytest.param(True, id="with-scripts"),
    pytest.param(False, id="without", marks=pytest.mark.browser_context_args(java_script_enabled=False)),
]


@pytest.fixture
def years(transactional_db) -> None:
    for year in range(1999, 2026):
        make_entry(
            title=f"Ferry {year}",
            occurred_on=str(year),
            tags=["ships"] if year % 2 else ["boats"],
            categories=[make_category("Physical harm"), make_category(f"{LONG} {LONG}")],
            facts={"sector": ["sea", LONG], "harms": ["injury"]},
            entities={"harmed": [LONG, "راكب"], "deployer": ["Ferries & Sons"]},
            references=[make_reference(published_on=str(year))],
        )
    make_entry(kind="case_study", title="Ranking at sea", facts={"industry": "sea", "techniques": ["ranking"]})


@pytest.mark.parametrize("scripts", SCRIPTS)
def test_from_a_chart_to_its_figures_and_the_incidents(page: Page, live_server, years, scripts):
    page.goto(live_server.url)
    page.get_by_role("link", name="Trends", exact=True).click()
    expect(page.get_by_role("img", name="Incidents over time")).to_be_visible()
    page.get_by_text("Narrow down by tag").click()
    page.get_by_role("link", name="ships 14").click()
    page.get_by_label("from").fill("2020")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_role("link", name="Tag: ships")).to_be_visible()
    expect(page.get_by_role("link", name="Since 2020")).to_be_visible()
    page.get_by_text("The figures of Incidents over time", exact=True).click()
    rows = page.locator("#incidents tbody tr")
    expect(rows).to_have_text(["20211", "20220", "20231", "20240", "20251"])
    rows.nth(2).get_by_role("link").click()

    expect(page.locator(".row .title")).to_have_text(["Ferry 2023"])


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 740}, color_scheme="dark")
def test_it_fits_a_phone_and_can_be_read_in_the_dark_and_on_paper(page: Page, live_server, years):
    for path in ("/trends/", "/trends/?tag=nothing", "/trends/?since=2024&until=2025&by=x"):
        page.goto(live_server.url + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        expect_readable(page)

    page.goto(f"{live_server.url}/trends/")
    page.emulate_media(media="print")
    expect(page.locator("#incidents svg")).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()


def test_what_is_written_in_a_chart_stays_inside_of_it(page: Page, live_server, years):
    page.goto(f"{live_server.url}/trends/")

    outside = page.evaluate(
        """() => [...document.querySelectorAll("svg.drawing text")].filter((text) => {
          const [own, all] = [text.getBBox(), text.closest("svg").viewBox.baseVal];
          return own.x < -1 || own.y < -1 || own.x + own.width > all.width + 1 || own.y + own.height > all.height + 1;
        }).map((text) => text.textContent)"""
    )

    assert outside == []
