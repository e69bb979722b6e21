"""Backups: what is put back is what was there, and a file from anybody does no harm."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection

from kb import files
from kb.backing_up import dump
from kb.models import ApiToken, Attachment, Entry, Fact, Job, Reference, Schedule
from search.models import Indexing, Passage
from tests.factories import make_category, make_entry, make_reference, make_user
from tests.ingest.contents import contents, forget_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def backup(tmp_path, data_folder) -> Path:
    """Of an instance with something of everything."""
    owner = make_user(username="root", is_staff=True)
    ApiToken.issue(owner, "a script")
    note = make_entry(kind="note", title="Note", visibility="internal", facts={"questions": ["Why?"]})
    report = make_reference(text="Not for others. " * 100, published_on="2024-02", authors=["A"])
    entry = make_entry(
        title="Ferry",
        occurred_on="2024-02",
        facts={"harms": ["Injury"]},
        tags=["ships"],
        ids={"aiid": "7"},
        entities={"developer": ["Acme"]},
        references=[report],
        categories=[make_category("Injury", parent=make_category("Physical"))],
        see_also=[note],
    )
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    Attachment.objects.create(entry=entry, name="a.png", sha256=files.store(picture), media_type="image/png")
    Schedule.objects.create(source="feed", location="https://news.example/feed")
    Job.objects.create(kind="ingest", parameters={"location": "/etc"}, created_by=owner)
    page = data_folder / "pages" / "ab" / "page.json"
    page.parent.mkdir(parents=True)
    page.write_text("{}")
    call_command("backup", str(tmp_path / "all.tar.gz"), stdout=io.StringIO(), stderr=io.StringIO())
    return tmp_path / "all.tar.gz"


def restore(path: Path, **options: bool) -> str:
    out = io.StringIO()
    call_command("restore", str(path), stdout=out, stderr=io.StringIO(), no_index=True, **options)
    return out.getvalue()


def changed(path: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> Path:
    """The backup with other members: `change` says what becomes of each."""
    other = path.with_name("changed.tar.gz")
    with tarfile.open(path) as archive, tarfile.open(other, "w:gz") as written:
        for member in archive:
            for name, content in change(member.name, archive.extractfile(member).read()):  # type: ignore[union-attr]
                info = tarfile.TarInfo(name)
                info.size = len(content)
                written.addfile(info, io.BytesIO(content))
    return other


def test_what_is_put_back_is_what_was_there(backup, data_folder):
    before = contents()
    forget_everything()
    Schedule.objects.all().delete()
    for path in (data_folder / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    Indexing.objects.all().delete()

    assert restore(backup, trusted=True).startswith("2 entries restored")

    assert contents() == before
    assert sorted(Fact.objects.values_list("name", "value")) == [("harms", "injury"), ("questions", "some")]
    assert Reference.objects.get().text == "Not for others. " * 100
    assert files.open_file(Attachment.objects.get().sha256).read() == b"\x89PNG"
    assert (data_folder / "pages" / "ab" / "page.json").read_text() == "{}"
    assert Indexing.objects.pending().count() == 2
    assert get_user_model().objects.get().check_password("") is False
    assert (ApiToken.objects.count(), Schedule.objects.get().is_on) == (1, True)
    assert make_entry(title="Next").pk > Entry.objects.get(title="Ferry").pk


def test_an_archive_of_anybody_brings_no_accounts_and_begins_nothing(backup):
    get_user_model().objects.all().delete()
    owner = make_user(username="me", is_staff=True)
    Job.objects.all().delete()

    restore(backup, force=True)

    assert list(get_user_model().objects.all()) == [owner]
    assert (ApiToken.objects.count(), Schedule.objects.get().is_on) == (0, False)
    assert (Job.objects.get().state, Job.objects.get().created_by) == ("cancelled", None)


def test_an_instance_with_entries_is_left_alone(backup):
    newer = make_entry(title="Newer")
    Passage.objects.create(entry=newer, source="body", start=0, end=1, text="N", text_hash="0")

    with pytest.raises(CommandError, match="--force"):
        restore(backup)
    assert Entry.objects.count() == 3

    restore(backup, force=True)
    assert sorted(entry.title for entry in Entry.objects.all()) == ["Ferry", "Note"]
    assert not Passage.objects.exists()


BAD = {
    "no backup": lambda name, content: [("manifest.json", b"{}")],
    "out of the folder": lambda name, content: [(name, content), ("../../evil", b"x")],
    "an absolute name": lambda name, content: [(name, content), ("/tmp/evil", b"x")],
    "a hidden page": lambda name, content: [(name, content), ("pages/../../x", b"x")],
    "a foreign table": lambda name, content: [(name, content), ("tables/kb.nothing.jsonl", b"{}\n")],
    "a newer program": lambda name, content: (
        [(name, json.dumps(json.loads(content) | {"migrations": ["kb.9999_x"]}).encode())]
        if name == "manifest.json"
        else []
    ),
    "another content": lambda name, content: [(name, content + b"x" if name.startswith("files/") else content)],
    "a torn row": lambda name, content: [(name, content[:-5] if name == "tables/kb.entry.jsonl" else content)],
    "an unknown column": lambda name, content: [(name, content.replace(b'"slug"', b'"slur"', 1))],
    "facts of no kind": lambda name, content: [(name, content.replace(b'"questions"', b'"answers"', 1))],
    "a torn end": lambda name, content: [] if name == "end.json" else [(name, content)],
    "a table twice": lambda name, content: [(name, content)] * (2 if name.startswith("tables/kb.entry.") else 1),
    "an entry of nobody": lambda name, content: [] if name == "tables/kb.reference.jsonl" else [(name, content)],
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_archive_changes_nothing(backup, what, data_folder):
    before = contents()
    outside = sorted(path for path in data_folder.parent.rglob("*") if path.is_file())
    bad = changed(backup, BAD[what])

    with pytest.raises(CommandError, match="Nothing was restored"):
        restore(bad, force=True)

    assert contents() == before
    assert sorted(path for path in data_folder.parent.rglob("*") if path.is_file()) == sorted([*outside, bad])


@pytest.mark.parametrize("how", ["link", "bomb", "cut", "text"])
def test_links_bombs_and_torn_archives_are_refused(backup, tmp_path, how):
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(backup) as archive:
        manifest = archive.extractfile("manifest.json").read()  # type: ignore[union-attr]
    with tarfile.open(bad, "w:gz") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))
        if how == "link":
            link = tarfile.TarInfo("files/aa/" + "a" * 64)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        elif how == "bomb":
            large = tarfile.TarInfo("pages/large")
            large.size = 60_000_000
            archive.addfile(large, io.BytesIO(bytes(60_000_000)))
    if how == "cut":
        bad.write_bytes(backup.read_bytes()[:-200])
    elif how == "text":
        bad.write_bytes(b"no archive at all")

    with pytest.raises(CommandError, match="Nothing was restored"):
        restore(bad, force=True)


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_of_one_moment_and_lets_others_write(tmp_path, monkeypatch):
    """While it is read, another entry is written; it is not in there, and neither waits for the other."""
    make_entry(title="Before")
    add = dump._add_table

    def meanwhile(*args):
        if not written.is_set():
            Thread(target=write).start()
            assert written.wait(20)
        return add(*args)

    def write():
        make_entry(title="Meanwhile")
        connection.close()
        written.set()

    written = Event()
    monkeypatch.setattr(dump, "_add_table", meanwhile)

    counts = dump.write(tmp_path / "all.tar.gz")

    assert (counts["kb.entry"], Entry.objects.count()) == (1, 2)
    assert restore(tmp_path / "all.tar.gz", force=True).startswith("1 entries")
    assert [entry.title for entry in Entry.objects.all()] == ["Before"]
