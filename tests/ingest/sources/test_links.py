"""Lists of links as entries: Markdown pages, bookmarks, OPML. Bibliographies have tests of their own."""

import contextlib
import time
from typing import Any

import pytest

from ingest.records import BadRecord
from ingest.sources import SourceError, open_source
from ingest.sources.links import source as links
from tests.ingest.sources.reading import read, read_one
from tests.real_inputs import real_input

APPLIED = """\
# Lifts in production
[![badge](https://img.example.org/x.svg)](https://example.org/badge) See [others](https://example.org/others) too.

1. [Doors](#doors)

## Doors 🚪
1. [How doors learn](https://example.org/doors) ([Paper](https://arxiv.org/pdf/2401.00001.pdf)) `Up Ltd` `2021`
2. [Doors again](https://arxiv.org/abs/2401.00002v3)`Up Ltd`, `Down Inc` `2022`

### Handles
3. [Old handles](https://example.org/handles) `Pull`
4. More in [handles](https://github.com/example/handles)

## Floors
1. [How doors learn](https://www.example.org/doors/?utm_source=x) `Up Ltd` `2021`

P.S. another [page](https://example.org/page).
"""
NESTED = """\
- Retail
  - [Shop bot](https://example.org/shop) - How it sells shoes to people who want none.
    - They measured returns
    - [Paper](https://arxiv.org/abs/2401.00001v2)
  - **Rows**: [Shelf order](https://example.org/rows) (2021-05)
* [One](https://example.org/one), [Two](https://example.org/two) `python`
+ A talk I liked: https://example.org/talk.

[Alone](https://example.org/alone) on a line of
its own.

```
- [in code](https://example.org/code)
```
"""
TABLE = """\
## Fraud
| Company | Title | Year | Tags | Link | Stars |
|:--|---|---|---|---|---|
| Up Ltd | [Catching \\| rings](https://example.org/rings) | 2022 | fraud; graphs | [code](https://github.com/x) | 12 |
| Up Ltd, Down | Plain title | 2020-03 |  | https://example.org/plain |
| Nolink | x | y | z | | |
"""
BOOKMARKS = """\
<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
    <DT><H3 ADD_DATE="1" PERSONAL_TOOLBAR_FOLDER="true">Bookmarks bar</H3>
    <DL><p>
        <DT><A HREF="https://example.org/a?x=1&amp;y=2" ADD_DATE="2" TAGS="lifts,doors">A &amp; <b>B</b></A>
        <DD>My note
        <DT><H3>AI</H3>
        <DL><p>
            <DT><A HREF="javascript:alert('>')">Run</A>
            <DT><A HREF="https://arxiv.org/abs/2401.00001v2" ICON="data:image/png;base64,AAA">Paper</A>
        </DL><p>
    </DL><p>
    <DT><A HREF=https://example.org/c>Unquoted</A>
</DL><p>
"""
OPML = """\
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Safety">
  <outline type="rss" text="Lift blog" title="The Lift Blog" xmlUrl="https://example.org/feed" htmlUrl="https://example.org/"
    category="/lifts/news,doors" description="All about lifts"/>
  <outline type="link" text="One page" url="https://example.org/page" _note="Read this"/>
  <outline text="Mail" url="mailto:a@example.org"/>
</outline>
</body></opml>
"""


def told(entry):
    """Title, tags, companies and date."""
    companies = [role.name for role in entry.roles if role.role == "company"]
    return entry.title, entry.tags, companies, str(entry.occurred or "")


