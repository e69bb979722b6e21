"""The starter collection: known by file names, and without a fault."""

import pytest

from ingest.records import EntryRecord
from ingest.sources import SourceError, open_source, starter
from tests.ingest.sources.reading import read, read_one

FILE = "---\ntitle: A\nkind: note\ndate: 2024\nsummary: S\nids:\n  aiid: 12\n---\nBody\n"


def test_an_entry_is_known_by_its_files_name(write, monkeypatch):
    monkeypatch.setattr(starter, "FOLDER", write("notes/a-note.md", FILE).parent)
    entry = read_one("starter", "")
    assert entry.external_ids == [("starter", "a-note"), ("aiid", "12")]
    assert (entry.slug, entry.licence, entry.language) == ("a-note", "Apache-2.0", "en")


def test_no_other_folder_is_the_starter_collection(write):
    with pytest.raises(SourceError, match="comes with Precedent: leave the location out"):
        open_source("starter", str(write("notes/a-note.md", FILE).parent))


@pytest.fixture(scope="module")
def records():
    return read("starter", "")


def test_every_file_of_the_collection_is_whole(records):
    assert len(records) > 100
    assert [record for record in records if not isinstance(record, EntryRecord) or record.warnings] == []
    assert {record.kind for record in records} == {"incident", "case_study", "note"}
    assert all(record.summary and record.occurred and record.references and record.tags for record in records)
    assert len({record.slug for record in records}) == len(records)


def test_links_lead_to_entries_of_the_collection(records):
    slugs = {record.slug for record in records}
    assert {link.target for record in records for link in record.links} <= slugs
