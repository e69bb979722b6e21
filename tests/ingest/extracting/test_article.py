"""What is found in a page, and what a page may do to its reader."""

import time
from pathlib import Path

import pytest

from ingest.extracting.article import read_article
from ingest.extracting.feed import read_feed
from ingest.extracting.reader import Reader
from tests.ingest.sources.feeds import PAGE, RSS

URL = "https://www.lift.example/a?p=1"


@pytest.fixture(scope="module")
def reader():
    with Reader(seconds=20) as one:
        yield one


@pytest.fixture
def read(reader):
    """`read("markup for the head", "text to replace" = "by this")` -> the article of our page with that in it."""

    def read_changed(markup: str = "", instead_of: str = "</head>", **said: str):
        changed = PAGE.replace(instead_of, markup + ("</head>" if instead_of == "</head>" else ""))
        return read_article(reader, changed.encode(), url=URL, **said)

    return read_changed


def test_the_page(read):
    article = read()
    assert (article.title, article.authors) == ("Lift greets the wrong floor", ["Ada Upwell", "Bo Down"])
    assert (article.published, article.language, article.site) == ("2024-05-17", "en-GB", "The Daily Lift")
    assert article.description == "A lift said hello to nobody, and kept the doors open for it all morning."
    assert article.canonical == "https://www.lift.example/2024/lift"
    assert article.feeds == ["https://www.lift.example/feed.xml"]
    assert (article.licence, article.doi, article.arxiv, article.problems) == ("", "", "", [])
    assert "Copyright" not in article.text


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ('<link rel="canonical" href="b">', "https://www.lift.example/b"),
        ('<link rel="canonical" href="//LIFT.example/b#c">', "https://LIFT.example/b#c"),
        ('<link rel="canonical" href="https://lift.example.evil.example/x">', ""),
        ('<link rel="canonical" href="https://incidentdatabase.ai/cite/1/">', ""),
        ('<link rel="canonical" href="/">', ""),
        ('<link rel="canonical" href="javascript:alert(1)">', ""),
        ('<link rel="canonical" href="http://[">', ""),
        ('<a rel="canonical" href="/other">', ""),
        ("", ""),
    ],
)
def test_a_page_says_its_own_address_and_no_other_site(read, link, address):
    assert read(link, '<link rel="canonical" href="/2024/lift">').canonical == address


@pytest.mark.parametrize(
    ("markup", "licence"),
    [
        ('<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">', "CC-BY-4.0"),
        (
            '<a rel="license noopener" href="http://creativecommons.org/licenses/by-nc-sa/3.0/deed.de">',
            "CC-BY-NC-SA-3.0",
        ),
        ('<meta name="dcterms.license" content="https://creativecommons.org/publicdomain/zero/1.0/">', "CC0-1.0"),
        (
            '<script type="application/ld+json">{"@type": "BlogPosting", '
            '"license": "https://creativecommons.org/licenses/by-sa/4.0"}</script>',
            "CC-BY-SA-4.0",
        ),
        ('<figure><a rel="license" href="https://creativecommons.org/licenses/by/2.0/">photo</a></figure>', ""),
        (
            '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
            '<a rel="license" href="https://creativecommons.org/licenses/by-nd/2.0/">x</a>',
            "",
        ),
        ('<a href="https://creativecommons.org/licenses/by/4.0/">about licences</a>', ""),
        ('<link rel="license" href="/terms">', ""),
    ],
)
def test_a_licence_is_taken_when_it_is_clear(read, markup, licence):
    assert read(markup + "<nav>", "<nav>").licence == licence


def test_names_for_citing(read):
    article = read(
        '<meta name="citation_doi" content="https://doi.org/10.1234/AB.5"><meta name="citation_title" content="Lifts">'
        '<meta name="citation_arxiv_id" content="2401.00001v2"><meta name="citation_author" content="Upwell, Ada">'
        '<meta name="citation_author" content="Down, Bo"><meta name="citation_publication_date" content="2024/05">'
    )
    assert (article.doi, article.arxiv, article.title) == ("10.1234/ab.5", "2401.00001", "Lifts")
    assert article.authors == ["Ada Upwell", "Bo Down"]


@pytest.mark.parametrize(
    ("people", "authors"),
    [
        ('"By Ada Upwell"', ["Ada Upwell"]),
        ('["Upwell, Ada", {"name": ["Bo Down", "Cy Side"]}]', ["Ada Upwell", "Bo Down", "Cy Side"]),
        ('[{"@type": "Organization", "name": "The Daily Lift"}, "https://lift.example/ada"]', ["Ada Upwell"]),
        ('[[[[[["Ada"]]]]]]', ["Ada Upwell"]),
        ('{"name": 7}', ["Ada Upwell"]),
        ("{", ["Ada Upwell"]),
        ("[" * 100_000, ["Ada Upwell"]),
    ],
)
def test_authors_are_people_in_structured_data_or_in_the_byline(read, people, authors):
    stated = PAGE[PAGE.index('[{"@type": "Person"') : PAGE.index("}]}</script>")]
    assert read(people, stated).authors == authors


@pytest.mark.parametrize(
    ("content", "charset", "title"),
    [
        ("<html><head><title>Übung</title>".encode("cp1252"), "iso-8859-1", "Übung"),
        ("<html><head><title>Übung</title>".encode(), "iso-8859-1", "Übung"),
        ('<html><head><meta charset="shift_jis"><title>昇降機</title>'.encode("shift_jis"), "", "昇降機"),
        ("<html><head><title>昇降機</title>".encode("iso-2022-jp"), "iso-2022-jp", "昇降機"),
        ("\ufeff<html><head><title>Übung</title>".encode("utf-16"), "", "Übung"),
        ("<html><head><title>Übung</title>".encode(), "zip", "Übung"),
        ("<html><head><title>Übung</title>".encode(), "unicode_escape", "Übung"),
        (b"<html><head><title>a\xff\xfeb\x00c</title>", "utf-8", None),
    ],
)
def test_pages_are_read_as_they_are_written(reader, content, charset, title):
    article = read_article(reader, content + b"<p>x" + b" y" * 20, url=URL, charset=charset)
    assert title is None or article.title == title


