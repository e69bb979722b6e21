"""The AIAAIC sheet, in the layouts it has had."""

import datetime as dt
from typing import Any

import openpyxl
import pytest

from ingest.records import BadRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.reading import read, read_one
from tests.real_inputs import real_input

PAGE = "https://www.aiaaic.org/aiaaic-repository/ai-algorithmic-and-automation-incidents/lift-greets-no-one"
# The three header lines of December 2025.
GROUPED = f"""Incidents [ REPORT INCIDENT ],,,,,,,,,,,,,,,,,,,
AIAAIC ID#,Headline,Occurred,Country(ies),Sector(s),Deployer(s),Developer(s),System name(s),Technology(ies),\
Purpose(s),News trigger(s),Issue(s),External harms,,,Internal impacts,,,,Summary/links
,,,,,,,,,,,,Individual,Societal ,Environmental,Strategic/reputational,Operational,Financial,Legal/regulatory,
AIAAIC9001,Lift greets no one,2023,Norway; Chile,Retail,Tall House Ltd,Up Inc; Down Inc,LiftTalk,Speech synthesis,\
"Greet, guide",User complaints,Safety; Fairness - age; Fairness - age; Safety,Anxiety/distress,Trust loss,,\
Reputational damage,System update,,Litigation,{PAGE}
,,,,,,,,,,,,,,,,,,,
AIAAIC9000,,,,,,,,,,,,,,,,,,,
"""
# The sheet of 2026, and one of 2023.
LATER = f"""Incidents,,,,,,,,,,,,,,,,,
AIAAIC ID#,Headline,Occurred,Deployer,Developer,System name,Technology,Purpose,News trigger (taxonomy),\
Ethical issue (taxonomy),Impacted area,,External harm (taxonomy),,,Consequence (taxonomy),Response (taxonomy),\
Summary/links
,,,,,,,,,,Jurisdiction,Sector,Individual,Societal,Environmental,,,
AIAAIC9001,Lift greets no one,2023,Tall House Ltd,Up Inc; Down Inc,LiftTalk,Speech synthesis,"Greet, guide",\
User complaints,Safety; Fairness - age,Norway; Chile,Retail,Anxiety/distress,Trust loss,,Litigation,System update,{PAGE}
"""
EARLIER = f"""Repository,,,,,,,,,,,,,,,,,,,,
AIAAIC ID#,Headline/title,Type,Released,Occurred,Country(s),Sector(s),Operator(s),Developer(s),System name(s),\
Technology(ies),Purpose(s),Media trigger(s),Risks(s),Transparency,Summary/links,Mood
AIAAIC9001,Lift greets no one,Incident,2022,2023,Norway; Chile,Retail,Tall House Ltd,Up Inc; Down Inc,LiftTalk,\
Speech synthesis,"Greet, guide",User complaints,Safety; Fairness - age,Governance; Black box,{PAGE},sad
AIAAIC9002,LiftTalk,System,2021,,,,,,,,,,,,,
AIAAIC9003,Lifts that listen,ISSUE,,2021,,,,,,,,,,,,
AIAAIC9004,Lift voices,DATA,,,,,,,,,,,,,,
"""


def sheet(*rows):
    return "AIAAIC ID#,Headline,Occurred,Deployer(s),Summary/links\n" + "".join(f"{row}\n" for row in rows)


def opened(path) -> Any:
    return open_source("aiaaic", str(path))


def categories(entry, taxonomy):
    return [one.category for one in entry.classifications if one.taxonomy == taxonomy]


def test_a_row_under_three_header_lines(write):
    path = write("sheet.csv", GROUPED)
    source = opened(path)
    (entry,) = source.records()
    assert (entry.key, entry.kind, entry.title) == ("AIAAIC9001 (line 4)", "incident", "Lift greets no one")
    assert entry.external_ids == [("aiaaic", "AIAAIC9001")]
    assert (entry.licence, entry.attribution, entry.language) == ("CC-BY-SA-4.0", "AIAAIC", "en")
    assert (entry.page.url, entry.page.publisher, entry.references) == (PAGE, "AIAAIC", [])
    assert [(role.role, role.name) for role in entry.roles] == [
        ("developer", "Up Inc"),
        ("developer", "Down Inc"),
        ("deployer", "Tall House Ltd"),
        ("system", "LiftTalk"),
    ]
    assert entry.facts == {
        "country": ["Norway", "Chile"],
        "sector": ["Retail"],
        "technology": ["Speech synthesis"],
        "purpose": "Greet, guide",
        "harms": ["Anxiety/distress", "Trust loss"],
    }
    assert categories(entry, "AIAAIC issues") == [("Safety",), ("Fairness", "age")]
    assert categories(entry, "AIAAIC triggers") == [("User complaints",)]
    assert categories(entry, "AIAAIC harms") == [
        ("Individual", "Anxiety/distress"),
        ("Societal", "Trust loss"),
        ("Strategic/reputational", "Reputational damage"),
        ("Operational", "System update"),
        ("Legal/regulatory", "Litigation"),
    ]
    assert not entry.warnings
    assert source.notices == ["left out: 1 numbers without a record"]
    assert source.count() == 1


