"""Files are downloaded under their own names, whole or not at all."""

import gzip

import pytest

from ingest import fetching
from ingest.fetching import FetchError
from ingest.fetching.file_names import safe_name
from tests.ingest.fetching.servers import page, redirect


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


def test_a_file(settings, server, folder):
    settings.KB_FETCH_ALLOW = frozenset({("127.0.0.1", server.port)})
    settings.KB_FETCH_DELAY = 0
    content = bytes(range(256)) * 4000
    server.replies["/backups/backup-20260101.tar.bz2?x=1"] = page(content, "application/x-bzip2")
    told = []
    path = fetching.download(
        server.url("/backups/backup-20260101.tar.bz2?x=1"),
        folder,
        max_bytes=2_000_000,
        progress=lambda done, total: told.append((done, total)),
    )
    assert (path, path.read_bytes()) == (folder / "backup-20260101.tar.bz2", content)
    assert told[-1] == (1_024_000, 1_024_000)
    assert server.asked == ["/backups/backup-20260101.tar.bz2?x=1"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="sheet.csv"', "sheet.csv"),
        ("attachment; filename=sheet.csv", "sheet.csv"),
        ("attachment; filename=\"a.csv\"; filename*=UTF-8''%C3%A4%20b.csv", "ä b.csv"),
        ('attachment; filename="../../etc/cron.d/x.csv"', "x.csv"),
        ('attachment; filename="..\\\\..\\\\boot.csv"', "boot.csv"),
        ('attachment; filename="/"', "export.txt"),
        ("attachment; filename*=utf-9''%FF.csv", None),
        ("attachment; filename*=''''''", "export.txt"),
        ("inline", "export.txt"),
    ],
)
def test_the_name_that_a_server_gives_is_made_safe(fetcher, server, folder, disposition, name):
    server.replies["/export.txt"] = page(b"x", "text/csv", Content_Disposition=disposition)
    path = fetcher.download(server.url("/export.txt"), folder, 10)
    assert path.parent == folder
    assert name is None or path.name == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.tar.bz2", "a.tar.bz2"),
        (".bashrc", "bashrc"),
        ("..", ""),
        ("con.csv", "_con.csv"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("x" * 500 + ".tar.gz", "x" * 113 + ".tar.gz"),
        ("сводка 2025.xlsx", "сводка 2025.xlsx"),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name) == safe


def test_the_name_asked_for_goes_before_where_it_was_found(fetcher, server, folder):
    server.replies |= {"/data.json": redirect("/blob/8f3a.bin"), "/blob/8f3a.bin": page(b"x")}
    assert fetcher.download(server.url("/data.json"), folder, 10).name == "data.json"
    server.replies |= {"/latest": redirect("/blob/v2.zip"), "/blob/v2.zip": page(b"x")}
    assert fetcher.download(server.url("/latest"), folder, 10).name == "v2.zip"
    server.replies["/"] = page(b"x")
    assert fetcher.download(server.url("/"), folder, 10).name == "download"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (page(b"x" * 1001), "larger than 1,000 bytes"),
        (page(b"x" * 1001, length=False), "larger than 1,000 bytes"),
        (page(gzip.compress(b"x" * 100_000, mtime=0), Content_Encoding="gzip"), "larger than 1,000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broke off"),
        (page(status="404 Not Found"), "answers 404"),
    ],
)
def test_a_file_comes_whole_or_not_at_all(fetcher, server, folder, reply, said):
    server.replies["/a.csv"] = reply
    with pytest.raises(FetchError, match=said):
        fetcher.download(server.url("/a.csv"), folder, 1000)
    assert list(folder.iterdir()) == []


def test_an_archive_said_to_be_encoded_stays_an_archive(fetcher, server, folder):
    content = gzip.compress(b"tar")
    server.replies["/a.tar.gz"] = page(content, "application/x-tar", Content_Encoding="x-gzip")
    assert fetcher.download(server.url("/a.tar.gz"), folder, 1000).read_bytes() == content


def test_robots_are_not_asked_for_a_file_that_a_person_named(fetcher, server, folder):
    server.replies |= {"/robots.txt": page(b"User-agent: *\nDisallow: /"), "/a.csv": page(b"x")}
    assert fetcher.download(server.url("/a.csv"), folder, 10).read_bytes() == b"x"


def test_a_download_is_checked_as_a_page_is(fetcher, server, folder):
    server.replies["/a.csv"] = redirect("http://169.254.169.254/a.csv")
    with pytest.raises(FetchError, match="a link-local address"):
        fetcher.download(server.url("/a.csv"), folder, 10)


def test_whoever_watches_may_end_it(fetcher, server, folder):
    def stop(done, total):
        raise KeyboardInterrupt

    server.replies["/a.csv"] = page(b"x")
    with pytest.raises(KeyboardInterrupt):
        fetcher.download(server.url("/a.csv"), folder, 10, stop)
    assert list(folder.iterdir()) == []
