"""Pages fit a phone, follow the system's theme, and can be read in both."""

import pytest
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
    "/nothing/",
)

# The least contrast between the words of a page and what is behind them, by WCAG 2, and where that is.
LEAST_CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  let least = [99, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest(".unseen, .skip, noscript, script")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 120)];
  }
  return least;
}"""


def expect_readable(page: Page) -> None:
    """Words can be told from their ground, there is one heading of the first rank, every field has a label, and no id
    stands for two things."""
    contrast, where = page.evaluate(LEAST_CONTRAST)
    assert contrast >= 4.5, (page.url, where)
    expect(page.locator("h1")).to_have_count(1)
    fields = "[...document.querySelectorAll('input:not([type=hidden]), select')]"
    assert page.evaluate(fields + ".filter((field) => !field.labels.length).length") == 0, page.url
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

    page.get_by_role("heading", name="Tag").click()
    page.locator("#tag-chatbots").click()

    expect(page.locator(".total")).to_contain_text("1 incident")
    expect(page.locator("#tag-ships")).to_be_hidden()


@pytest.mark.parametrize(
    ("scheme", "paper"),
    [
        pytest.param("light", "rgb(251, 251, 248)", marks=pytest.mark.browser_context_args(color_scheme="light")),
        pytest.param("dark", "rgb(21, 24, 27)", marks=pytest.mark.browser_context_args(color_scheme="dark")),
    ],
)
def test_words_can_be_read_in_the_system_s_theme(page: Page, live_server, scheme, paper):
    for path in PAGES:
        page.goto(live_server.url + path)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        contrast, where = page.evaluate(LEAST_CONTRAST)
        assert contrast >= 4.5, (path, where)


def test_every_page_has_one_heading_of_the_first_rank_and_a_title(page: Page, live_server):
    titles = set()
    for path in PAGES:
        page.goto(live_server.url + path)
        expect(page.locator("h1")).to_have_count(1)
        titles.add(page.title())

    assert len(titles) == len({path.partition("?view=")[0] for path in PAGES})


def test_every_field_has_a_label_and_every_id_is_its_own(page: Page, live_server):
    for path in PAGES:
        page.goto(live_server.url + path)
        fields = "[...document.querySelectorAll('input:not([type=hidden]), select')]"
        assert page.evaluate(fields + ".filter((field) => !field.labels.length).length") == 0, path
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
        assert len(ids) == len(set(ids)), path


def test_a_kind_is_told_by_its_shape_and_not_by_colour_alone(page: Page, live_server):
    page.goto(live_server.url)

    shapes = page.evaluate("[...document.querySelectorAll('.top .mark use')].map((u) => u.getAttribute('href'))")

    assert [shape.rpartition("#")[2] for shape in shapes] == ["incident", "case_study", "note"]


def test_paper_gets_the_text_and_the_addresses(page: Page, live_server):
    page.emulate_media(media="print")
    page.goto(f"{live_server.url}/entries/airline-bot/")

    expect(page.locator(".top nav")).to_be_hidden()
    expect(page.locator(".prose").first).to_be_visible()