def test_later_and_earlier_layouts_say_the_same(write):
    (latest,) = read("aiaaic", write("later.csv", LATER))
    (middle,) = read("aiaaic", write("sheet.csv", GROUPED))
    oldest = read("aiaaic", write("earlier.csv", EARLIER))[0]
    for entry in (latest, oldest):
        for name in ("title", "occurred", "external_ids", "page", "roles", "licence"):
            assert getattr(entry, name) == getattr(middle, name)
        for name in ("country", "sector", "technology", "purpose"):
            assert entry.facts[name] == middle.facts[name]
        for taxonomy in ("AIAAIC issues", "AIAAIC triggers"):
            assert categories(entry, taxonomy) == categories(middle, taxonomy)
    assert categories(latest, "AIAAIC harms") == [("Individual", "Anxiety/distress"), ("Societal", "Trust loss")]
    assert categories(latest, "AIAAIC consequences") == [("Litigation",)]
    assert (categories(latest, "AIAAIC responses"), latest.facts["response"]) == ([("System update",)], "System update")
    assert categories(oldest, "AIAAIC transparency") == [("Governance",), ("Black box",)]


def test_types_and_unknown_columns_are_told(write):
    source = opened(write("earlier.csv", EARLIER))
    first, system, issue, data = source.records()
    assert [entry.tags for entry in (first, system, issue, data)] == [[], ["system"], ["issue"], ["data set"]]
    assert system.warnings == ["not said when it occurred; '2021' is when it was released"]
    assert source.notices == [
        "columns of earlier.csv that are not understood: Mood",
        "taken as incidents, and tagged: 1 of the type 'data set', 1 of the type 'issue', 1 of the type 'system'",
    ]


def test_one_header_line_with_groups_in_the_names(write):
    path = write(
        "gviz.csv",
        '"Sector(s)","External harms Individual","AIAAIC ID#","Internal harms Financial","Headline"\n'
        '"Retail","Anxiety","AIAAIC9001","Loss","Lift greets no one"\n',
    )
    entry = read_one("aiaaic", path)
    assert categories(entry, "AIAAIC harms") == [("Individual", "Anxiety"), ("Financial", "Loss")]
    assert entry.facts == {"sector": ["Retail"], "harms": ["Anxiety"]}


# As pandas writes it after reading it with one line of names, and with two, and as people rename columns.
COPIES = (
    "AIAAIC ID#,Headline,Sector(s),External harms,Unnamed: 4\n,,,Individual,Societal\n",
    "\"('AIAAIC ID#', 'Unnamed: 0_level_1')\",\"('Headline', 'Unnamed: 1_level_1')\",Sector(s),"
    "\"('External harms', 'Individual')\",\"('External harms', 'Societal ')\"\n",
    "aiaaic_id,headline,sectors,external_harms_individual,external_harms_societal\n",
)


@pytest.mark.parametrize("names", COPIES)
def test_copies_that_programs_made(write, names):
    entry = read_one("aiaaic", write("a.csv", names + "AIAAIC1,A,Retail,Fear,Noise\n"))
    assert (entry.external_ids, entry.title, entry.facts["sector"]) == ([("aiaaic", "AIAAIC1")], "A", ["Retail"])
    assert categories(entry, "AIAAIC harms") == [("Individual", "Fear"), ("Societal", "Noise")]


@pytest.mark.parametrize(
    ("said", "occurred", "warned"),
    [
        ("2023", "2023", False),
        ("2023.0", "2023", True),
        ("Mar 2023", "2023-03", False),
        ("2023-03-04", "2023-03-04", False),
        ("2019-", "2019", True),
        ("2018-2020", "2018", True),
        ("2018–20", "2018", True),
        ("2020; 2021", "2020", True),
        ("c. 2017?", "2017", True),
        ("Unknown", "None", False),
        ("long ago", "None", True),
    ],
)
def test_dates(write, said, occurred, warned):
    entry = read_one("aiaaic", write("a.csv", sheet(f"AIAAIC1,A,{said},,")))
    assert (str(entry.occurred), bool(entry.warnings)) == (occurred, warned)


