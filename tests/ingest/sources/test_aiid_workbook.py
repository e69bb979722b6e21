"""AIID's Excel export: sheets with titles above the names of their columns."""

import datetime as dt
import zipfile
from typing import Any

import pytest

from ingest.records import EntityRecord, EntryRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.snapshots import workbook

COLUMNS = [
    *("Incident ID", "date", "year", "title", "description", "deployer", "developer", "harmed", "Editors"),
    *("Implicated Systems", "Editor Notes", "Data Sources", "report_count", "Risk Domain", "Responsible Entity"),
    *("AI Goal", "Harm Distribution Basis", "Country Code", "AI System", "Estimated Date"),
]
BANDS = ["INCIDENT IDENTITY (incidents.csv - 100% complete)"] + [None] * 10
BANDS += ["COVERAGE (derived)", None, "RISK CLASSIFICATION - MIT", None, "TECHNICAL ANALYSIS - GMF"]
BANDS += ["POLICY DETAIL - CSETv1"] + [None] * 3
LIFT = [
    4,
    dt.datetime(2023, 5, 4),
    2023,
    "A lift skipped a floor",
    "It did not stop.",
    "Bank Of Lifts, Doe, Ray And Co",
]
LIFT += [
    "",
    "Visitors",
    "Someone",
    "",
    "Two lifts.",
    "MIT | GMF",
    3,
    "AI system safety, failures, and limitations",
    "AI",
]
LIFT += ['["Lifting", "Stopping, slowly"]', "race, sex", "FR", "yes", True]
STUCK = [7, "2022", 2022, "A lift is stuck", "", "Unheard Of", "", "", "", "", "", "None", 0] + [None] * 7
INCIDENTS: list[list[Any]] = [
    ["AI Incident Database - Incidents | 2 incidents | 20 columns"],
    BANDS,
    COLUMNS,
    LIFT,
    STUCK,
]
REPORTS: list[list[Any]] = [
    ["AI Incident Database - Reports | 1 reports"],
    ["Report Number", "Title", "URL", "Source Domain", "Date Published", "Authors", "Language"],
    [3, "Lift trouble", "https://news.example/3", "news.example", dt.datetime(2023, 5, 6), "Ada Beam, Bo Cable", "en"],
]
ENTITIES: list[list[Any]] = [
    ["AI Incident Database - Entities | 3 entities"],
    ["Entity ID", "Name"],
    ["bank-of-lifts", "Bank of Lifts"],
    ["doe,-ray-and-co", "Doe, Ray & Co"],
    ["visitors", "Visitors"],
]
OTHERS: dict[str, list[list[Any]]] = {
    "Data_Dictionary": [["Data Dictionary"], ["Column", "Group", "Source"], ["Incident ID", "Identity", "-"]],
    "Coverage_Map": [["Coverage Map"], ["Data Sources", "Incidents", "% of Total"], ["MIT", 1, "50%"]],
}


def opened(path):
    source = open_source("aiid", str(path))
    records = list(source.records())
    assert source.count() == len(records)
    return records, source


@pytest.fixture
def export(tmp_path):
    return workbook(tmp_path / "AIID.xlsx", Incidents=INCIDENTS, Reports=REPORTS, Entities=ENTITIES, **OTHERS)


def test_incidents(export):
    records, source = opened(export)
    first, second = (record for record in records if isinstance(record, EntryRecord))
    assert (first.title, str(first.occurred), first.summary) == (
        "A lift skipped a floor",
        "2023-05-04",
        "It did not stop.",
    )
    assert first.page
    assert (first.external_ids, first.page.url) == ([("aiid", "4")], "https://incidentdatabase.ai/cite/4/")
    assert first.body == "## Notes of the editors\n\nTwo lifts."
    assert (str(second.occurred), second.classifications) == ("2022", [])
    assert source.collection == "incidents"


def test_entities_are_found_by_the_names_that_their_keys_make(export):
    records, _ = opened(export)
    first, second = (record for record in records if isinstance(record, EntryRecord))
    assert [(role.role, role.name, role.key) for role in first.roles] == [
        ("deployer", "Bank of Lifts", "bank-of-lifts"),
        ("deployer", "Doe, Ray & Co", "doe,-ray-and-co"),
        ("harmed", "Visitors", "visitors"),
    ]
    assert [(role.name, role.namespace, role.key) for role in second.roles] == [("Unheard Of", "", "")]
    assert records[0] == EntityRecord(namespace="aiid", key="bank-of-lifts", name="Bank of Lifts")


def test_classifications_go_by_the_names_of_their_taxonomies(export):
    records, source = opened(export)
    first = next(record for record in records if isinstance(record, EntryRecord))
    assert {(one.taxonomy, *one.category) for one in first.classifications} == {
        ("MIT", "Risk Domain", "7. AI system safety, failures, and limitations"),
        ("MIT", "Entity", "AI"),
        ("GMF", "Known AI Goal", "Lifting"),
        ("GMF", "Known AI Goal", "Stopping, slowly"),
        ("CSETv1", "Harm Distribution Basis", "race, sex"),
        ("CSETv1", "AI System", "yes"),
        ("CSETv1", "Estimated Date", "True"),
    }
    assert not any("columns that were left out" in notice for notice in source.notices)


def test_reports_that_belong_to_no_incident_are_told(export):
    records, source = opened(export)
    assert all(entry.references == [] for entry in records if isinstance(entry, EntryRecord))
    assert (
        "the workbook does not say which of its 1 reports belong to which incident; a snapshot of the database does"
        in source.notices
    )


def test_reports_that_say_their_incidents_are_references(tmp_path):
    reports = [REPORTS[0], [*REPORTS[1], "Incident IDs"], [*REPORTS[2], "[4, 7]"], [5, "No address", *[None] * 5, 4]]
    records, source = opened(workbook(tmp_path / "a.xlsx", Reports=reports, All=INCIDENTS))
    first, second = (record for record in records if isinstance(record, EntryRecord))
    (article,) = second.references
    assert (article.url, article.authors, str(article.published)) == (
        "https://news.example/3",
        ["Ada Beam", "Bo Cable"],
        "2023-05-06",
    )
    assert [one.urn for one in first.references] == ["", "urn:aiid:report:5"]
    assert not any("does not say" in notice for notice in source.notices)


def test_columns_in_another_order_without_titles_and_more_of_them(tmp_path):
    rows: list[list[Any]] = [
        ["title", "Mood", "Incident ID", "Risk Domain"],
        ["A lift", "low", 4.0, "Safety"],
        ["B", "low", "x", ""],
    ]
    records, source = opened(workbook(tmp_path / "a.xlsx", Sheet1=rows, Notes=[["something", "else"], ["a", "b"]]))
    (entry,) = (record for record in records if isinstance(record, EntryRecord))
    assert entry.external_ids == [("aiid", "4")]
    assert {(one.taxonomy, *one.category) for one in entry.classifications} == {
        ("MIT", "Risk Domain", "Safety"),
    }
    assert "columns that were left out: Mood" in source.notices
    assert [record.reason for record in records if not isinstance(record, EntryRecord)] == [
        "incident 'x': Incident ID is not a whole number: 'x'"
    ]


def test_what_is_no_export_is_refused(tmp_path):
    other = workbook(tmp_path / "a.xlsx", Sheet1=[["name", "colour"], ["a", "b"]])
    with pytest.raises(SourceError, match="has no sheet with the columns Incident ID and title; its sheets are Sheet1"):
        opened(other)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/nothing.xml", "<a/>")
    with pytest.raises(SourceError):
        opened(other)
