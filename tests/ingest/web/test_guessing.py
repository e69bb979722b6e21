"""What a file or an address is, is guessed from its name and its beginning, whatever it claims and holds."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import pytest

from ingest.web.guessing import guess_address, guess_file, guess_folder


def tar(path: Path, *names: str, mode: Literal["w:bz2", "w:gz"] = "w:bz2") -> None:
    with tarfile.open(path, mode) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))


def zipped(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("a.csv", b"Title,Link\n", "csv"),
        ("a.tsv", b"Title\tLink\n", "csv"),
        ("a.txt", b"Title;Link\nx;y\n", "csv"),
        ("a.txt", b"# reading list\nhttps://a.example/\n", "url"),
        ("a", b'{"title": "x"}\n', "jsonl"),
        ("a.json", b'[{"title": "x"}]', "jsonl"),
        ("repository.csv", b"Incidents,,\nAIAAIC ID#,Headline\n", "aiaaic"),
        ("links.json", b'[{"incident_id": 1, "sameAs": ["https://oecd.ai/x"]}]', "aiid"),
        ("zotero.json", b'[{"id": "a", "title": "x", "container-title": "y"}]', "links"),
        ("zotero.txt", b"@article{key,\n title={x}}", "links"),
        ("zotero.ris", b"TY  - JOUR\n", "links"),
        ("bookmarks.html", b"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n", "links"),
        ("subscriptions.xml", b'<?xml version="1.0"?><opml version="2.0">', "links"),
        ("feed.xml", b'<?xml version="1.0"?><rss version="2.0">', "feed"),
        ("feed.txt", b'<feed xmlns="http://www.w3.org/2005/Atom">', "feed"),
        ("paper.bin", b"%PDF-1.7\n", "pdf"),
        ("ATLAS.yaml", b"id: ATLAS\n", "atlas"),
        ("data.txt", b"- id: AML.T0001\n", "atlas"),
        ("report.json", b'{"data_type": "AVID", "data_version": "0.2"}', "avid"),
        ("note.md", b"# A note\n\nText with [a link](https://a.example).\n", "markdown"),
        ("list.md", b"".join(b"- [x](https://a.example/%d)\n" % n for n in range(5)), "links"),
        ("a.dat", b"\x00\x01\x02", ""),
        ("a.csv", "\ufeffTitle;Link\n".encode("utf-16"), "csv"),
        ("empty.csv", b"", "csv"),
    ],
)
def test_files(tmp_path, name, content, source):
    path = tmp_path / name
    path.write_bytes(content)

    assert guess_file(path) == source


def test_archives_by_what_is_in_them(tmp_path):
    snapshot, vault, reports, papers = (tmp_path / name for name in ("a.tar.bz2", "b.zip", "c.tar.gz", "d.zip"))
    tar(snapshot, "mongodump_full_snapshot/incidents.csv")
    zipped(vault, notes__a_md=b"", **{"notes/b.md": b"# B"})
    tar(reports, "avid-db/reports/2022/AVID-2022-R0001.json", mode="w:gz")
    zipped(papers, **{"a.pdf": b"%PDF-"})

    assert [guess_file(path) for path in (snapshot, vault, reports, papers)] == ["aiid", "markdown", "avid", "pdf"]


def test_workbooks_by_their_words(tmp_path):
    plain, theirs = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    zipped(plain, xl__sharedStrings=b"", **{"xl/workbook.xml": b"<w/>", "xl/sharedStrings.xml": b"<t>Title</t>"})
    zipped(theirs, **{"xl/workbook.xml": b"<w/>", "xl/sharedStrings.xml": b"<t>AIAAIC ID#</t>"})

    assert [guess_file(path) for path in (plain, theirs)] == ["xlsx", "aiaaic"]


@pytest.mark.parametrize("name", ["torn.zip", "torn.tar.bz2", "torn.tar.gz", "torn.xlsx", "torn.tar.xz"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"BZh91AY", b"\x1f\x8b\x08", b"{"]
)
def test_what_is_torn_is_told_by_its_ending_or_not_at_all(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    assert isinstance(guess_file(path), str)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        member = tarfile.TarInfo("big")
        member.size = 200_000_000
        archive.addfile(member, Zeros(member.size))
        tail = tarfile.TarInfo("notes/lift.md")
        archive.addfile(tail)

    assert guess_file(path) == "aiid"  # by its ending: the note that follows the big one is not looked at


class Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://a.example/an/article", "url"),
        ("https://a.example/page.html", "url"),
        ("https://arxiv.org/pdf/1706.03762.pdf", "url"),
        ("https://a.example/feed/", "feed"),
        ("https://a.example/blog/rss.xml", "feed"),
        ("https://a.example/table.csv?download=1", "csv"),
        ("https://a.example/export.xlsx", "xlsx"),
        ("https://a.example/backup-20250210000000.tar.bz2", "aiid"),
        ("https://github.example/avid-db/archive/main.tar.gz", "avid"),
        ("https://a.example/vault.zip", "markdown"),
        ("https://a.example/ATLAS.yaml", "atlas"),
        ("https://a.example", "url"),
    ],
)
def test_addresses(address, source):
    assert guess_address(address) == source


@pytest.mark.parametrize(
    ("names", "source"),
    [
        (("a.pdf", "more/b.PDF"), "pdf"),
        (("Oak.md", "attached/a.pdf"), "markdown"),
        (("mongodump_full_snapshot/incidents.csv",), "aiid"),
        (("reports/2022/AVID-2022-R0001.json", "README.md"), "avid"),
        (("a.txt",), ""),
        ((), ""),
    ],
)
def test_folders_are_told_by_what_lies_below(tmp_path, names, source):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    assert guess_folder(tmp_path) == source
