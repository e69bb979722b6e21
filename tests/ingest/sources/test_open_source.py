"""Opening a source by name: what is refused, and in which words."""

import pytest

from ingest.sources import SOURCES, SourceError, open_source, source_class
from ingest.sources.base import Options, slugify

FEED = """<rss version="2.0"><channel><title>News</title><link>https://n.example/</link>
<item><title>One</title><link>https://n.example/1</link></item></channel></rss>"""


def test_every_name_opens_its_class(write):
    files = {
        "csv": write("a.csv", "title\nOne\n"),
        "jsonl": write("a.jsonl", '{"title": "One"}\n'),
        "links": write("links.md", "# Reading\n\n- [One](https://n.example/1)\n"),
        "markdown": write("notes/a.md", "# One\n"),
        "feed": write("feed.xml", FEED),
    }
    for name, path in files.items():
        source = open_source(name, str(path))
        assert source.name == name
        assert [getattr(record, "title", record) for record in source.records()] == ["One"]
    others = {"aiaaic", "aiid", "atlas", "avid", "pdf", "starter", "url", "xlsx"}  # whose files no line can write
    assert files.keys() | others == SOURCES.keys()
    for name in others:
        assert source_class(name).name == name


@pytest.mark.parametrize(
    ("name", "location", "options", "said"),
    [
        ("gopher", "a", {}, "there is no source 'gopher'; there are aiaaic, aiid, atlas, avid, csv, feed,"),
        (
            "markdown",
            "",
            {},
            "no location was given; name the path of a Markdown file, or a folder or an archive of them",
        ),
        ("markdown", "/no/such/place", {}, "cannot read '/no/such/place': there is no such path"),
        ("markdown", "a\0b", {}, "cannot read"),
        ("csv", "https://example.org/a.csv", {}, "is an address; download it and give the path of a CSV file"),
        ("aiid", "https://example.org/backup.tar.bz2", {}, "is an address; download it"),
        ("csv", "/", {}, "/ is a folder; name the path of a CSV file"),
        ("markdown", "/dev/null", {}, "neither a file nor a folder"),
        ("aiid", "/", {"kind": "note"}, "the source aiid does not take kind; it takes no options"),
        ("markdown", "/", {"map": ["a=b"]}, "the source markdown does not take map; it takes kind, namespace"),
        ("csv", "/", {"kind": "poem"}, "kind must be one of incident, case_study, note, not 'poem'"),
        ("csv", "/", {"namespace": "My Ids"}, "namespace must be 1 to 40 of"),
        ("csv", "/", {"map": ["title"]}, "map must be field=column, such as title=Headline, not 'title'"),
        ("csv", "/", {"map": ["title=a", "title=b"]}, "map names the field title twice"),
    ],
)
def test_refusals_say_what_is_wrong(name, location, options, said):
    with pytest.raises(SourceError) as error:
        open_source(name, location, options)
    assert said in str(error.value)


def test_a_map_is_read_from_a_list_or_a_mapping():
    for given in (["title = Head line"], {"title": "Head line"}):
        assert Options.read("csv", {"map": given}, {"map"}).map == {"title": "Head line"}


def test_options_that_are_empty_were_not_given():
    assert Options.read("aiid", {"kind": "", "map": [], "namespace": None}, ()) == Options()


@pytest.mark.parametrize(
    ("text", "slug"),
    [("ML/Künstliche_Neuronen", "ml-künstliche-neuronen"), ("  ¿Qué?  ", "qué"), ("…", ""), ("机器 学习", "机器-学习")],
)
def test_slugify(text, slug):
    assert slugify(text) == slug


def test_a_fingerprint_changes_with_the_file_and_only_then(write):
    path = write("a.csv", "title\nOne\n")
    before = open_source("csv", str(path)).fingerprint()
    assert open_source("csv", str(path)).fingerprint() == before
    path.write_text("title\nTwo\n")
    assert open_source("csv", str(path)).fingerprint() != before


def test_a_folders_fingerprint_sees_new_and_renamed_files(write):
    folder = write("notes/a.md", "# A").parent
    seen = {open_source("markdown", str(folder)).fingerprint()}
    write("notes/b.md", "# B").rename(folder / "c.md")
    seen.add(open_source("markdown", str(folder)).fingerprint())
    (folder / "c.md").rename(folder / "d.md")
    seen.add(open_source("markdown", str(folder)).fingerprint())
    assert len(seen) == 3
