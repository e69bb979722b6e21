"""What changed while an entry was hidden stays with those who may see that, after it is shown to everybody too."""

import io
import json
import tarfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from ingest.records import DuplicateRecord, EntryRecord, Record, SameRecord
from ingest.sources import SOURCES
from kb import proposals
from kb.curating import Snapshot, record_edit
from kb.merging import merge_entries
from kb.models import Change, Entry, Proposal
from tests.factories import make_entry, make_user
from tests.ingest.telling import LOCATED, NAME, told
from tests.ingest.telling import entry as incident
from tests.kb.test_admin import form

pytestmark = pytest.mark.django_db

HIDDEN = [{"visibility": "internal"}, {"status": "draft"}]
SHOWN = {"visibility": "public", "status": "published"}
HOLD = {"visibility": "internal"}
ALL = {"SECRETONE", "SECRETTWO", "SECRETTITLE", "open words"}


def read(client: Client, **params: str | int) -> tuple[int, str]:
    """How many changes there are for this reader, and all that page, API and feed say of them."""
    page, api, feed = (client.get(path, params) for path in ("/changes/", "/api/v1/changes", "/changes/feed.atom"))
    answer = api.json()
    count = page.context["page"].paginator.count
    assert count == len(page.context["page"]) == answer["total"] == len(answer["results"])
    assert count == feed.content.count(b"<entry>")
    return count, "".join(response.content.decode() for response in (page, api, feed))


def secrets(client: Client) -> set[str]:
    said = read(client)[1]
    return {word for word in ALL if word in said}


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(username="ada", is_staff=True))
    return client


