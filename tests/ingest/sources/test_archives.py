"""Archives of others: what is wanted comes out, and nothing that they do costs more than a message."""

import gzip
import io
import lzma
import resource
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath

import pytest

from ingest.sources import SourceError, archives
from ingest.sources.archives import Limits, copy_out

FILES = {"db/a.csv": b"a,b\n1,2\n", "./db/deep/b.json": b"{}", "db/readme.md": b"# Read me"}
FORMS = ("tar", "tar.gz", "tar.bz2", "tar.xz", "zip")


def wanted(member):
    """`a.csv` and `deep/b.json`: the path below the archive's own folder, of tables only."""
    path = PurePosixPath(member)
    return "/".join(path.parts[1:]) if path.suffix in (".csv", ".json") else ""


def pack(path, files, form="tar"):
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, mode=f"w:{form[4:]}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            archive.addfile(plain(name, content), io.BytesIO(content))
    return path


def plain(name, content=b""):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member


def copied(path, tmp_path, **limits):
    """Name -> content; and what is left over in the scratch folder must be nothing."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    try:
        files = copy_out(path, wanted, scratch, "test-", Limits(**limits))
        content = {name: file.read_bytes() for name, file in files.items()}
        del files
        return content
    finally:
        assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wanted_comes_out_under_our_names(tmp_path, form):
    path = pack(tmp_path / "archive", FILES, form)
    assert archives.is_archive(path)
    archives.check(path)
    assert copied(path, tmp_path) == {"a.csv": b"a,b\n1,2\n", "deep/b.json": b"{}"}


@pytest.mark.parametrize("form", FORMS)
def test_what_leads_out_of_the_folder_is_passed_over(tmp_path, form):
    evil = ["../a.csv", "/x/a.csv", "x/../../a.csv", "..\\a.csv", "C:/a.csv", "x/../a.csv"]
    path = pack(tmp_path / "archive", dict.fromkeys(evil, b"evil") | FILES, form)
    assert copied(path, tmp_path) == {"a.csv": b"a,b\n1,2\n", "deep/b.json": b"{}"}
    assert list(tmp_path.rglob("a.csv")) == []


def test_links_and_devices_are_passed_over(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            member = plain("x/a.csv")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        archive.addfile(plain("x/b.csv", b"b"), io.BytesIO(b"b"))
    assert copied(path, tmp_path) == {"b.csv": b"b"}
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("x/a.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("x/b.csv", "b")
    assert copied(path, tmp_path) == {"b.csv": b"b"}


def test_an_archive_in_an_archive_is_a_file_like_any_other(tmp_path):
    inner = pack(tmp_path / "inner", FILES).read_bytes()
    assert copied(pack(tmp_path / "outer", {"x/a.csv": inner}), tmp_path) == {"a.csv": inner}


@pytest.mark.parametrize("form", FORMS)
def test_limits(tmp_path, form):
    path = pack(tmp_path / "archive", {f"x/{number}.csv": bytes(1000) for number in range(20)}, form)
    assert len(copied(path, tmp_path, members=20, file=1000)) == 20
    for limits, said in (
        ({"members": 19}, "holds more than 19 files"),
        ({"file": 999}, r"0\.csv in .* is larger than 999 bytes"),
        ({"total": 19_999}, "unpacks to more than 19,999 bytes"),
    ):
        with pytest.raises(SourceError, match=said):
            copied(path, tmp_path, **limits)


@pytest.mark.parametrize("form", FORMS)
def test_two_files_of_one_name_are_refused(tmp_path, form):
    path = pack(tmp_path / "archive", {"x/a.csv": b"1", "y/a.csv": b"2"}, form)
    with pytest.raises(SourceError, match=r"holds a\.csv twice; unpack it"):
        copied(path, tmp_path)


@pytest.mark.parametrize("names", [("x/a.csv", "x/a.csv/b.csv"), ("x/" + "n" * 300 + ".csv",)])
def test_names_that_no_folder_can_hold_are_refused(tmp_path, names):
    with pytest.raises(SourceError, match="no file can be made of"):
        copied(pack(tmp_path / "archive", dict.fromkeys(names, b"1")), tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_torn_anywhere(tmp_path, form):
    content = {f"x/{number}.csv": bytes(range(256)) * 40 for number in range(3)}
    whole = pack(tmp_path / "whole", content, form).read_bytes()
    end = len(whole.rstrip(b"\0")) if form == "tar" else len(whole) - 12
    path = tmp_path / "torn"
    for size in sorted({1, 5, 30, 511, 512, 1024, *range(0, end, max(1, end // 40)), end - 1}):
        path.write_bytes(whole[: min(size, end - 1)])
        with pytest.raises(SourceError, match=r"is not a \.tar, .* archive, or is damaged"):
            copied(path, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_damaged_anywhere(tmp_path, form):
    """A changed byte is told, or does no harm; nothing but a SourceError comes of it."""
    whole = pack(tmp_path / "whole", FILES, form).read_bytes()
    path = tmp_path / "damaged"
    for place in range(0, min(len(whole), 4000), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            copied(path, tmp_path)
        except SourceError:
            continue


def test_what_is_no_archive(tmp_path):
    path = tmp_path / "a.tar.bz2"
    for content in (b"", b"not an archive", b"BZh9 neither", b"\x1f\x8b\x08", b"PK\x03\x04", b"PK\x05\x06" + bytes(9)):
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"is not a \.tar, .* archive, or is damaged"):
            archives.check(path)


class TestBombs:
    """Each would take gigabytes or minutes from whoever believes it."""

    @pytest.fixture(autouse=True)
    def bounded(self, monkeypatch):
        monkeypatch.setattr(archives, "RATIO_FREE", 10_000_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        yield
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB

    @pytest.mark.parametrize("name", ["x/a.csv", "x/unwanted"])
    def test_zeros_in_a_tar(self, tmp_path, name):
        path = tmp_path / "a.tar.gz"
        member = tarfile.TarInfo(name)
        member.size = 1 << 40
        with gzip.open(path, "wb", compresslevel=9) as file:
            file.write(member.tobuf())
            for _ in range(40):
                file.write(bytes(1 << 20))
        with pytest.raises(SourceError, match="unpacks to more than 500 times its size"):
            copied(path, tmp_path)

    def test_zeros_in_a_zip_whose_header_tells_less(self, tmp_path):
        path = pack(tmp_path / "a.zip", {"x/a.csv": bytes(40 << 20)}, "zip")
        with pytest.raises(SourceError, match="unpacks to many times its size"):
            copied(path, tmp_path)
        told = struct.pack("<L", 40 << 20)
        path.write_bytes(path.read_bytes().replace(told, struct.pack("<L", 10)))
        with pytest.raises(SourceError, match="damaged"):
            copied(path, tmp_path)

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
    def test_a_header_of_gigabytes(self, tmp_path, kind):
        member = tarfile.TarInfo("x/a.csv")
        member.type, member.size = kind, 4 << 30
        path = tmp_path / "a.tar"
        path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
        with pytest.raises(SourceError, match="header is longer than"):
            copied(path, tmp_path)

    def test_headers_of_headers(self, tmp_path):
        member = tarfile.TarInfo("x/a.csv")
        member.type = tarfile.GNUTYPE_LONGNAME
        member.size = 2
        path = tmp_path / "a.tar"
        path.write_bytes((member.tobuf() + b"a\0".ljust(512, b"\0")) * 5000)
        with pytest.raises(SourceError):
            copied(path, tmp_path)

    def test_a_file_with_holes(self, tmp_path):
        """A sparse file of a terabyte, with no data."""
        member = tarfile.TarInfo("x/a.csv")
        member.type = tarfile.GNUTYPE_SPARSE
        header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
        header[386:398] = b"00000000000\0"
        header[398:410] = b"00000000000\0"
        header[483:495] = b"\x80" + (1 << 40).to_bytes(11, "big")
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        path = tmp_path / "a.tar"
        path.write_bytes(bytes(header) + bytes(10240))
        with pytest.raises(SourceError, match="is larger than 20,000,000 bytes"):
            copied(path, tmp_path, file=20_000_000)

    def test_a_dictionary_of_gigabytes(self, tmp_path):
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 0}]
        raw = bytearray(lzma.compress(bytes(10240), lzma.FORMAT_XZ, filters=filters))
        place = raw.index(b"\x21\x01", 12)
        raw[place + 2] = 40  # 4 GB
        size = (raw[12] + 1) * 4
        raw[12 + size - 4 : 12 + size] = struct.pack("<L", zlib.crc32(raw[12 : 12 + size - 4]))
        path = tmp_path / "a.tar.xz"
        path.write_bytes(raw)
        with pytest.raises(SourceError, match="Memory usage limit exceeded"):
            copied(path, tmp_path)

    def test_a_million_files(self, tmp_path):
        path = tmp_path / "a.tar.gz"
        empty = b"".join(tarfile.TarInfo(f"x/{number}.csv").tobuf() for number in range(1000))
        with gzip.open(path, "wb", compresslevel=1) as file:
            for _ in range(30):
                file.write(empty)
        with pytest.raises(SourceError, match="holds more than 20,000 files"):
            copy_out(path, lambda member: "", tmp_path, "test-", Limits(members=20_000, ratio=10_000))

    @pytest.mark.parametrize("wide", [False, True])
    def test_a_zip_directory_of_a_million_files(self, tmp_path, wide):
        entry = b"PK\x01\x02" + bytes(42)
        directory = entry * 600_000
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF if wide else len(directory), 4, 0)
        if wide:
            end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(directory), 4) + (
                struct.pack("<4sLQL", b"PK\x06\x07", 0, len(directory) + 4, 1) + end
            )
        path = tmp_path / "a.zip"
        path.write_bytes(b"PK\x03\x04" + directory + end)
        with pytest.raises(SourceError, match="holds more than 100,000 files"):
            archives.check(path)