def test_a_curated_page_with_companies_and_years(write):
    source = open_source("links", str(write("page.md", APPLIED)))
    found: list[Any] = list(source.records())
    assert [told(one) for one in found] == [
        ("How doors learn", ["Doors", "Floors"], ["Up Ltd"], "2021"),
        ("Doors again", ["Doors"], ["Up Ltd", "Down Inc"], "2022"),
        ("Old handles", ["Doors", "Handles"], ["Pull"], ""),
        ("handles", ["Doors", "Handles"], [], ""),
    ]
    assert [one.kind for one in found] == ["case_study", "case_study", "case_study", "note"]
    first = found[0]
    assert first.page.url == "https://example.org/doors"
    assert [(one.title, one.url) for one in first.references] == [
        ("How doors learn (Paper)", "https://arxiv.org/pdf/2401.00001.pdf")
    ]
    assert (first.external_ids, found[1].external_ids) == ([], [("arxiv", "2401.00002")])
    assert found[3].facts == {"resource": "article", "resource_title": "handles"}
    assert source.notices == [
        "2 links within sentences were left out; those of lists and tables were read",
        "1 links stand there more than once, and became one entry each",
    ]
    assert source.count() == 4


def test_nested_bullets(write):
    found = read("links", write("page.md", NESTED))
    assert [told(one) for one in found] == [
        ("Shop bot", ["Retail"], [], ""),
        ("Shelf order", ["Retail", "Rows"], [], "2021-05"),
        ("One", ["python"], [], ""),
        ("Two", [], [], ""),
        ("A talk I liked", [], [], ""),
        ("Alone", [], [], ""),
    ]
    assert found[0].summary == "How it sells shoes to people who want none."
    assert found[0].body == "- They measured returns"
    assert [one.title for one in found[0].references] == ["Shop bot (Paper)"]
    assert found[4].page.url == "https://example.org/talk"
    assert {one.kind for one in found} == {"note"}


def test_a_table_says_by_its_heads_what_stands_where(write):
    first, second = read("links", write("page.md", TABLE))
    assert told(first) == ("Catching | rings", ["Fraud", "fraud", "graphs"], ["Up Ltd"], "2022")
    assert (first.body, first.page.url) == ("stars: 12", "https://example.org/rings")
    assert [one.url for one in first.references] == ["https://github.com/x"]
    assert told(second) == ("Plain title", ["Fraud"], ["Up Ltd", "Down"], "2020-03")


def test_a_page_of_sentences_gives_all_its_links(write):
    path = write("page.txt", "Read [this](https://example.org/1) and https://example.org/2.\n")
    assert [one.page.url for one in read("links", path)] == ["https://example.org/1", "https://example.org/2"]


def test_links_by_reference_and_in_html(write):
    text = (
        "[First][1] is one.\n\n- [Second][] here\n"
        "- <a href='https://example.org/3' target=x>Third</a> (2021)\n- [no][x]\n\n"
        "[1]: https://example.org/1\n[second]: <https://example.org/2> 'Title'\n"
    )
    found = read("links", write("page.md", text))
    assert [(one.key, one.title, one.page.url) for one in found] == [
        ("line 1", "First", "https://example.org/1"),
        ("line 3", "Second", "https://example.org/2"),
        ("line 4", "Third", "https://example.org/3"),
    ]


def test_kind_is_as_asked_for(write):
    assert {one.kind for one in read("links", write("page.md", NESTED), kind="case_study")} == {"case_study"}


def test_browser_bookmarks(write):
    source = open_source("links", str(write("bookmarks.html", BOOKMARKS)))
    found: list[Any] = list(source.records())
    assert [(one.title, one.tags, one.page.url) for one in found] == [
        ("A & B", ["lifts", "doors"], "https://example.org/a?x=1&y=2"),
        ("Paper", ["AI"], "https://arxiv.org/abs/2401.00001v2"),
        ("Unquoted", [], "https://example.org/c"),
    ]
    assert [one.body for one in found] == ["My note", "", ""]
    assert found[1].external_ids == [("arxiv", "2401.00001")]
    assert found[1].facts["resource"] == "paper"
    assert source.notices == [
        "1 bookmarks that lead to no web address (javascript:, place:, file:) were left out",
    ]


