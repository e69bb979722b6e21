"""What is exported and taken in again is what it was: in an empty instance, and in the one it came from."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from ingest.pipeline import start_import
from kb import files
from kb.models import Attachment, Entry
from tests.factories import make_category, make_entry, make_reference
from tests.ingest.contents import forget_everything
from tests.ingest.lifts import counts, done

pytestmark = pytest.mark.django_db

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 40
# What an import gives anew, whatever the export says.
ANEW = ("created_at", "updated_at", "attributions")


def collection(tmp_path: Path) -> None:
    """Entries with all that an entry can have."""
    paper = make_reference(url="https://arxiv.org/abs/1706.03762", title="A paper", authors=["A. B", "C. D"])
    note = make_entry(
        kind="note",
        title="Notes: on “a paper” — #1",
        body="First $x^2$.\n\n#no tag, [[no link]]\n\n- [ ] open?\n",
        references=[paper],
        ids={"arxiv": "1706.03762"},
        facts={"resource": "paper", "questions": ["Why?"]},
    )
    incident = make_entry(
        title="Ferry hits reef",
        summary="- one: two\n\nand three",
        occurred_on="2024-02",
        tags=["ships", "Été"],
        ids={"aiid": "7", "oecd": "2022-x"},
        entities={"developer": ["Acme, Inc.", "Null"], "harmed": ["Passengers"]},
        references=[
            make_reference(published_on="2024", publisher="Paper", archive_url="https://web.example/1"),
            make_reference(text="Free to read.", text_licence="CC-BY-4.0", language="fr"),
        ],
        categories=[make_category("Injury", parent=make_category("Physical")), make_category("No")],
        see_also=[note],
        licence="CC-BY-SA-4.0",
        attribution="AI Incident Database",
        body="![A reef](files/reef.png)\n\nWet.",
    )
    incident.classifications.update(evidence="page 3: wet", origin="imported")
    picture = tmp_path / "reef.png"
    picture.write_bytes(PICTURE)
    Attachment.objects.create(
        entry=incident, name="reef.png", sha256=files.store(picture), media_type="image/png", size=48
    )
    make_entry(kind="case_study", title="Nobody has a name for this", see_also=[incident], body="Text", language="de")


def exported(format: str, output: Path) -> Path:
    call_command("export", format, output=str(output), stderr=io.StringIO())
    return output


def lines(tmp_path: Path, *, leave_out: tuple[str, ...] = ANEW) -> list[dict]:
    """Every entry as it would be exported now, by title."""
    exported("jsonl", tmp_path / "now.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "now.jsonl").read_text().splitlines()[1:]]
    return sorted(({k: v for k, v in row.items() if k not in leave_out} for row in rows), key=lambda row: row["title"])


def take(source: str, path: Path):
    return done(start_import(source, str(path), {}, ring=False))


def test_lines_of_json_make_the_same_entries_in_an_empty_instance(tmp_path):
    collection(tmp_path)
    before, file = lines(tmp_path), exported("jsonl", tmp_path / "all.jsonl")
    forget_everything()

    assert counts(take("jsonl", file)) == {"created": 3}
    assert lines(tmp_path) == before
    assert counts(take("jsonl", file)) == {"unchanged": 3}


def test_a_folder_of_markdown_makes_the_same_entries_in_an_empty_instance(tmp_path):
    collection(tmp_path)
    before, folder = lines(tmp_path), exported("markdown", tmp_path / "all")
    archive = exported("markdown", tmp_path / "all.zip")
    forget_everything()

    assert counts(take("markdown", folder)) == {"created": 3}

    after = lines(tmp_path)
    for row in before:  # front matter has no room for the texts of references
        for one in row["references"]:
            one |= {"text": "", "text_licence": ""}
    assert after == before
    assert [row.name for row in Attachment.objects.all()] == ["reef.png"]
    assert counts(take("markdown", archive)) == {"unchanged": 3}


@pytest.mark.parametrize("format", ["jsonl", "markdown"])
def test_where_it_came_from_it_changes_nothing(tmp_path, format):
    collection(tmp_path)
    before = lines(tmp_path, leave_out=())

    job = take(format, exported(format, tmp_path / "all"))

    assert counts(job) == {"unchanged": 3}
    assert Entry.objects.count() == 3
    assert lines(tmp_path, leave_out=()) == before


def test_what_is_quoted_is_no_text_and_what_was_suggested_is_left_there(tmp_path):
    entry = make_entry(references=["Long. " * 100], categories=[make_category("Guess")])
    entry.classifications.update(origin="suggested")
    file = exported("jsonl", tmp_path / "all.jsonl")
    forget_everything()

    take("jsonl", file)

    (again,) = Entry.objects.all()
    assert (again.references.get().text, again.classifications.count()) == ("", 0)


@pytest.mark.parametrize(
    ("format", "source", "name"), [("jsonl", "jsonl", "all.jsonl"), ("markdown", "markdown", "all")]
)
def test_a_response_stays_one(tmp_path, format, source, name):
    entry = make_entry(references=["They said.", "We are sorry."])
    entry.citations.filter(reference__text="We are sorry.").update(role="response")
    file = exported(format, tmp_path / name)
    forget_everything()

    take(format, file)

    assert [one.role for one in Entry.objects.get().citations.all()] == ["report", "response"]


def test_an_export_of_a_newer_program_is_refused(tmp_path):
    from ingest.sources import SourceError

    file = tmp_path / "all.jsonl"
    file.write_text('{"precedent": {"version": 99}}\n{"title": "x"}\n')

    with pytest.raises(SourceError, match="upgrade"):
        take("jsonl", file)