@pytest.mark.parametrize(
    ("content", "media_type", "said"),
    [
        (b"", "text/html", "it is empty"),
        (b" \n ", "", "it is empty"),
        (RSS.encode(), "text/html", "it is a feed, not a page"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "application/zip", "it is no page"),
        (b"\0" * 100_000, "text/html", "it is"),
        (b'{"a": 1}', "application/json", "it is no page"),
    ],
)
def test_what_is_no_page(reader, content, media_type, said):
    with pytest.raises(ValueError, match=said):
        read_article(reader, content, url=URL, media_type=media_type)


def test_a_page_of_plain_text(reader):
    article = read_article(reader, b"\n# Lift notes\n\nIt greets.\n", url=URL, media_type="text/markdown")
    assert (article.title, article.text) == ("Lift notes", "# Lift notes\n\nIt greets.")


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>" + b"<div>" * 100_000 + b"deep",
        b"<html><body><table>" + b"<tr><td><table>" * 20_000,
        b"<html><p " + b"a=b " * 300_000 + b">attributes",
        b"<html><title>x</title><p>" + b"x" * 10_000_000,
        b"<html><p>" + b"<a href='" * 200_000,
        b"<html><!--" + b"-" * 1_000_000,
        b"<html><script type='application/ld+json'>" + b'{"@graph":' * 50_000 + b"</script><p>text",
        b"<html><head>" + b"<meta name=author content=A>" * 10_000 + b"</head><p>text",
        b"<!DOCTYPE html [<!ENTITY a 'x'>" + b"<!ENTITY b '&a;&a;&a;&a;'>" * 1000 + b"]><html><p>&b;",
        b"<html><p>" + b"&#x202e;&#0;&#xd800;&#x10ffff;" * 1000,
    ],
    ids=["deep", "tables", "attributes", "line", "quotes", "comment", "data", "tags", "entities", "characters"],
)
def test_pages_made_to_hurt_are_over_soon(reader, content):
    began = time.monotonic()
    try:
        article = read_article(reader, content, url=URL)
    except ValueError as error:
        assert str(error).startswith(("it ", "its "))  # noqa: PT017
    else:
        assert len(article.text) <= 4_000_000
    assert time.monotonic() - began < 25


def test_a_page_in_xhtml(reader):
    start = '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de">'
    article = read_article(reader, f"{start}<head><title>Übung</title></head><body><p>Wort.</p></body></html>".encode())
    assert (article.title, article.language, article.text) == ("Übung", "de", "Wort.")


def test_scripts_do_not_reach_the_text(read):
    article = read(
        '<p onclick="alert(1)">Here <script>alert(2)</script><img src=x onerror=alert(3)> they are.</p><h2>', "<h2>"
    )
    assert "alert" not in article.text


def test_a_reader_that_takes_too_long_is_ended_and_another_reads_on():
    with Reader(seconds=0.3) as slow:
        with pytest.raises(ValueError, match=r"could not be read within 0\.3 seconds"):
            read_article(slow, b"<html>" + b"<p>hello world this is a lift" * 200_000, url=URL)
        first = slow._process
        assert first is None or first.poll() is not None
    with Reader(seconds=20) as patient:
        assert read_article(patient, PAGE.encode(), url=URL).title == "Lift greets the wrong floor"
        process = patient._process
        assert process
        assert process.poll() is None
    assert process.poll() is not None


def test_a_reader_is_not_given_the_keys(monkeypatch):
    monkeypatch.setenv("KB_SECRET_KEY", "x" * 40)
    with Reader(seconds=20) as reader:
        read_article(reader, PAGE.encode(), url=URL)
        assert reader._process
        environment = Path(f"/proc/{reader._process.pid}/environ")
        assert not environment.exists() or b"KB_SECRET_KEY" not in environment.read_bytes()


def test_a_reader_that_needs_too_much_memory_says_so():
    with (
        Reader(seconds=30, megabytes=150) as small,
        pytest.raises(ValueError, match="memory"),
    ):
        read_article(small, b"<html>" + b"<p>hello <b>world</b>" * 1_000_000, url=URL)


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b']><rss version="2.0"><channel><item><title>&j;</title></item></channel></rss>',
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        b'<rss version="2.0"><channel><item><title>&a;</title><link>https://a.example/</link></item></channel></rss>',
        b'<rss version="2.0"><channel>' + b"<item>" * 6000,
        b'<rss version="2.0"><channel><item><description>'
        + b"&lt;div>" * 50_000
        + b"</description></item></channel></rss>",
        b'<rss version="2.0"><channel>' + b"<a>" * 20_000,
    ],
    ids=["laughs", "outside", "items", "markup", "deep"],
)
def test_feeds_made_to_hurt_are_over_soon(reader, content):
    began = time.monotonic()
    try:
        feed = read_feed(reader, content, url=URL)
    except ValueError as error:
        assert str(error).startswith(("it ", "its "))  # noqa: PT017
    else:
        assert len(feed.items) <= 5000
        assert sum(len(item.title) + len(item.text) for item in feed.items) < 1_000_000
        assert "root:" not in str(feed)
    assert time.monotonic() - began < 25