def test_numbers_and_pages_that_come_again(write):
    path = write(
        "a.csv",
        sheet(
            f"AIAAIC1,A,,,{PAGE}",
            "AIAAIC1,A,,,",
            "AIAAIC1,Another,,,https://www.aiaaic.org/another",
            f"AIAAIC2,B,,,{PAGE}",
            ",No number,,Up,",
            "2024,,,,",
            ",Section,,,",
            "AIAAIC ID#,Headline,Occurred,Deployer(s),Summary/links",
            "AIAAIC3,,2024,,",
        ),
    )
    source = opened(path)
    first, again, another, shared, nameless, untitled = source.records()
    assert first.page.url == PAGE
    assert isinstance(again, BadRecord)
    assert again.reason == "AIAAIC1 stands there twice; line 2 was read"
    assert (another.external_ids, another.page.url) == ([], "https://www.aiaaic.org/another")
    assert another.warnings == ["AIAAIC1 is the number of another record too, line 2; taken without it"]
    assert (shared.page, [one.url for one in shared.references]) == (None, [PAGE])
    assert "neither a number nor a page" in nameless.warnings[0]
    assert (untitled.key, untitled.reason) == ("AIAAIC3 (line 10)", "title: must not be empty")
    assert source.notices == [
        "left out: 1 numbers without a record",
        "left out: 2 titles and repeated lines of names",
    ]


def test_links_and_what_is_said_beside_them(write):
    entry = read_one("aiaaic", write("a.csv", sheet(f"AIAAIC1,A,,,It only sighed. https://a.example/x; {PAGE}")))
    assert (entry.summary, entry.page.url) == ("It only sighed.", PAGE)
    assert [one.url for one in entry.references] == ["https://a.example/x"]


def test_a_workbook_with_several_sheets(tmp_path):
    book: Any = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active["A1"] = "AIAAIC repository"
    rows = book.create_sheet("Incidents")
    rows.append(["Incidents"])
    rows.append(["AIAAIC ID#", "Headline", "Occurred", "External harms", None, "Summary/links"])
    rows.append([None, None, None, "Individual", "Societal", None])
    rows.append(["AIAAIC9001", "Lift greets no one", 2023.0, "Anxiety", "Trust loss", "Page"])
    rows["F4"].hyperlink = PAGE
    rows.append(["AIAAIC9002", "Lift stops", dt.date(2024, 5, 6), None, None, None])
    rows.merge_cells("D2:E2")
    rows.merge_cells("A2:A3")
    rows.merge_cells("A1:F1")
    systems = book.create_sheet("Systems")
    systems.append(["AIAAIC ID#", "Headline", "Developer(s)", "Sector(s)"])
    systems.append(["AIAAIC9003", "LiftTalk", "Up Inc", "Retail"])
    path = tmp_path / "repository.xlsx"
    book.save(path)
    source = opened(path)
    first, second, system = source.records()
    assert (first.key, str(first.occurred), first.page.url) == ("AIAAIC9001 (Incidents row 4)", "2023", PAGE)
    assert first.summary == ""
    assert categories(first, "AIAAIC harms") == [("Individual", "Anxiety"), ("Societal", "Trust loss")]
    assert (str(second.occurred), system.tags) == ("2024-05-06", ["system"])
    assert "no table of incidents, and not read: Read me" in source.notices
    assert [entry.title for entry in read("aiaaic", path, sheet="systems")] == ["LiftTalk"]


def test_commas_part_what_stands_alone_elsewhere(write):
    names = ['"Up, Down"', '"Up, Inc."', '"Up, Down, Left"', "Up; Down", '"Ministry of Lifts, Stairs and Ramps"']
    path = write("a.csv", sheet(*(f"AIAAIC{place},A,,{name}," for place, name in enumerate(names))))
    assert [[role.name for role in entry.roles] for entry in read("aiaaic", path)] == [
        ["Up", "Down"],
        ["Up, Inc."],
        ["Up", "Down", "Left"],
        ["Up", "Down"],
        ["Ministry of Lifts, Stairs and Ramps"],
    ]


def test_a_folder_of_parts(write):
    write("parts/2.csv", sheet("AIAAIC2,B,,,", "AIAAIC1,A,,,"))
    folder = write("parts/1.csv", sheet("AIAAIC1,A,,,")).parent
    records = read("aiaaic", folder)
    assert [getattr(record, "title", "bad") for record in records] == ["A", "B", "bad"]
    assert records[2].reason == "AIAAIC1 stands there twice; 1.csv line 2 was read"


def test_other_tables_are_refused(write):
    with pytest.raises(SourceError, match="is no AIAAIC sheet"):
        opened(write("a.csv", "title,year\nA,2024\n"))


def test_the_sheet_that_was_published():
    source = opened(real_input("aiaaic/aiaaic-incidents-2025-12.csv"))
    records = list(source.records())
    bad = [record for record in records if isinstance(record, BadRecord)]
    entries = [record for record in records if not isinstance(record, BadRecord)]
    assert (len(entries), len(bad), source.count()) == (2138, 1, 2139)
    assert "AIAAIC2094 stands there twice" in bad[0].reason
    assert all(entry.external_ids for entry in entries)
    assert sum(entry.page is not None for entry in entries) == 2043
    assert sum(entry.occurred is not None for entry in entries) == 1968
