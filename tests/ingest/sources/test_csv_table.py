"""CSV tables as entries."""

import pytest

from ingest.records import BadRecord, RoleRecord
from ingest.sources import Options, SourceError, open_source
from ingest.sources.csv_table import CsvTable
from tests.ingest.sources.reading import read, read_one
from tests.real_inputs import real_input

TABLE = """key,Headline,What,When,Where,Labels,Maker,Users,Field
7,Lift greets no one,It spoke too soon.,2023-05,https://a.example/1,"lifts; a, doors",Up; Down Inc.,Tenants,homes; lifts
8,Second,,soon,not-an-address,,,,
"""
MAP = [
    "id=key",
    "title=Headline",
    "summary=What",
    "date=When",
    "url=Where",
    "tags=Labels",
    "developer=Maker",
    "harmed=Users",
    "facts.sector=Field",
]


def test_a_mapped_row(write):
    first, second = read("csv", write("lifts.csv", TABLE), map=MAP, namespace="lifts")
    assert (first.key, first.kind, first.title) == ("line 2", "incident", "Lift greets no one")
    assert (first.summary, str(first.occurred)) == ("It spoke too soon.", "2023-05")
    assert first.tags == ["lifts", "a", "doors"]
    assert first.roles == [
        RoleRecord(role="developer", name="Up"),
        RoleRecord(role="developer", name="Down Inc."),
        RoleRecord(role="harmed", name="Tenants"),
    ]
    assert first.external_ids == [("lifts", "7")]
    assert [(one.url, one.title) for one in first.references] == [("https://a.example/1", first.title)]
    assert first.facts == {"sector": ["homes", "lifts"]}
    assert (second.title, second.occurred, second.references, second.tags) == ("Second", None, [], [])
    assert second.warnings == [
        "date left out: not a date: 'soon'",
        "url 1 left out: url: not an http or https address: 'not-an-address'",
    ]


def test_columns_are_guessed_and_told(write):
    path = write("my table.csv", "ID,Title,Year,Source URL,Company,Other\n1,A,2024.0,https://a.example/,Acme,x\n")
    source = CsvTable(str(path), Options())
    (entry,) = read("csv", path)
    assert (entry.kind, str(entry.occurred), entry.roles[0].name) == ("case_study", "2024", "Acme")
    assert entry.external_ids == [("my-table", "1")]
    assert source.notices == [
        "no mapping was given; read as title=Title, date=Year, url=Source URL, id=ID, company=Company",
        "columns that are not read: Other",
        "no kind was given; read as case_study",
        "no namespace was given for the ids; my-table was taken from the file's name",
    ]
    assert source.mapping() == {
        "title": "Title",
        "date": "Year",
        "url": "Source URL",
        "id": "ID",
        "company": "Company",
    }
    assert source.unmapped() == ["Other"]


def test_without_an_id_a_page_is_known_by_its_address(write):
    text = "title,url\nA,https://a.example/\nB,https://a.example/\nC,https://c.example/\n"
    first, second, third = read("csv", write("a.csv", text), kind="note")
    assert (first.page.url, first.references) == ("https://a.example/", [])
    # Two rows about one page are two entries; only one of them can be known by it.
    assert (second.page, [one.url for one in second.references]) == (None, ["https://a.example/"])
    assert third.page.url == "https://c.example/"
    assert all(entry.page is None for entry in read("csv", write("a.csv", text), kind="incident"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(write, delimiter):
    path = write("a.csv", delimiter.join(["title", "tags", "year"]) + "\n" + delimiter.join(["A", "x", "2024"]) + "\n")
    entry = read_one("csv", path)
    assert (entry.title, entry.tags, str(entry.occurred)) == ("A", ["x"], "2024")


def test_encodings(write):
    assert read_one("csv", write("a.csv", b"\xef\xbb\xbftitle\nCaf\xc3\xa9\n")).title == "Café"
    assert read_one("csv", write("b.csv", "title\nCafé\n".encode("utf-16"))).title == "Café"
    old = write("c.csv", b"title\nCaf\xe9 \x93x\x94\n")
    assert read_one("csv", old).title == "Café “x”"
    assert open_source("csv", str(old)).notices[0] == "c.csv is not UTF-8; it was read as Windows-1252"


def test_bad_rows_are_told_with_their_line_and_stop_nothing(write):
    path = write("a.csv", 'title,year\nA,2024\n"B,2024\nC,2024,x\n,2024\nD\nE,2024\n')
    records = read("csv", path)
    assert [getattr(record, "title", None) for record in records] == ["A", None, None, None, "D", "E"]
    assert [(record.key, record.reason) for record in records if isinstance(record, BadRecord)] == [
        ("line 3", "a quote is opened here and never closed"),
        ("line 4", "3 values for 2 columns; quote values that hold the delimiter"),
        ("line 5", "title: is required"),
    ]
    assert open_source("csv", str(path)).count() == 6


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n", {}, "say which column is the title (--map title=COLUMN); a.csv has a, b"),
        ("a,b\n1,2\n", {"map": ["title=c"]}, "a.csv has no column 'c' (for title); it has a, b"),
        ("a,b\n1,2\n", {"map": ["title=a", "colour=b"]}, "there is no field 'colour' to map; there are title, summary"),
        ("a,b\n1,2\n", {"map": ["summary=a"]}, "say which column is the title"),
        (
            "a,b\n",
            {"map": ["title=a", "facts.mood=b"], "kind": "note"},
            "an entry of kind note has no facts.mood; its facts are resource",
        ),
        ("", {}, "has no line of column names: it is empty"),
        ('"a,b\n', {}, "has no line of column names: line 1: a quote is opened here and never closed"),
    ],
)
def test_refusals_list_what_there_is(write, text, options, said):
    with pytest.raises(SourceError) as error:
        open_source("csv", str(write("a.csv", text)), options)
    assert said in str(error.value)


def test_a_kind_column(write):
    text = "title,kind,industry\nA,Case Study,energy\nB,note,\nC,note,energy\nD,poem,\n"
    records = read("csv", write("a.csv", text), map=["title=title", "kind=kind", "facts.industry=industry"])
    assert [(record.kind, record.facts) for record in records[:3]] == [
        ("case_study", {"industry": "energy"}),
        ("note", {}),
        ("note", {}),
    ]
    assert records[2].warnings == ["fact 'industry' left out: an entry of kind note has none"]
    assert "kind: must be one of" in records[3].reason


def test_a_column_named_twice_is_the_first(write):
    path = write("a.csv", "title,x,title\nA,1,B\n")
    assert read_one("csv", path).title == "A"
    assert read_one("csv", path, map=["title=title (2)"]).title == "B"
    said = "columns that stand there twice: title; later ones are called 'name (2)'"
    assert said in open_source("csv", str(path)).notices


def test_the_case_studies_that_were_published():
    path = real_input("case-studies/ml-system-design-case-studies.csv")
    options = ["title=title", "company=company", "date=year", "url=source_url", "summary=summary_oneliner", "tags=tags"]
    records = read("csv", path, map=options)
    assert len(records) == open_source("csv", str(path), {"map": options}).count() == 2430
    assert all(record.kind == "case_study" and record.page and not record.warnings for record in records)
    assert sum(record.occurred is None for record in records) == 6
