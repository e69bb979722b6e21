"""Archives that are made to do harm, as jobs: each is refused with a reason, nothing of it stays, the next works."""

import io
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.pipeline import start_import
from ingest.sources import SourceError, archives
from kb.models import Entry
from kb.models.jobs import JobState
from tests.ingest.lifts import counts, done

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# A file that each source would read, and what it says.
READ = {
    "aiid": ("mongodump_full_snapshot/incidents.csv", b"incident_id,title,date\n1,A lift stands still,2024-01-02\n"),
    "avid": ("avid-db/reports/2024/AVID-2024-R0001.json", b'{"data_type": "AVID"}'),
    "atlas": ("atlas-data/dist/ATLAS.yaml", b"id: ATLAS\n"),
    "markdown": ("lifts/still.md", b"# A lift stands still\n\nIt stood.\n"),
}


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type, one.size, one.linkname = kind, size, link
    return one


def swelling_tar(path: Path, name: str, content: bytes) -> None:
    with tarfile.open(path, "w:bz2") as archive:
        archive.addfile(member(name, size=3_000_000), io.BytesIO(bytes(3_000_000)))


def swelling_zip(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(3_000_000))


def crowded(path: Path, name: str, content: bytes) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for number in range(300):
            archive.addfile(member(f"{number}/{name}"), io.BytesIO())


def torn(path: Path, name: str, content: bytes) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        archive.addfile(member(name, size=len(content)), io.BytesIO(content))
        archive.addfile(member("more", size=50_000), io.BytesIO(bytes(50_000)))
    path.write_bytes(whole.getvalue()[:-20])


def leading_out(path: Path, name: str, content: bytes) -> None:
    """Under every name that leads out of a folder, and as links to what lies outside."""
    with tarfile.open(path, "w") as archive:
        for place in ("../../../", "/", "x/../../", "..\\"):
            archive.addfile(member(f"{place}{name}", size=len(content)), io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            archive.addfile(member(name, kind, link="../../../secret"))
        for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            archive.addfile(member(name, kind))


HARM: dict[str, tuple[Callable[[Path, str, bytes], None], str]] = {
    "notes.tar.bz2": (swelling_tar, "is larger than 1,000,000 bytes"),
    "notes.zip": (swelling_zip, "is larger than 1,000,000 bytes"),
    "crowded.tar.gz": (crowded, "holds more than 200 files|twice"),
    "torn.tar.gz": (torn, "damaged"),
    "out.tar": (leading_out, "holds no|holds neither"),
}


@pytest.fixture
def bounds(monkeypatch):
    """The bounds of archives a thousandth of what they are, for archives that take no time to make."""
    limits = archives.Limits(members=200, total=2_000_000, file=1_000_000)
    monkeypatch.setattr(archives, "Limits", lambda: limits)


def why_not(source: str, path: Path) -> str:
    """Why the archive is not imported, said at once or by the job."""
    try:
        job = done(start_import(source, str(path), {}, ring=False))
    except SourceError as error:
        return str(error)
    assert job.state == JobState.FAILED
    return job.error


@pytest.mark.parametrize("name", HARM)
@pytest.mark.parametrize("source", READ)
def test_one_that_does_harm(bounds, tmp_path, data_folder, source, name):
    pack, said = HARM[name]
    (tmp_path / "secret").write_bytes(READ[source][1])
    pack(tmp_path / name, *READ[source])
    before = set(tmp_path.rglob("*"))

    assert re.search(said, why_not(source, tmp_path / name))
    assert Entry.objects.count() == 0
    left = set(tmp_path.rglob("*")) - before
    assert [path for path in left if path.is_file() and not path.is_relative_to(data_folder / "index")] == []


def test_a_good_one_after_it(bounds, tmp_path):
    swelling_zip(tmp_path / "bad.zip", *READ["markdown"])
    why_not("markdown", tmp_path / "bad.zip")
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.writestr(*READ["markdown"])

    job = done(start_import("markdown", str(tmp_path / "good.zip"), {}, ring=False))

    assert counts(job) == {"created": 1}