def edit(entry: Entry, **fields: Any) -> None:
    """A curator's edit, as the admin notes it."""
    before = Snapshot.of(entry)
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.save()
    record_edit(before, entry, None)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is told there, an import takes."""
    monkeypatch.setitem(SOURCES, NAME, LOCATED)
    return tmp_path / "told.jsonl"


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_what_a_curator_wrote_before_everybody_could_see_it(client, staff, hidden):
    entry = make_entry(title="Ferry", body="SECRETONE", **hidden)

    for fields in ({"body": "SECRETTWO"}, {"title": "SECRETTITLE"}, {"title": "Ferry"}, {"body": "open words"}, SHOWN):
        entry.refresh_from_db()
        page = reverse("admin:kb_entry_change", args=[entry.pk])
        assert staff.post(page, form(entry, **fields)).status_code == 302

    assert client.get(entry.get_absolute_url()).status_code == 200
    assert (read(client)[0], secrets(client)) == (0, set())
    assert (read(staff)[0], secrets(staff)) == (5, ALL)
    entry.refresh_from_db()
    edit(entry, body="open words again")
    assert (read(client)[0], secrets(client)) == (1, {"open words"})


def test_a_new_entry_that_is_published_by_a_click(client, staff):
    new = form(Entry(kind="incident", title="SECRETTITLE"), status="draft")
    assert staff.post(reverse("admin:kb_entry_add"), new).status_code == 302
    entry = Entry.objects.get()

    chosen = {"action": "publish", "_selected_action": [entry.pk]}
    assert staff.post(reverse("admin:kb_entry_changelist"), chosen).status_code == 302

    assert client.get(entry.get_absolute_url()).status_code == 200
    assert (read(client)[0], read(staff)[0]) == (0, 2)


def test_hiding_an_entry_for_a_while_leaves_what_was_said_before_and_is_said_after(client):
    entry = make_entry(title="Ferry", body="one")
    edit(entry, body="two")
    edit(entry, visibility="internal")
    assert read(client)[0] == 0
    edit(entry, body="SECRETONE")
    edit(entry, body="two", **SHOWN)
    edit(entry, body="three")

    assert (read(client)[0], secrets(client)) == (2, set())


def test_an_offer_of_an_import_that_shows_the_entry(client, staff):
    offered = {"visibility": {"source": "", "upstream": "public", "upstream_source": "aiid"}}
    entry = make_entry(title="Ferry", visibility="internal", source="aiid", provenance=offered)

    staff.post(f"/settle/{entry.pk}/", {"field": "visibility", "take": ""})

    assert client.get(entry.get_absolute_url()).status_code == 200
    assert (read(client)[0], read(staff)[0]) == (0, 1)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_what_was_imported_before_everybody_could_see_it(client, staff, file, hidden):
    def ferry(body: str, title: str = "Ferry", **fields: str) -> EntryRecord:
        return incident("1", title, ("lifts", "1"), body=body, **(hidden | fields))

    told(file, ferry("SECRETONE", "SECRETTITLE"), incident("2", "Tram", ("lifts", "2"), body="Rails."))
    told(file, ferry("SECRETTWO"), incident("2", "Tram", ("lifts", "2"), body="More rails."))
    told(file, ferry("open words"), incident("2", "Tram", ("lifts", "2"), body="More rails."))
    shown = told(file, ferry("open words", **SHOWN), incident("2", "Tram", ("lifts", "2"), body="No rails."))

    assert (read(client)[0], secrets(client)) == (3, set())
    assert (read(staff)[0], secrets(staff)) == (7, ALL)
    assert read(client, job=shown.pk)[0] == 1
    assert "1 changed" in read(client, job=shown.pk)[1]
    assert "2 changed" in read(staff, job=shown.pk)[1]
    told(file, ferry("open words again", **SHOWN))
    assert secrets(client) == {"open words"}


MERGES: list[Record] = [
    incident("1", "Ferry", ("lifts", "1"), ("ferries", "1")),
    SameRecord(ids=[("lifts", "1"), ("ferries", "1")]),
    DuplicateRecord(namespace="ferries", value="1", of="2"),
]


@pytest.mark.parametrize("record", MERGES, ids=lambda record: type(record).__name__)
@pytest.mark.parametrize(("fields", "count"), [({}, 1), ({"visibility": "internal"}, 0)])
def test_an_import_that_merges_an_entry_into_one_that_is_shown(client, staff, file, record, fields, count):
    kept = make_entry(title="Ferry", ids={"lifts": "1", "ferries": "2"} if record is MERGES[2] else {"lifts": "1"})
    make_entry(title="SECRETTITLE", ids={"ferries": "1"}, **fields)

    told(file, record)

    assert list(Entry.objects.all()) == [kept]
    assert (read(client, action="merged")[0], "SECRETTITLE" in read(client)[1]) == (count, bool(count))
    assert (read(staff, action="merged")[0], secrets(staff)) == (1, {"SECRETTITLE"})


def test_a_hidden_entry_that_an_import_finds_again_under_another_name(client, staff, file):
    body = "A lift that stays where it is, is a room, and nobody asked for a room."
    told(file, incident("1", "Lift", ("lifts", "1"), body=body))

    told(file, incident("SECRETTITLE", "Lift", ("lifts", "2"), body=body, visibility="internal"))

    assert (Entry.objects.count(), read(staff, action="renamed")[0]) == (1, 1)
    assert (read(client, action="renamed")[0], secrets(client)) == (0, set())


@pytest.mark.parametrize(("fields", "count"), [({}, 1), ({"status": "draft"}, 0)])
def test_a_curator_who_merges_an_entry_into_one_that_is_shown(client, staff, fields, count):
    kept, gone = make_entry(title="Ferry"), make_entry(title="SECRETTITLE", **fields)

    proposals.accept(Proposal.objects.create(entry=kept, other=gone, score=0.8), None, kept)

    assert (read(client)[0], read(staff)[0]) == (count, 1)
    assert ("SECRETTITLE" in read(client)[1]) == bool(count)


def test_what_was_withdrawn_is_not_shown_by_a_merge(client, staff):
    kept, gone, open_one = make_entry(title="Ferry"), make_entry(title="Reef"), make_entry(title="Tram")
    edit(gone, body="SECRETONE")
    edit(open_one, body="open words")
    edit(gone, visibility="internal")

    merge_entries(gone, kept)
    merge_entries(open_one, kept)

    assert (read(client, entry=kept.slug)[0], secrets(client)) == (1, {"open words"})
    assert read(staff, entry=kept.slug)[0] == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by how many rows there are")
def test_to_count_what_each_import_did_reads_no_row():
    counted = Change.objects.made().visible_to(None).order_by().values_list("job", "action").annotate(Count("pk"))

    assert "COVERING INDEX kb_change_job" in counted.explain()


def migrate() -> None:
    """As if nothing had noted yet what was hidden."""
    Change.objects.update(was_hidden=False)
    import_module("kb.migrations.0012_changes_once_hidden").mark(apps, None)


def noted() -> dict[int, tuple[str, bool]]:
    return {change.pk: (change.title, change.was_hidden) for change in Change.objects.all()}


def test_the_migration_notes_what_would_have_been_noted(file):
    ferry = make_entry(title="Ferry", body="SECRETONE", visibility="internal")
    for fields in ({"body": "SECRETTWO"}, {"title": "Boat"}, {"body": "open words"}, SHOWN, {"body": "more"}):
        edit(ferry, **fields)
    edit(ferry, status="draft", body="SECRETONE")
    edit(ferry, status="published", body="more")
    edit(ferry, body="open words")
    edit(make_entry(title="Bridge"), body="Open.")
    told(file, incident("1", "Lift", ("lifts", "1"), body="1", **HOLD), incident("2", "Tram", ("lifts", "2")))
    told(file, incident("1", "Lift", ("lifts", "1"), body="2", **HOLD), incident("2", "Tram", ("lifts", "2"), body="1"))
    told(file, incident("1", "Lift", ("lifts", "1"), body="3", **SHOWN), incident("2", "Tram", ("lifts", "2")))
    told(file, incident("1", "Lift", ("lifts", "1"), body="4", **SHOWN), incident("2", "Tram", ("lifts", "2")))
    for hidden in ("public", "internal"):
        kept, gone = make_entry(title="Kept"), make_entry(title="Gone", visibility=hidden)
        edit(gone, body="1")
        proposals.accept(Proposal.objects.create(entry=kept, other=gone, score=0.8), None, kept)
        edit(kept, body="2")
    withdrawn = make_entry(title="Withdrawn")
    edit(withdrawn, body="SECRETONE")
    edit(withdrawn, visibility="internal")
    merge_entries(withdrawn, make_entry(title="Kept"))
    unnoted = make_entry(title="Unnoted", visibility="internal")
    edit(unnoted, body="SECRETONE")
    unnoted.visibility = "public"
    unnoted.save()
    edit(unnoted, summary="Open.")
    before = noted()

    migrate()

    assert noted() == before
    assert {hidden for _, hidden in before.values()} == {True, False}


def test_the_migration_hides_what_it_cannot_tell_of_merged_entries(client):
    kept, gone = make_entry(title="Kept"), make_entry(title="Gone", visibility="internal")
    edit(kept, body="Before.")
    merge_entries(gone, kept)
    edit(kept, body="After.")

    migrate()

    assert read(client)[0] == 1
    assert "After." in read(client)[1]


def test_the_migration_hides_what_no_history_knows_of_and_nothing_else(client):
    known, older, unknown = make_entry(title="Known"), make_entry(title="Older"), make_entry(title="Unknown")
    for entry in (known, older, unknown):
        edit(entry, body="Text.")
    Change.objects.filter(entry=older).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    Entry.history.filter(id=unknown.pk).delete()
    Change.objects.create(title="Deleted", action="deleted")

    migrate()

    assert noted() == {
        change.pk: (change.title, change.title in ("Older", "Unknown")) for change in Change.objects.all()
    }
    assert read(client)[0] == 1


def test_a_backup_of_an_earlier_program_shows_nothing_that_was_hidden(client, tmp_path):
    entry = make_entry(title="Ferry", body="SECRETONE", visibility="internal")
    edit(entry, body="open words")
    edit(entry, **SHOWN)
    edit(entry, body="more open words")
    new, old = tmp_path / "new.tar.gz", tmp_path / "old.tar.gz"
    call_command("backup", str(new), stdout=io.StringIO(), stderr=io.StringIO())
    with tarfile.open(new) as archive, tarfile.open(old, "w:gz") as written:
        for member in archive:
            content = archive.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                manifest = json.loads(content)
                manifest["migrations"].remove("kb.0012_changes_once_hidden")
                content = json.dumps(manifest).encode()
            elif member.name == "tables/kb.change.jsonl":
                rows = [json.loads(line) for line in content.splitlines()]
                assert [row.pop("was_hidden") for row in rows] == [True, True, False]
                content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            info = tarfile.TarInfo(member.name)
            info.size = len(content)
            written.addfile(info, io.BytesIO(content))

    for path in (new, old):
        call_command("restore", str(path), force=True, no_index=True, stdout=io.StringIO(), stderr=io.StringIO())
        assert (read(client)[0], secrets(client)) == (1, {"open words"})


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_what_a_link_leads_to_is_not_named_where_that_is_hidden(client, staff, file, hidden):
    secret, ferry = make_entry(title="SECRETTITLE", **hidden), make_entry(title="Ferry")
    before = Snapshot.of(ferry)
    ferry.links.create(target=secret)
    record_edit(before, ferry, None)
    told(file, incident("1", title="Tram", links=[{"relation": "see_also", "target": secret.slug}]))

    assert Entry.objects.get(title="Tram").links.get().target == secret
    assert secrets(client) == secrets(staff) == set()
    assert "see_also: an entry that is not public" in read(client)[1]
