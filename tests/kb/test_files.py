"""Contents of files are kept once, whole, and found by their digest."""

import hashlib

import pytest

from kb import files

pytestmark = pytest.mark.once


def test_a_content_is_found_by_its_digest(tmp_path, data_folder):
    path = tmp_path / "a.png"
    path.write_bytes(b"picture" * 300_000)

    digest = files.store(path)

    assert digest == hashlib.sha256(b"picture" * 300_000).hexdigest()
    with files.open_file(digest) as kept:
        assert kept.read() == path.read_bytes()
    assert files.path_of(digest) == data_folder / "files" / digest[:2] / digest


def test_the_same_content_is_kept_once_and_no_other_file_stays(tmp_path, data_folder):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"same")

    assert files.store(tmp_path / "a.png") == files.store(tmp_path / "b.png")

    assert len([path for path in (data_folder / "files").rglob("*") if path.is_file()]) == 1


def test_what_cannot_be_read_leaves_nothing_behind(tmp_path, data_folder):
    with pytest.raises(FileNotFoundError):
        files.store(tmp_path / "missing.png")
    with pytest.raises(FileNotFoundError):
        files.open_file("0" * 64)

    assert [path for path in (data_folder / "files").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_digest_names_a_content(name):
    with pytest.raises(ValueError, match="not a SHA-256"):
        files.open_file(name)
