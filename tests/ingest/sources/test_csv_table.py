"""CSV tables as entries."""

import pytest

from ingest.records import BadRecord, RoleRecord
from ingest.sources import Options, SourceError, open_source
from ingest.sources.tables.csv_table import CsvTable
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


def test_the_names_of_columns_below_titles_and_above_parts(write):
    text = "Our lifts,,,\nof 2024,,,\nTitle,Year,Harm,\n,,Who,What\nA,2024,all,noise\n"
    path = write("a.csv", text)
    source = CsvTable(str(path), Options())
    (entry,) = read("csv", path)
    assert (entry.key, entry.title, str(entry.occurred)) == ("line 5", "A", "2024")
    assert source.unmapped() == ["Harm / Who", "Harm / What"]
    said = "the names of the columns are on line 3; what stands above was left out: Our lifts; of 2024"
    assert source.notices[0] == said


def test_columns_without_a_name_are_called_by_their_number(write):
    path = write("a.csv", "title,,year\nA,aside,2024\nB,,2023\n")
    assert [entry.summary for entry in read("csv", path, map=["title=title", "summary=column 2"])] == ["aside", ""]


def test_a_declared_separator(write):
    entry = read_one("csv", write("a.csv", 'sep=;\r\ntitle;year\r\n"A, b";2024\r\n'))
    assert (entry.title, str(entry.occurred)) == ("A, b", "2024")


@pytest.mark.parametrize(
    "text",
    [
        "title,tags\nA,a;b;c;d\nB,e;f;g;h\n",
        "title;tags\nA;a, b, c, d\nB;e, f, g, h\n",
        "title\ttags\nA\ta,b,c,d\nB\te,f,g,h\n",
    ],
)
def test_separators_within_values_do_not_mislead(write, text):
    assert [len(entry.tags) for entry in read("csv", write("a.csv", text))] == [4, 4]


def test_line_ends_of_every_kind(write):
    for end in ("\r", "\n", "\r\n"):
        path = write("a.csv", f'title,summary{end}A,"one{end}two"{end}B,{end}'.encode())
        assert [(entry.title, entry.summary) for entry in read("csv", path)] == [("A", "one\ntwo"), ("B", "")]


def test_broken_characters_are_told_by_file_and_entry(write):
    path = write("a.csv", b"title\n" + "Café\n".encode() * 20 + b"Caf\xe9\n" + b"N\0ul\n")
    records = read("csv", path)
    assert (records[0].title, records[20].title, records[21].title) == ("Café", "Caf\ufffd", "Nul")
    assert not records[0].warnings
    assert records[20].warnings == ["holds characters that could not be read; they are shown as \ufffd"]
    assert open_source("csv", str(path)).notices[0] == "1 bytes in a.csv are not UTF-8 and shown as \ufffd"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings(write, encoding):
    assert read_one("csv", write("a.csv", "title,year\nCafé in Köln,2024\n".encode(encoding))).title == "Café in Köln"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + b"x" * 100, "is a workbook or an archive"),
        (bytes(range(256)) * 100, "is no text; name a CSV file"),
        (b"x" * 5_000_000, "has no line of column names: line 1: the row is longer than"),
        (b"title," + b"c," * 300_000 + b"\n", "has 300,002 columns; at most 2,000 are read"),
        (b"a," * 1000 + b"z\n1\n", "and 941 more"),
    ],
)
def test_what_is_no_table_is_refused(write, content, said):
    with pytest.raises(SourceError) as error:
        open_source("csv", str(write("a.csv", content)))
    assert said in str(error.value)
    assert len(str(error.value)) < 2000


def test_a_line_that_is_too_long_costs_itself(write):
    path = write("a.csv", b"title,year\nA,2024\n" + b"x" * 9_000_000 + b"\nB,2023\n")
    first, long, last = read("csv", path)
    assert (first.title, last.title) == ("A", "B")
    assert (long.key, long.reason[:36]) == ("line 3", "the row is longer than 4,000,000 cha")


def test_blanks_before_quotes(write):
    path = write("a.csv", 'title, summary, year\nA, "one, two", 2024\n')
    assert [(entry.summary, str(entry.occurred)) for entry in read("csv", path)] == [("one, two", "2024")]