def test_opml(write):
    source = open_source("links", str(write("feeds.xml", OPML)))
    found: list[Any] = list(source.records())
    blog, page = found
    assert (blog.title, blog.tags) == ("The Lift Blog", ["Safety", "lifts/news", "doors"])
    assert (blog.page.url, blog.summary) == ("https://example.org/", "All about lifts")
    assert [one.url for one in blog.references] == ["https://example.org/feed"]
    assert (page.title, page.body, page.tags) == ("One page", "Read this", ["Safety"])
    assert source.notices == ["1 outlines that lead to no web address were left out"]


BOMB = '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
)
THEFT = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" url="https://a.example/"/>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            BOMB + ']><opml><body><outline text="&j;" url="https://a.example/"/></body></opml>',
            "cannot be read|document type",
        ),
        (THEFT + "</body></opml>", "document type|cannot be read"),
        ('<opml><body><outline text="a">' * 500, "cannot be read|nests deeper"),
        ('<opml><body><outline text="a" url="ftp://example.org/">', "cannot be read"),
        ("<html><body>Hello</body></html>", "is a page or feed"),
        ("<?xml version='1.0'?><rss/>", "is a page or feed"),
        ('{"guid": "root", "children": [{"uri": "https://a.example/"}]}', "export them as HTML"),
        ("Just words.", "has no links"),
        ("", "has no links"),
        ("[", "is not JSON"),
        ("[]", "has no links"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not text"),
    ],
)
def test_what_holds_no_links_is_refused(write, content, reason):
    started = time.monotonic()
    with pytest.raises(SourceError, match=reason):
        read("links", write("some.file", content))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "content",
    [
        "- [" * 100_000,
        "- " + "[a](https://example.org/" + "(" * 100_000,
        "- " + "https://example.org/" * 20_000,
        "| a |\n|---|\n" + "| https://example.org/x |" * 20_000,
        "".join(" " * n + f"- [a](https://example.org/{n})\n" for n in range(1500)),
        "- [a](https://example.org/a) " + "`x` " * 50_000,
        "<DL><DT><A HREF='https://example.org/a'" + " x" * 200_000,
        "<DL><p>" * 50_000 + "<DT><A HREF='https://example.org/a'>A</A>",
        "<a href='" * 30_000,
        "[a][" * 50_000 + "\n[a]: " + "x" * 100_000 + " y",
        "|" * 200_000,
        "a |" + "-" * 200_000,
        "x\n|" + "-|" * 100_000 + "x",
    ],
)
def test_hostile_pages_take_bounded_time(write, content):
    started = time.monotonic()
    with contextlib.suppress(SourceError):
        read("links", write("page.md", content))
    assert time.monotonic() - started < 5


def test_a_damaged_opml_gives_what_comes_before_the_damage(write):
    cut = OPML[: OPML.index('<outline text="Mail"')]
    source = open_source("links", str(write("feeds.opml", cut)))
    found: list[Any] = list(source.records())
    assert [one.title for one in found] == ["The Lift Blog", "One page"]
    assert "is damaged" in source.notices[0]


def test_an_address_that_is_none_costs_its_entry_only_that(write):
    entry = read_one("links", write("a.md", "- [A](https://example.org:port/) and words beside it\n"))
    assert (entry.title, entry.page) == ("A", None)
    assert entry.warnings[0].startswith("link 1 left out: url: not an address")


def test_links_are_kept_on_disk_and_reading_again_gives_the_same(write, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = open_source("links", str(write("page.md", APPLIED)), {}, scratch)
    assert list(source.records()) == list(source.records())
    assert list(scratch.iterdir()) == []
    monkeypatch.setattr(links, "MAX_BYTES", 100)
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        open_source("links", str(write("page.md", APPLIED)))


def test_the_real_page():
    found = read("links", real_input("case-studies/applied-ml.md"))
    assert not [one for one in found if isinstance(one, BadRecord)]
    assert len(found) == 522
    assert sum(1 for one in found if one.kind == "case_study") == 521
    assert sum(1 for one in found if one.occurred) == 516
