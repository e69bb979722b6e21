"""Markdown files and folders as entries."""

import os

import pytest

from ingest.records import BadRecord, EntryRecord, LinkRecord, RoleRecord
from ingest.sources import SourceError, open_source
from tests.ingest.sources.reading import read, read_one
from tests.real_inputs import real_input

FULL = """---
title: "A robot watered the cat: twice"
kind: incident
date: 2024-02
summary: A garden robot took a cat for a fern.
tags: [gardens, robots]
slug: robot-cat
language: en
licence: CC0-1.0
attribution: The Gardener
status: draft
visibility: internal
entities:
  deployer: [Green Thumb, Lawn & Co]
  harmed: Tom
  owner: [Nobody]
ids:
  aiid: "0639"
  oecd: [2024-02-14-7c1f, 2024-02-15-aaaa]
facts:
  country: [nl]
references:
  - url: https://example.org/cat
    title: Wet cat
    publisher: The Daily Hose
    author: Ada Hose
    date: 14 Feb 2024
    mood: cross
  - https://example.org/fern
  - url: javascript:alert(1)
links:
  see_also: [other-slug, "aiid:12"]
colour: green
---

## What happened

The pump ran $n = 2$ times.
"""

# The shape of a reading list that somebody keeps: numbered finds, short links, questions, formulas.
READING_LIST = """# Rings
Created: 2025-03-04
## To read
The short list:

1. The Oak Handbook
Plain drawings of every stage, and exercises after each: [https://sho.rt/aa](https://sho.rt/aa)

2. Counting Rings (Ash et al., 2019)
How cores are taken and read without harm to the tree: [https://sho.rt/bb](https://sho.rt/bb)
- Elm: [https://sho.rt/cc](https://sho.rt/cc)
## Growth
Paper: https://example.org/pdf/1234 Rings are all you count
What?

A ring is a year.
## Questions
- Why are some rings thin
- Do roots have rings?
## Measures
Applied to `M x N` cores: `C=1/m X^T X`

```python
def ring(n):  # not a heading
    return n
```

Complexity: O(n^3)
## References
6.
tags:
"""


def test_front_matter_fills_every_field(write):
    entry = read_one("markdown", write("notes/robot.md", FULL))
    assert isinstance(entry, EntryRecord)
    assert entry.title == "A robot watered the cat: twice"
    assert (entry.kind, entry.slug, str(entry.occurred)) == ("incident", "robot-cat", "2024-02")
    assert (entry.status, entry.visibility, entry.language) == ("draft", "internal", "en")
    assert (entry.licence, entry.attribution) == ("CC0-1.0", "The Gardener")
    assert entry.tags == ["gardens", "robots"]
    assert entry.roles == [
        RoleRecord(role="deployer", name="Green Thumb"),
        RoleRecord(role="deployer", name="Lawn & Co"),
        RoleRecord(role="harmed", name="Tom"),
    ]
    assert entry.external_ids == [
        ("markdown", "robot-cat"),
        ("aiid", "0639"),
        ("oecd", "2024-02-14-7c1f"),
        ("oecd", "2024-02-15-aaaa"),
    ]
    assert entry.facts == {"country": ["nl"]}
    assert [(one.url, one.title, one.authors, str(one.published)) for one in entry.references] == [
        ("https://example.org/cat", "Wet cat", ["Ada Hose"], "2024-02-14"),
        ("https://example.org/fern", "", [], "None"),
    ]
    assert entry.links == [
        LinkRecord(relation="see_also", target="other-slug"),
        LinkRecord(relation="see_also", target=("aiid", "12")),
    ]
    assert entry.body == "## What happened\n\nThe pump ran $n = 2$ times."
    assert entry.warnings == [
        "entities: 'owner' is not a role (developer, deployer, harmed, system, company, author); left out",
        "reference 1: unknown keys mood were left out",
        "reference 3 left out: url: not an http or https address: 'javascript:alert(1)'",
        "unknown key 'colour' was left out",
    ]


def test_a_note_without_front_matter(write):
    entry = read_one("markdown", write("notes/Rings.md", READING_LIST))
    assert (entry.kind, entry.title, entry.slug, str(entry.occurred)) == ("note", "Rings", "rings", "2025-03-04")
    assert entry.tags == []
    assert [(one.url, one.title) for one in entry.references] == [
        ("https://sho.rt/aa", "The Oak Handbook"),
        ("https://sho.rt/bb", "Counting Rings (Ash et al., 2019)"),
        ("https://sho.rt/cc", "Elm"),
        ("https://example.org/pdf/1234", "Paper: Rings are all you count"),
    ]
    assert entry.facts == {"questions": ["Why are some rings thin", "Do roots have rings?"]}
    assert entry.warnings == []


def test_the_body_loses_only_title_date_and_tags(write):
    entry = read_one("markdown", write("notes/Rings.md", READING_LIST))
    lines = READING_LIST.splitlines()
    assert entry.body.splitlines() == lines[2:-1]
    assert "`C=1/m X^T X`" in entry.body
    assert "def ring(n):  # not a heading\n    return n" in entry.body


def test_the_same_note_alone_and_in_its_folder_is_the_same_entry(write):
    path = write("notes/Rings.md", READING_LIST)
    assert read_one("markdown", path) == read_one("markdown", path.parent)
    assert read_one("markdown", path).external_ids == [("markdown", "notes/Rings.md")]


