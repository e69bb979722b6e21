"""Contents of files are kept once, whole, and found by their digest."""

import hashlib
import os

import pytest

from kb import files
from kb.models import Attachment
from tests.factories import make_entry

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


@pytest.mark.django_db
def test_contents_that_no_entry_has_are_removed_when_they_are_old(tmp_path, data_folder):
    digests = {}
    for name in ("shown", "gone", "new"):
        (tmp_path / name).write_bytes(name.encode())
        digests[name] = files.store(tmp_path / name)
    half = data_folder / "files" / ".new-half"
    half.write_bytes(b"torn")
    for path in (files.path_of(digests["shown"]), files.path_of(digests["gone"]), half):
        os.utime(path, (0, 0))
    Attachment.objects.create(entry=make_entry(), name="a.png", sha256=digests["shown"], media_type="image/png")

    assert files.remove_unused() == 2

    assert [name for name, digest in digests.items() if files.path_of(digest).exists()] == ["shown", "new"]
    assert not half.exists()
