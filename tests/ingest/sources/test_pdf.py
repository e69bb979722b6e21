"""Papers as entries: one file or a folder, known again wherever the file lies."""

import hashlib
import os

import pytest

from ingest.records import BadRecord, EntryRecord, RoleRecord
from ingest.sources import SourceError, open_source
from tests.ingest.extracting.papers import Printed, flow, paper
from tests.ingest.sources.reading import read, read_one

FIRST = flow(
    Printed("Ferns That Answer Back", 18, True),
    "",
    Printed("Ada Hose and Bo Fern", 12),
    "",
    Printed("Abstract", 12, True),
    "We asked ferns questions.",
    "",
    Printed("1 Introduction", 14, True),
    "Ferns are quiet.",
)
SECOND = flow("They stayed quiet.")
DOI = Printed("https://doi.org/10.5555/Fern.7", 7, y=40)


def with_doi(*lines):
    return paper([[*FIRST, DOI, *lines], SECOND])


def test_a_paper_is_a_note_about_it(write):
    entry = read_one("pdf", write("papers/ferns.pdf", with_doi()))
    assert isinstance(entry, EntryRecord)
    assert (entry.key, entry.kind, entry.title) == ("ferns.pdf", "note", "Ferns That Answer Back")
    assert (entry.summary, entry.body) == ("We asked ferns questions.", "")
    assert entry.roles == [RoleRecord(role="author", name="Ada Hose"), RoleRecord(role="author", name="Bo Fern")]
    assert entry.facts == {"resource": "paper", "resource_title": "Ferns That Answer Back"}
    assert entry.warnings == []


def test_its_text_is_the_publishers_with_its_pages(write):
    page = read_one("pdf", write("ferns.pdf", with_doi())).page
    assert (page.url, page.urn, page.title) == ("https://doi.org/10.5555/fern.7", "", "Ferns That Answer Back")
    assert (page.authors, page.text_licence) == (["Ada Hose", "Bo Fern"], "")
    assert page.text[page.pages[1] :] == "They stayed quiet."


def test_a_paper_is_known_by_its_doi_and_by_what_its_file_holds(write):
    data = with_doi()
    entry = read_one("pdf", write("ferns.pdf", data))
    assert entry.external_ids == [("doi", "10.5555/fern.7"), ("pdf", hashlib.sha256(data).hexdigest())]


def test_a_paper_of_arxiv(write):
    stamp = Printed("arXiv:2301.01234v2 [cs.RO] 5 Jan 2023", 20, x=30, y=220, turned=True)
    entry = read_one("pdf", write("ferns.pdf", paper([[*FIRST, stamp]])))
    assert entry.external_ids[0] == ("arxiv", "2301.01234")
    assert (entry.page.url, str(entry.page.published)) == ("https://arxiv.org/abs/2301.01234", "2023-01-05")
    assert str(entry.occurred) == "2023-01-05"


def test_a_renamed_file_is_the_same_paper(write):
    data = paper([FIRST, SECOND])
    entry, moved = (read_one("pdf", write(name, data)) for name in ("a/ferns.pdf", "b/c/other name.pdf"))
    assert entry.external_ids == moved.external_ids == [("pdf", hashlib.sha256(data).hexdigest())]
    assert entry.page.address == moved.page.address == f"urn:sha256:{hashlib.sha256(data).hexdigest()}"
    assert entry.title == moved.title


def test_a_folder_in_the_order_of_its_paths_and_one_bad_file_stops_nothing(write):
    folder = write("papers/b.pdf", with_doi()).parent
    write("papers/a.PDF", paper([FIRST]))
    write("papers/c/broken.pdf", b"%PDF-1.7 and nothing else")
    write("papers/c/page.pdf", b"<html>Not found</html>")
    write("papers/.trash/old.pdf", with_doi())
    write("papers/notes.txt", "no paper")
    source = open_source("pdf", str(folder))
    first, second, broken, page = records = read("pdf", folder)
    assert [record.key for record in records] == ["a.PDF", "b.pdf", "c/broken.pdf", "c/page.pdf"]
    assert (type(first), type(second)) == (EntryRecord, EntryRecord)
    assert isinstance(broken, BadRecord)
    assert broken.reason.startswith("it is damaged")
    assert page == BadRecord(key="c/page.pdf", reason="it is not a PDF: it does not begin like one")
    assert (source.count(), source.collection) == (4, "papers")
    assert open_source("pdf", str(folder / "b.pdf")).collection is None


def test_links_are_not_followed(write, tmp_path):
    secret = write("elsewhere/secret.pdf", with_doi())
    (tmp_path / "papers").mkdir()
    os.symlink(secret, tmp_path / "papers" / "link.pdf")
    assert read("pdf", tmp_path / "papers") == [
        BadRecord(key="link.pdf", reason="a symbolic link is not followed; copy the file")
    ]


def test_a_paper_without_a_title_is_called_after_its_file(write):
    entry = read_one("pdf", write("some_plain_text.pdf", paper([flow("All of one size.")])))
    assert entry.title == "some plain text"
    assert entry.warnings == ["no title was found; the entry is called after its file"]


def test_options(write):
    entry = read_one("pdf", write("ferns.pdf", with_doi()), kind="case_study", namespace="library")
    assert (entry.kind, entry.facts, entry.external_ids[-1][0]) == ("case_study", {}, "library")
    assert (entry.occurred, entry.roles) == (None, [])


def test_fingerprint_follows_the_files(write):
    path = write("papers/a.pdf", paper([FIRST]))
    before = open_source("pdf", str(path.parent)).fingerprint()
    assert before == open_source("pdf", str(path.parent)).fingerprint()
    write("papers/b.pdf", paper([FIRST]))
    assert before != open_source("pdf", str(path.parent)).fingerprint()


def test_a_folder_without_papers_is_an_error(tmp_path):
    with pytest.raises(SourceError, match=r"holds no \.pdf file"):
        open_source("pdf", str(tmp_path))