def test_a_slug_in_front_matter_survives_a_rename(write):
    first = read_one("markdown", write("notes/a.md", "---\nslug: rings\n---\n# Rings"))
    second = read_one("markdown", write("other/b.md", "---\nslug: rings\n---\n# Rings"))
    assert first.external_ids == second.external_ids == [("markdown", "rings")]


def test_options_set_kind_and_namespace(write):
    entry = read_one("markdown", write("notes/a.md", "# A\n## Questions\n- Why?"), kind="case-study", namespace="team")
    assert entry.kind == "case_study"
    assert entry.external_ids == [("team", "notes/a.md")]
    assert entry.facts == {}


def test_front_matter_without_a_title_takes_the_heading(write):
    entry = read_one(
        "markdown", write("notes/my-file.md", "---\ntags: one, two\ncreated: 2024\n---\n# The heading\n\nText")
    )
    assert (entry.title, entry.tags, str(entry.occurred)) == ("The heading", ["one", "two"], "2024")
    assert (entry.slug, entry.body) == ("my-file", "Text")


def test_without_any_title_the_file_names_it(write):
    assert read_one("markdown", write("notes/loose thoughts.md", "Just text.")).title == "loose thoughts"
    assert read_one("markdown", write("empty/Nothing.md", "")).title == "Nothing"


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "archive.md").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "note.md").write_text("# A note")

    bad, good = open_source("markdown", str(tmp_path)).records()

    assert bad == BadRecord(key="archive.md", reason="the file is not text")
    assert isinstance(good, EntryRecord)
    assert good.title == "A note"


def test_windows_files(write):
    entry = read_one("markdown", write("notes/a.md", b"\xef\xbb\xbf# Caf\xc3\xa9\r\nCreated: 2024-01-02\r\nText\r\n"))
    assert (entry.title, str(entry.occurred), entry.body) == ("Café", "2024-01-02", "Text")
    old = read_one("markdown", write("old/a.md", b"# Caf\xe9\n"))
    assert old.title == "Café"
    assert old.warnings == ["not UTF-8 (byte 5); read as Windows-1252"]
    assert read_one("markdown", write("wide/a.md", "# Café\n".encode("utf-16"))).title == "Café"


def test_a_folder_in_the_order_of_its_paths(write):
    for name in ("b.md", "a/z.markdown", "a/y.MD", ".hidden.md", ".git/c.md", "image.png", "a.txt"):
        write(f"notes/{name}", "# T")
    folder = write("notes/c.md", "# T").parent
    records = read("markdown", folder)
    assert [record.key for record in records] == ["a/y.MD", "a/z.markdown", "b.md", "c.md"]
    assert [record.slug for record in records] == ["a-y", "a-z", "b", "c"]
    assert open_source("markdown", str(folder)).count() == 4
    assert read("markdown", folder) == records


def test_bad_files_are_told_and_stop_nothing(write, tmp_path):
    write("notes/a.md", "---\ntitle: one: two\n---\n")
    write("notes/b.md", "---\ntitle: A\nkind: poem\n---\n")
    write("notes/c.md", "---\ntitle: A\ndate: soon\n---\n")
    write("notes/d.md", "x" * 4_000_001)
    write("notes/e.md", "# Good")
    write("secret.md", "# Secret")
    (tmp_path / "notes/f.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "notes/g.md").symlink_to(tmp_path / "notes/e.md")
    (tmp_path / "notes/h.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "notes/loop").symlink_to(tmp_path / "notes")
    os.mkfifo(tmp_path / "notes/pipe.md")
    records = read("markdown", tmp_path / "notes")
    bad = {record.key: record.reason for record in records if isinstance(record, BadRecord)}
    assert bad["a.md"].startswith("line 2: mapping values are not allowed in this context")
    assert bad["b.md"] == "kind: must be one of incident, case_study, note, not 'poem'"
    assert bad["c.md"] == "occurred: not a date: 'soon'"
    assert bad["d.md"] == "the file is larger than 4,000,000 bytes"
    assert "leads out of the folder" in bad["f.md"]
    assert "leads out of the folder, or nowhere" in bad["h.md"]
    assert bad["pipe.md"] == "not a regular file"
    assert [record.key for record in records if isinstance(record, EntryRecord)] == ["e.md", "g.md"]
    assert open_source("markdown", str(tmp_path / "notes")).count() == len(records) == 9


def test_control_characters_are_cleaned(write):
    entry = read_one("markdown", write("notes/a.md", b"# A\x00B\n\nText \x1b[31m here\x00"))
    assert (entry.title, entry.body) == ("AB", "Text [31m here")


def test_nothing_to_read_is_said(write, tmp_path):
    with pytest.raises(SourceError, match=r"holds no \.md or \.markdown file"):
        open_source("markdown", str(tmp_path))
    with pytest.raises(SourceError, match="is not a Markdown file"):
        open_source("markdown", str(write("a.pdf", "%PDF")))


def test_the_reading_list_this_was_made_for():
    path = real_input("seed/LLM.md")
    entry = read_one("markdown", path)
    text = path.read_text(encoding="utf-8")
    assert (entry.title, str(entry.occurred), entry.occurred.precision) == ("LLM", "2025-02-05", "day")
    assert len(entry.references) == 11
    assert all(one.url in text and one.title for one in entry.references)
    assert len(entry.facts["questions"]) == 5
    assert "`C=1/m X^T X`" in entry.body
    assert entry.tags == []
    kept = {line.rstrip() for line in entry.body.split("\n")}
    assert {line.rstrip() for line in text.split("\n")} - kept == {"# LLM", "Created: 2025-02-05", "tags:"}
