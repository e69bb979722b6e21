"""Workbooks as entries."""

import datetime as dt
from typing import Any

import openpyxl
import pytest

from ingest.sources import SourceError, open_source
from tests.ingest.sources.reading import read, read_one


@pytest.fixture
def save(tmp_path):
    """`save({"Sheet": [[…], …]}, change)` -> the path of a workbook; `change(sheets)` may touch it before."""

    def save_workbook(sheets, change=None, name="a.xlsx"):
        book: Any = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        if change:
            change(book)
        path = tmp_path / name
        book.save(path)
        return path

    return save_workbook


def opened(path, **options) -> Any:
    return open_source("xlsx", str(path), options)


def test_a_mapped_row(save):
    rows = [
        ["key", "Headline", "What", "When", "Where", "Labels", "Maker", "Field"],
        [
            7.0,
            "Lift greets no one",
            "It spoke too soon.",
            dt.date(2023, 5, 1),
            "https://a.example/1",
            "a; b",
            "Up",
            "x",
        ],
        [8, 1984, None, 2024.0, None, True, None, None],
    ]
    mapping = ["id=key", "title=Headline", "summary=What", "date=When", "url=Where", "tags=Labels", "developer=Maker"]
    first, second = read("xlsx", save({"Lifts": rows}), map=[*mapping, "facts.sector=Field"], namespace="lifts")
    assert (first.key, first.kind, first.title) == ("row 2", "incident", "Lift greets no one")
    assert (first.summary, str(first.occurred), first.tags) == ("It spoke too soon.", "2023-05-01", ["a", "b"])
    assert (first.external_ids, first.facts) == ([("lifts", "7")], {"sector": ["x"]})
    assert [one.url for one in first.references] == ["https://a.example/1"]
    assert (second.title, str(second.occurred), second.external_ids) == ("1984", "2024", [("lifts", "8")])
    assert second.tags == ["true"]


def test_the_names_of_columns_below_titles(save):
    rows = [["Our lifts", None, None], [], ["updated", dt.date(2024, 1, 1), None], ["Title", "Year", "Link"]]
    path = save({"Lifts": [*rows, ["A", 2024, "https://a.example/"]]}, lambda book: book["Lifts"].merge_cells("A1:C1"))
    source = opened(path)
    (entry,) = source.records()
    assert (entry.key, entry.title, str(entry.occurred)) == ("row 5", "A", "2024")
    assert source.notices[0] == (
        "the names of the columns are on row 4; what stands above was left out: Our lifts; updated; 2024-01-01"
    )
    assert source.mapping() == {"title": "Title", "date": "Year", "url": "Link"}


def test_links_of_cells(save):
    rows = [["Title", "Source"], ["A", "the post"], ["B", '=HYPERLINK("https://b.example/", "b")'], ["C", "no link"]]

    def link(book):
        book["Sheet"]["B2"].hyperlink = "https://a.example/1"
        book["Sheet"]["A4"].hyperlink = "https://c.example/"

    path = save({"Sheet": rows}, link)
    first, second, third = read("xlsx", path, map=["title=Title", "url=Source"])
    assert (first.page.url, second.page.url) == ("https://a.example/1", "https://b.example/")
    assert third.warnings == [
        "url 1 left out: url: not an http or https address: 'no'",
        "url 2 left out: url: not an http or https address: 'link'",
    ]
    alone = read("xlsx", path, map=["title=Title"])
    assert [entry.page and entry.page.url for entry in alone] == [None, None, "https://c.example/"]


def test_merged_cells_hold_for_all_their_rows(save):
    rows = [["Company", "Title"], ["Up Inc", "A"], [None, "B"], [None, "C"], [None, "D"]]
    path = save({"Sheet": rows}, lambda book: book["Sheet"].merge_cells("A2:A4"))
    assert [[role.name for role in entry.roles] for entry in read("xlsx", path)] == [["Up Inc"]] * 3 + [[]]


def test_the_sheet_is_chosen_and_told(save):
    path = save({"About": [["Hello"]], "Cases": [["Title"], ["A"]], "More": [["Name", "Year"], ["B", 2020]]})
    source = opened(path)
    assert source.notices[0] == "read the sheet 'Cases'; there are also About, More"
    assert [entry.title for entry in source.records()] == ["A"]
    assert read_one("xlsx", path, sheet="more").title == "B"
    assert read_one("xlsx", path, map=["title=Name"]).title == "B"
    with pytest.raises(SourceError, match="has no sheet 'Lifts'; it has About, Cases, More"):
        opened(path, sheet="Lifts")


def test_hidden_sheets_come_last(save):
    def hide(book):
        book["Old"].sheet_state = "hidden"

    path = save({"Old": [["Title"], ["A"]], "New": [["Title"], ["B"]]}, hide)
    assert read_one("xlsx", path).title == "B"


def test_formulas_without_results_are_told(save):
    source = opened(save({"Sheet": [["Title", "Year"], ["A", "=2000+24"]]}))
    (entry,) = source.records()
    assert entry.occurred is None
    assert "1 formulas in 'Sheet' have no stored result and count as empty" in source.notices[0]


def test_cells_beyond_the_columns_are_told(save):
    path = save({"Sheet": [["Title", "Year"], ["A", 2024], ["B", 2024, None, "aside"], ["C", 2024]]})
    assert read("xlsx", path)[1].warnings == ["beyond the last column that has a name, left out: aside"]


def test_dates_and_times(save):
    rows = [["Title", "Date"], ["A", dt.datetime(2024, 2, 3, 4, 5)], ["B", dt.time(4, 5)], ["C", 45000]]
    first, second, third = read("xlsx", save({"Sheet": rows}))
    assert str(first.occurred) == "2024-02-03"
    assert (second.warnings, third.warnings) == (
        ["date left out: not a date: '04:05:00'"],
        ["date left out: not a date: 45000"],
    )


def test_the_same_content_in_the_same_order(save):
    path = save({"Sheet": [["Title"], *[[f"entry {number}"] for number in range(500)]]})
    source = opened(path)
    once, again = list(source.records()), list(source.records())
    assert once == again
    assert (len(once), source.count()) == (500, 500)
    assert source.fingerprint() == opened(path).fingerprint()
