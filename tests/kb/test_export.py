"""Exports: everything a reader may see, whose it is, and nothing else."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kb import exporting
from kb.exporting.tables import guarded
from kb.models import SourceRecord
from tests.factories import make_category, make_entry, make_reference

pytestmark = pytest.mark.django_db

UNLICENSED = "The ferry left at nine. " * 40


def export(format: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("export", format, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def ferry():
    page = make_reference(title="Ferry report", url="https://paper.example/ferry", text=UNLICENSED, publisher="Paper")
    entry = make_entry(
        title='Ferry "Anna" & the reef_1',
        occurred_on="2024-02",
        tags=["ships"],
        ids={"aiid": "7"},
        entities={"developer": ["Acme, Inc."]},
        references=[page, make_reference(text="Free to read.", text_licence="CC-BY-4.0")],
        categories=[make_category("Injury", parent=make_category("Physical"))],
        licence="CC-BY-SA-4.0",
        attribution="AI Incident Database",
        source="aiid",
        facts={"country": ["France", "Spain"]},
    )
    SourceRecord.objects.create(entry=entry, source="aiid", key="aiid 7", licence="CC-BY-SA-4.0", digest="0")
    SourceRecord.objects.create(entry=entry, source="avid", key="v", attribution="AVID", licence="MIT", digest="0")
    return entry


def hide() -> None:
    make_entry(title="Secret draft", status="draft")
    make_entry(title="Secret of the house", visibility="internal")


@pytest.mark.parametrize("name", exporting.TEXTS)
def test_every_format_names_the_sources_and_hides_what_is_not_public(ferry, name, tmp_path):
    make_entry(title="Sequel", see_also=[ferry])
    hide()
    file = tmp_path / f"all.{name}"

    call_command("export", name, output=str(file), stderr=io.StringIO())

    written = file.read_text()
    notice = file.with_name(f"all.{name}.NOTICE.txt")
    said = written + (notice.read_text() if notice.exists() else "")
    assert "AI Incident Database" in written
    assert "AVID" in said
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in said
    assert "Secret" not in said
    assert UNLICENSED not in written
    assert "Secret draft" in export(name, internal=True)


def test_a_line_of_json_is_the_whole_entry_but_for_texts_that_belong_to_others(ferry):
    head, line = export("jsonl", site="https://kb.example").splitlines()

    assert json.loads(head)["precedent"]["entries"] == 1
    said = json.loads(line)
    assert said["url"] == f"https://kb.example/entries/{ferry.slug}/"
    assert (said["date"], said["ids"], said["tags"]) == ("2024-02", [["aiid", "7"]], ["ships"])
    assert said["classifications"][0]["path"] == ["Physical", "Injury"]
    quoted, free = said["references"]
    assert (len(quoted["text"]), quoted["text_is_quote"]) == (280, True)
    assert (free["text"], free["text_is_quote"]) == ("Free to read.", False)
    assert [one["attribution"] for one in said["attributions"]] == ["AI Incident Database", "", "AVID"]


def test_no_cell_of_a_table_is_a_formula(ferry):
    make_entry(title="=HYPERLINK(1)", summary="-1+1", tags=["@all"])

    rows = list(csv.DictReader(io.StringIO(export("csv"))))

    assert [row["title"] for row in rows] == [ferry.title, "'=HYPERLINK(1)"]
    assert (rows[1]["summary"], rows[1]["tags"]) == ("'-1+1", "'@all")
    assert [guarded(cell)[0] for cell in ("+1", "\tx", "\rx")] == ["'"] * 3
    assert rows[0]["developer"] == "Acme, Inc."
    assert (rows[0]["facts.country"], rows[0]["categories"]) == ("France; Spain", "Harms: Physical / Injury")
    assert (rows[0]["licence"], rows[0]["identifiers"]) == ("CC-BY-SA-4.0; CC-BY-SA-4.0; MIT", "AIID 7")


def test_filters_are_those_of_the_pages(ferry):
    make_entry(kind="note", title="Reefs")

    assert [json.loads(line)["title"] for line in export("jsonl", kind="note").splitlines()[1:]] == ["Reefs"]
    assert len(export("jsonl", tag="ships", since="2024").splitlines()) == 2
    assert len(export("jsonl", since="2025").splitlines()) == 1


@pytest.mark.parametrize(
    ("format", "options", "words"),
    [
        ("yaml", {}, "jsonl, csv, bibtex, ris, csl-json, markdown"),
        ("csv", {"kind": "ship"}, "incident, case_study, note"),
        ("markdown", {}, "--output"),
        ("jsonl", {"output": "/nowhere/at/all"}, "could not be written"),
    ],
)
def test_what_makes_no_sense_is_said(format, options, words):
    with pytest.raises(CommandError, match=words):
        export(format, **options)


def test_markdown_is_a_file_an_entry_and_a_notice(ferry, tmp_path):
    hide()
    export("markdown", output=str(tmp_path / "all.zip"))

    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert sorted(archive.namelist()) == ["NOTICE.txt", f"incidents/{ferry.slug}.md"]
    with pytest.raises(CommandError, match="not empty"):
        export("markdown", output=str(tmp_path))


def test_the_whole_list_can_be_taken_from_its_page(client, ferry, django_assert_num_queries):
    for _ in range(30):
        make_entry(title="Ferry again", tags=["ships"])
    make_entry(title="Elsewhere")
    hide()

    page = client.get("/incidents/?tag=ships").content.decode()
    assert 'href="?tag=ships&amp;format=csv"' in page
    table = client.get("/incidents/?tag=ships&format=csv")
    lines = client.get("/incidents/?tag=ships&format=jsonl")

    assert table.streaming
    assert table["Content-Disposition"] == 'attachment; filename="incidents.csv"'
    rows = list(csv.DictReader(io.StringIO(table.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 31
    assert sum(row["title"] == "Ferry again" for row in rows) == 30
    assert len(lines.getvalue().splitlines()) == 32
    assert client.get("/incidents/?format=pdf").status_code == 400
    assert client.get("/incidents/?format=csv&since=soon").status_code == 400
    assert client.get("/favicon.ico").url == "/static/mark.svg"


def test_ten_times_the_entries_are_asked_for_in_as_many_questions_each_hundred(ferry, django_assert_max_num_queries):
    for _ in range(60):
        make_entry(references=["Text."], tags=["ships"], see_also=[ferry])

    with django_assert_max_num_queries(22):
        assert len(export("jsonl").splitlines()) == 62
