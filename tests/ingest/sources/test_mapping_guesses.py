"""What is made of the columns of catalogues that people keep, when nobody says what they are."""

import pytest

from ingest.sources.tables.mapping_guesses import first_of, guess, guess_facts, plain
from tests.ingest.sources.reading import read, read_one


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Country(ies)", "country"),
        ("sourceUrl", "source url"),
        ("Alleged deployer of AI system", "alleged deployer of ai system"),
        ("  Date_Published* ", "date published"),
        ("URL(s)", "url"),
        ("#", ""),
    ],
)
def test_plain_names(column, said):
    assert plain(column) == said


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        # As Notion, Airtable and Google Sheets export them.
        (
            ["Name", "Created", "Tags", "URL", "Status"],
            {"title": "Name", "date": "Created", "url": "URL", "tags": "Tags"},
        ),
        (
            ["Title", "Notes", "Company Name", "Link"],
            {"title": "Title", "body": "Notes", "url": "Link", "company": "Company Name"},
        ),
        (
            ["Article title", "Link to article", "Date published", "Outlet"],
            {"title": "Article title", "date": "Date published", "url": "Link to article", "publisher": "Outlet"},
        ),
        # As the databases of incidents call them.
        (
            ["incident_id", "title", "description", "date", "Alleged deployer of AI system", "Alleged harmed parties"],
            {
                "title": "title",
                "summary": "description",
                "date": "date",
                "id": "incident_id",
                "deployer": "Alleged deployer of AI system",
                "harmed": "Alleged harmed parties",
            },
        ),
        (
            ["vuln_id", "problem title", "abstract", "published_date"],
            {"title": "problem title", "summary": "abstract", "date": "published_date", "id": "vuln_id"},
        ),
        (
            ["attributes.title", "attributes.url", "title.length"],
            {"title": "attributes.title", "url": "attributes.url"},
        ),
    ],
)
def test_guesses(columns, chosen):
    assert guess(columns) == chosen


def test_what_columns_hold_decides():
    samples = {"name": ["A"], "source": ["https://a.example/", "https://b.example/"]}
    assert guess(list(samples), samples) == {"title": "name", "url": "source"}
    samples = {"name": ["A"], "source": ["The Times"], "where": ["https://a.example/"]}
    assert guess(list(samples), samples) == {"title": "name", "url": "where", "publisher": "source"}


def test_facts_are_those_of_the_kind():
    columns = ["Country", "Industry", "Solution"]
    assert guess_facts("incident", columns) == {"facts.country": "Country", "facts.sector": "Industry"}
    assert guess_facts("case_study", columns) == {"facts.industry": "Industry", "facts.approach": "Solution"}
    assert guess_facts("note", columns) == {}


def test_the_order_of_day_and_month():
    assert first_of(["03/04/2024", "25/12/2024"]) == "day"
    assert first_of(["03/04/2024", "12/25/2024"]) == "month"
    assert first_of(["25/12/2024", "12/25/2024"]) == first_of(["03/04/2024"]) == first_of([]) == ""


def test_dates_are_read_as_the_column_writes_them(write):
    records = read("csv", write("a.csv", "title,date\nA,03/04/2024\nB,25/12/2024\nC,4.3.2024\nD,13/13/2024\n"))
    assert [str(record.occurred) for record in records] == ["2024-04-03", "2024-12-25", "2024-03-04", "None"]
    assert "ambiguous date" in read_one("csv", write("b.csv", "title,date\nA,03/04/2024\n")).warnings[0]


def test_lists_written_as_json_and_links_as_markdown(write):
    text = 'title,developers,url\nA,"[""Up, Inc."", ""Down""]","[the post](https://a.example/x)"\n'
    entry = read_one("csv", write("a.csv", text))
    assert [role.name for role in entry.roles] == ["Up, Inc.", "Down"]
    assert [one.url for one in entry.references] == ["https://a.example/x"]


def test_facts_that_do_not_fit_are_left_out_and_told(write):
    entry = read_one("csv", write("a.csv", f"title,company,industry\nA,Up,{'x' * 300}\n"))
    assert entry.facts == {}
    assert entry.warnings == ["fact 'industry' left out: industry: is longer than the 200 allowed"]
