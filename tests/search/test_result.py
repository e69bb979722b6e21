"""A result as HTML: whatever stands in it is text, and what leads anywhere leads to the web or to a page here."""

import re
from html.parser import HTMLParser

import pytest

from kb.models import Entry, Reference
from search.hits import Hit, PassageHit
from search.templatetags.results import result

pytestmark = pytest.mark.once

HOSTILE = """<script>alert(1)</script>"><img src=x onerror="alert(2)">&amp;'"""
TEXT = "The pilot slept near the lighthouse."


class Read(HTMLParser):
    """What a browser makes of it: elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str | None]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a"]


def read(passages: list[PassageHit], *, words: list[str] | None = None, **fields: str) -> Read:
    entry = Entry(**{"kind": "incident", "slug": "ferry", "title": "Ferry", **fields})
    return Read(result(Hit(entry, entry.get_absolute_url(), 0.75, 0.5, 0.25, words or [], passages)))


def passage(text: str = TEXT, source: str = "body", page: int | None = None, **reference: str) -> PassageHit:
    return PassageHit(text, 0, len(text), source, Reference(**reference) if reference else None, [], 0.5, page)


@pytest.mark.parametrize(
    "shown",
    [
        lambda: read([], title=HOSTILE),
        lambda: read([], words=[HOSTILE]),
        lambda: read([passage(HOSTILE)]),
        lambda: read([passage(source=HOSTILE)]),
        lambda: read([passage(source="reference", url="https://a.example/", publisher=HOSTILE)]),
        lambda: read([passage(source="reference", url="https://a.example/", title=HOSTILE)]),
        lambda: read([passage(source="reference", url="", publisher=HOSTILE)]),
    ],
)
def test_what_others_wrote_is_text(shown):
    html = shown()

    assert {tag for tag, _ in html.elements} <= {"article", "p", "span", "svg", "path", "rect", "div", "h2", "a", "use"}
    assert "<script>alert(1)</script>" in html.text
    assert not [name for _, attributes in html.elements for name in attributes if name.startswith("on")]


def test_an_address_that_holds_the_name_of_a_sign_stays_what_it_is():
    assert read([], slug="a&quot;b&reg").links() == ["/entries/a&quot;b&reg/"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_only_what_is_on_the_web_is_linked(url: str):
    html = read([passage(source="reference", url=url, publisher="Port News")])

    assert html.links() == ["/entries/ferry/"]
    assert "from Port News" in html.text


def test_a_source_says_publisher_title_or_address_and_the_page():
    url = 'https://a.example/?q="x"&y'
    named = [{"publisher": "Port News", "title": "Log"}, {"title": "Log"}, {}]
    found = [read([passage(source="reference", page=3, url=url, **names)]) for names in named]

    assert [re.findall(r"from (.*), p\. 3", html.text) for html in found] == [["Port News"], ["Log"], [url]]
    assert [html.links()[1] for html in found] == [url] * 3
    assert "…" in read([passage(source="reference", url=url, title="x" * 61)]).text


def test_a_score_shows_what_words_and_what_meaning_gave():
    html = read([], words=["pilot", "reef"])
    bars = {attributes["class"]: attributes for tag, attributes in html.elements if tag == "rect"}

    assert (bars["words"]["width"], bars["meaning"]["x"], bars["meaning"]["width"]) == ("50", "50", "25")
    told = [attributes["aria-label"] for _, attributes in html.elements if "aria-label" in attributes]
    assert told[-1] == "Score 75 of 100: 50 from words, 25 from meaning"
    assert re.sub(r"\s+", " ", html.text).strip().endswith("words 50 meaning 25 pilot, reef")


def test_the_second_passage_is_shorter_and_a_title_is_not_said_twice():
    long = "word " * 200
    html = read([passage(long), passage(long), passage(long)])

    first, second = re.findall(r"((?:word ?)+) …", html.text)
    assert 300 < len(first) <= 320
    assert 160 < len(second) <= 180
    assert TEXT not in read([passage(source="title")]).text


def test_what_is_hidden_says_so_to_those_who_may_see_it():
    assert "Draft" in read([], status="draft").text
    assert "Internal" in read([], visibility="internal").text
    assert "Draft" not in read([]).text
