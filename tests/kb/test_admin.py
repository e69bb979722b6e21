"""The curator's desk: every page answers, edits are kept and remembered, and the way in works once."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from kb.merging import merge_entities, merge_entries
from kb.models import (
    ApiToken,
    Attachment,
    CaseStudy,
    Change,
    DeletedEntry,
    Entity,
    EntityRelation,
    Entry,
    ErrorReport,
    Incident,
    Job,
    JobProblem,
    Proposal,
    ReadingNote,
    Schedule,
    SlugRedirect,
    SourceRecord,
    UnresolvedLink,
    UnresolvedSame,
)
from kb.provenance import conflicts, is_curated, removed, row_key, values
from kb.signin import sign_in_path, tokens
from search import indexing
from search.models import Indexing
from search.query import SearchQuery, search
from tests.factories import make_category, make_entity, make_entry, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make_user(username="ada", is_staff=True))
    return client


@pytest.fixture
def one_of_each():
    """A row in every table."""
    entry = make_entry(
        title="Ferry",
        tags=["ships"],
        ids={"aiid": "7"},
        entities={"developer": ["Acme"]},
        references=["A report."],
        categories=[make_category("Physical")],
        see_also=[make_entry(kind="note", title="Control")],
    )
    make_entry(kind="case_study", title="Autopilot")
    SlugRedirect.objects.create(slug="old", entry=entry)
    UnresolvedLink.objects.create(entry=entry, relation="see_also", namespace="aiid", value="8")
    same = {"other_namespace": "oecd", "other_value": "2022-x"}
    UnresolvedSame.objects.create(namespace="aiid", value="9", **same)
    job = Job.objects.create(kind="import", parameters={"a": 1})
    JobProblem.objects.create(job=job, key="row 1", reason="no title")
    SourceRecord.objects.create(entry=entry, source="aiid", key="aiid 7", digest="0" * 64)
    Change.objects.create(entry=entry, title="Ferry", action="updated", job=job)
    study = CaseStudy.objects.get()
    Proposal.objects.create(entry=entry, other=study, score=0.5)
    Schedule.objects.create(source="feed", location="https://news.example/feed")
    DeletedEntry.objects.create(namespace="aiid", value="9", title="Gone")
    Attachment.objects.create(entry=entry, name="ferry.png", sha256="0" * 64, media_type="image/png")
    EntityRelation.objects.create(entity=make_entity("Acme"), other=make_entity("Acme Ships"), relation="owns")
    ApiToken.issue(make_user(), "a script")
    ErrorReport.objects.create(entry=entry, wrong="It was no ferry.")
    return entry


MODELS = [model for model in admin.site._registry if model._meta.app_label == "kb"]


def url(model, page: str, *args: object) -> str:
    return reverse(f"admin:kb_{model._meta.model_name}_{page}", args=args)


def test_every_table_has_its_place_in_the_admin():
    assert {model.__name__ for model in MODELS} == {
        *("Entry", "Incident", "CaseStudy", "ReadingNote", "EntryReference", "ExternalId", "Link", "UnresolvedLink"),
        *("SlugRedirect", "UnresolvedSame", "Tag", "Reference", "Entity", "EntityAlias", "EntityRole"),
        *("Taxonomy", "Category", "Classification", "Job", "JobProblem"),
        *("SourceRecord", "Change", "Proposal", "Schedule", "DeletedEntry", "Attachment", "EntityRelation", "ApiToken"),
        "ErrorReport",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_of_every_table_answers(curator, one_of_each, model):
    row = model._default_manager.first()
    read_only = model in (Job, JobProblem, SourceRecord, Change, Proposal, Attachment, ApiToken, ErrorReport)
    pages = {
        url(model, "changelist"): 200,
        url(model, "changelist") + "?q=ferry": 200,
        url(model, "changelist") + "?q=%22half+a+quote+%F0%9F%9A%A2": 200,
        url(model, "add"): 403 if read_only else 200,
        url(model, "change", row.pk): 200,
        url(model, "delete", row.pk): 200,
        url(model, "history", row.pk): 200,
    }

    assert {address: curator.get(address).status_code for address in pages} == pages


@pytest.mark.parametrize(
    ("model", "typed", "found"),
    [
        (Entry, "reef", 1),
        (Entry, "112", 1),
        (Entry, "zebra", 0),
        (Incident, "reef", 1),
        (Entity, "coyote", 1),
        (Entity, "acme", 1),
    ],
)
def test_the_search_boxes_find(curator, model, typed, found):
    entry = make_entry(title="Ferry on a reef", ids={"aiid": "112"}, entities={"developer": ["Acme"]})
    entry.external_ids.create(namespace="x", value="1125")
    make_entity("Acme").aliases.create(name="Coyote")
    make_entry(kind="note", title="Other", entities={"author": ["Zenith"]})

    assert curator.get(url(model, "changelist"), {"q": typed}).context["cl"].result_count == found


def form(entry: Entry, **changes: object) -> dict[str, object]:
    """What the change page of an entry without anything hanging on it would send."""
    names = [
        "kind",
        "title",
        "slug",
        "summary",
        "body",
        "occurred_precision",
        "status",
        "visibility",
        "language",
        "licence",
        "attribution",
    ]
    values = model_to_dict(entry, [*names, "status", "visibility"]) | {
        "facts": "{}",
        "occurred_on": entry.occurred_on or "",
    }
    values["tags"] = [tag.pk for tag in entry.tags.all()] if entry.pk else []
    for prefix in ("citations", "roles", "external_ids", "classifications", "links", "attachments"):
        values |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return values | changes


@pytest.mark.parametrize("model", [Entry, Incident])
def test_an_edit_is_kept_remembered_with_its_author_and_indexed(curator, model):
    entry = make_entry(title="Ferry", summary="It hit a reef.")
    indexing.index_pending()

    response = curator.post(url(model, "change", entry.pk), form(entry, title="The ferry"))

    assert response.status_code == 302
    entry.refresh_from_db()
    assert (entry.title, entry.kind) == ("The ferry", "incident")
    assert str(entry.history.first().history_user) == "ada"
    assert entry.pk in Indexing.objects.pending().values_list("pk", flat=True)
    page = curator.get(url(model, "history", entry.pk)).content.decode()
    assert "ada" in page
    version = reverse(f"admin:kb_{model._meta.model_name}_simple_history", args=[entry.pk, entry.history.last().pk])
    assert "Ferry" in curator.get(version).content.decode()


@pytest.mark.parametrize(("model", "kind"), [(Incident, "incident"), (Entry, "note")])
def test_an_entry_is_added(curator, model, kind):
    response = curator.post(url(model, "add"), form(Entry(kind=kind), title="Ny ferge", body="Å $x$"))

    assert response.status_code == 302, response.context["errors"]
    entry = Entry.objects.get()
    assert (entry.title, entry.kind, entry.slug, entry.body) == ("Ny ferge", kind, "ny-ferge", "Å $x$")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": ""}, "This field is required"),
        ({"kind": "poem"}, "poem is not one of the available choices"),
        ({"facts": '{"contry": []}'}, "contry: Extra inputs are not permitted"),
        ({"facts": "[1]"}, "valid dictionary"),
        ({"facts": "{"}, "Enter a valid JSON"),
        ({"facts": "null"}, ""),
        ({"title": ""}, "This field is required"),
        ({"title": "x" * 501}, "at most 500"),
        ({"slug": "taken"}, "already exists"),
        ({"occurred_on": "soon"}, "Enter a valid date"),
    ],
)
def test_what_cannot_be_saved_is_told_on_the_form(curator, changes, told):
    make_entry(slug="taken")

    response = curator.post(url(Entry, "add"), form(Entry(kind="incident", title="Ferry"), **changes))

    if told:
        assert response.status_code == 200
        assert told in response.content.decode()
    else:
        assert response.status_code == 302
    assert Entry.objects.count() == (1 if told else 2)


def test_facts_are_fields_on_the_page_of_a_kind(curator):
    entry = make_entry(title="Ferry", facts={"harms": ["delay", "cost"], "purpose": "To steer."})

    page = curator.get(url(Incident, "change", entry.pk)).context["adminform"].form
    assert (page["fact_harms"].value(), page["fact_purpose"].value()) == ("delay\ncost", "To steer.")
    assert "facts" not in page.fields
    typed = form(entry, fact_harms="delay\r\n\r\ninjury ", fact_purpose="To steer.", fact_response="")
    curator.post(url(Incident, "change", entry.pk), typed)

    entry.refresh_from_db()
    assert entry.facts == {"harms": ["delay", "injury"], "purpose": "To steer."}
    assert Change.objects.get().fields == {"facts.harms": {"from": ["delay", "cost"], "to": ["delay", "injury"]}}
    assert is_curated(entry, "facts.harms")
    assert not is_curated(entry, "facts.purpose")


def test_a_fact_that_nobody_touched_stays_to_the_letter(curator):
    entry = make_entry(kind="note", facts={"questions": ["Why?\nHow?", "When?"]})

    typed = form(entry, fact_questions="Why?\r\nHow?\r\nWhen?", title="Other")
    curator.post(url(ReadingNote, "change", entry.pk), typed)

    entry.refresh_from_db()
    assert (entry.title, entry.facts) == ("Other", {"questions": ["Why?\nHow?", "When?"]})


def test_a_fact_that_does_not_fit_is_told_at_its_field(curator):
    entry = make_entry(kind="note", title="Note", facts={"resource": "paper"})

    wrong = form(entry, fact_resource="poem", fact_questions="Why?")
    response = curator.post(url(ReadingNote, "change", entry.pk), wrong)
    assert "poem is not one of the available choices" in response.content.decode()
    long = form(entry, fact_resource="book", fact_resource_title="x" * 201)
    response = curator.post(url(ReadingNote, "change", entry.pk), long)
    assert "at most 200" in response.content.decode()
    entry.refresh_from_db()
    assert entry.facts == {"resource": "paper"}
    right = form(entry, fact_resource="book", fact_resource_title="Calibration", fact_questions="Why?")
    curator.post(url(ReadingNote, "change", entry.pk), right)
    entry.refresh_from_db()
    assert entry.facts == {"resource": "book", "resource_title": "Calibration", "questions": ["Why?"]}


@pytest.fixture
def lifts(tmp_path, capsys):
    """Takes in a file with one record, and returns the line of counts."""
    file = tmp_path / "lifts.jsonl"

    def take_in(**fields: object) -> str:
        file.write_text(json.dumps({"id": "7", **fields}))
        call_command("ingest", "jsonl", str(file), kind="incident", namespace="lifts", now=True)
        return capsys.readouterr().out.splitlines()[-1]

    return take_in


def inline(prefix: str, row: Model, **fields: object) -> dict[str, object]:
    """What the form sends of a row that hangs on an entry."""
    values = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1, f"{prefix}-0-id": row.pk}
    return values | {f"{prefix}-0-{name}": value for name, value in fields.items()}


def test_an_edited_field_is_the_curators_and_an_import_follows_in_the_others(curator, lifts):
    text = {"summary": "S.", "body": " One.\n\nTwo.\n"}
    assert lifts(title="From the source", **text).startswith("created 1, updated 0, unchanged 0, failed 0")
    entry = Entry.objects.get()
    source, body = entry.source, entry.body
    assert source
    assert "\n" in body
    known = inline("external_ids", entry.external_ids.get(), entry=entry.pk, namespace="lifts", value="7")
    known["body"] = body.replace("\n", "\r\n")  # as browsers send it

    curator.post(url(Incident, "change", entry.pk), form(entry, title="Better", visibility="internal", **known))
    entry = Entry.objects.get()
    assert (entry.title, entry.visibility, entry.body, entry.source) == ("Better", "internal", body, source)
    assert [name for name in values(entry) if is_curated(entry, name)] == ["title", "visibility"]
    told = Change.objects.get(user__isnull=False)
    assert (str(told.user), told.action, told.source) == ("ada", "updated", "")
    assert told.fields == {
        "title": {"from": "From the source", "to": "Better"},
        "visibility": {"from": "public", "to": "internal"},
    }

    lifts(title="From the source, again", summary="Other.", body="New.")
    entry = Entry.objects.get()
    assert (entry.title, entry.summary, entry.body, entry.visibility) == ("Better", "Other.", "New.", "internal")
    assert conflicts(entry) == {"title": {"kept": "Better", "offered": "From the source, again", "source": "jsonl"}}


def test_a_save_that_changes_nothing_decides_nothing(curator, lifts):
    lifts(title="Lift", summary="S.", tags=["doors"])
    entry = Entry.objects.get()
    known = inline("external_ids", entry.external_ids.get(), entry=entry.pk, namespace="lifts", value="7")
    before = entry.provenance

    curator.post(url(Entry, "change", entry.pk), form(entry, **known))

    assert Entry.objects.get().provenance == before
    assert not Change.objects.filter(user__isnull=False).exists()


def test_tags_that_a_curator_chose_stay(curator, lifts):
    lifts(title="Lift", tags=["doors"])
    entry = Entry.objects.get()
    known = inline("external_ids", entry.external_ids.get(), entry=entry.pk, namespace="lifts", value="7")

    curator.post(url(Entry, "change", entry.pk), form(entry, tags=[make_tag("cables").pk], **known))
    lifts(title="Lift", tags=["doors", "floors"], summary="New.")

    entry = Entry.objects.get()
    assert [tag.name for tag in entry.tags.all()] == ["cables"]
    assert entry.summary == "New."
    told = Change.objects.get(user__isnull=False)
    assert told.fields == {"tags": {"added": ["cables"], "removed": ["doors"]}}


def test_a_row_that_a_curator_took_away_is_not_brought_back(curator, lifts):
    lifts(title="Lift", developer="Acme")
    entry = Entry.objects.get()
    role = entry.roles.get()
    known = inline("external_ids", entry.external_ids.get(), entry=entry.pk, namespace="lifts", value="7")
    gone = inline("roles", role, entry=entry.pk, entity=role.entity_id, role="developer", DELETE="on")

    curator.post(url(Entry, "change", entry.pk), form(entry, **known, **gone))
    assert removed(Entry.objects.get(), "roles") == {row_key(role.entity_id, "developer")}
    lifts(title="Lift", developer="Acme; Bolt", summary="New.")

    entry = Entry.objects.get()
    assert [one.entity.name for one in entry.roles.all()] == ["Bolt"]
    assert entry.summary == "New."


@pytest.mark.parametrize("way", ["page", "action"])
def test_what_is_taken_away_on_a_page_of_its_own_is_remembered_too(curator, way):
    entry = make_entry(entities={"developer": ["Acme"]}, categories=[make_category("Physical")], references=["A."])
    entry.links.create(target=make_entry(kind="note"))
    rows: list[Any] = [entry.roles.get(), entry.classifications.get(), entry.citations.get(), entry.links.get()]
    wanted = [
        row_key(rows[0].entity_id, "developer"),
        row_key(rows[1].category_id),
        row_key(rows[2].reference_id),
        row_key(rows[3].target_id, "see_also"),
    ]

    for row in rows:
        if way == "page":
            curator.post(url(type(row), "delete", row.pk), {"post": "yes"})
        else:
            chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            curator.post(url(type(row), "changelist"), chosen)

    entry.refresh_from_db()
    kinds = ("roles", "classifications", "references", "links")
    assert [removed(entry, kind) for kind in kinds] == [{key} for key in wanted]
    assert [list(change.fields) for change in Change.objects.order_by("id")] == [[kind] for kind in kinds]


@pytest.mark.parametrize("way", ["page", "action"])
@pytest.mark.parametrize("model", [Entry, Incident])
def test_a_deleted_entry_is_not_brought_back(curator, lifts, model, way):
    lifts(title="Lift")
    entry = Entry.objects.get()

    if way == "page":
        curator.post(url(model, "delete", entry.pk), {"post": "yes"})
    else:
        act(curator, model, "delete_selected", [entry], post="yes")

    assert not Entry.objects.exists()
    assert DeletedEntry.objects.filter(namespace="lifts", value="7", title="Lift").exists()
    told = Change.objects.get(action="deleted")
    assert (told.title, told.entry, str(told.user)) == ("Lift", None, "ada")
    lifts(title="Lift, again")
    assert not Entry.objects.exists()


def test_a_merge_is_no_deletion():
    gone, kept = make_entry(ids={"aiid": "7"}), make_entry()

    merge_entries(gone, kept)

    assert not DeletedEntry.objects.exists()
    assert kept.external_ids.get().value == "7"


def test_an_address_that_changes_leads_on(curator, client):
    entry = make_entry(title="Ferry")

    curator.post(url(Entry, "change", entry.pk), form(entry, slug="ferry-on-the-reef"))

    response = Client().get("/entries/ferry/")
    assert (response.status_code, response["Location"]) == (301, "/entries/ferry-on-the-reef/")
    entry.refresh_from_db()
    curator.post(url(Entry, "change", entry.pk), form(entry, slug="ferry"))
    assert Client().get("/entries/ferry/").status_code == 200
    assert Client().get("/entries/ferry-on-the-reef/")["Location"] == "/entries/ferry/"


def act(curator: Client, model, action: str, rows, **more: str) -> None:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    assert curator.post(url(model, "changelist"), chosen).status_code == 302


def test_index_again_queues(curator):
    entries = [make_entry(summary="A ferry."), make_entry(summary="A tram.")]
    indexing.index_pending()
    assert not Indexing.objects.pending().exists()

    act(curator, Entry, "reindex", entries[:1])

    assert list(Indexing.objects.pending().values_list("pk", flat=True)) == [entries[0].pk]
    assert indexing.index_pending() == 1


def test_publishing_and_withdrawing_change_what_the_public_sees(curator):
    entry = make_entry(title="Ferry", summary="A reef.", status="draft")
    indexing.index_pending()

    def public() -> tuple[int, int]:
        found = search(SearchQuery("reef"), None).total
        return Client().get("/entries/ferry/").status_code, found

    assert public() == (404, 0)
    act(curator, Incident, "publish", [entry])
    assert public() == (200, 1)
    act(curator, Entry, "withdraw", [entry])
    assert public() == (404, 0)
    assert [str(row.history_user) for row in entry.history.all()[:2]] == ["ada", "ada"]


def test_entities_are_merged_by_action_and_by_form(curator):
    acme, corp, other = make_entity("Acme"), make_entity("Acme Corp."), make_entity("ACME")
    make_entry(entities={"developer": [acme]})
    make_entry(entities={"developer": [acme]})
    make_entry(entities={"developer": [corp]})
    late = make_entry(entities={"harmed": [other]})

    act(curator, Entity, "merge", [corp, acme])
    assert Entity.objects.get(pk=corp.pk).merged_into == acme

    aliases = {"aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    fields = {"name": "ACME", "slug": other.slug, "description": "", "merged_into": acme.pk}
    assert curator.post(url(Entity, "change", other.pk), fields | aliases).status_code == 302
    assert Entity.objects.get(pk=other.pk).merged_into == acme
    assert late.roles.get().entity == acme
    assert acme.roles.count() == 4


def test_entities_that_are_one_already_are_told_and_not_merged(curator):
    acme, corp = make_entity("Acme"), make_entity("Acme Corp.")
    merge_entities(corp, acme)

    act(curator, Entity, "merge", [corp, acme])

    assert Entity.objects.get(pk=corp.pk).merged_into == acme
    aliases = {"aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    fields = {"name": "Acme", "slug": acme.slug, "description": "", "merged_into": corp.pk}
    answer = curator.post(url(Entity, "change", acme.pk), fields | aliases)
    assert answer.status_code == 200
    assert "An entity cannot be merged into itself" in answer.content.decode()


def test_the_admin_is_for_staff_alone(client):
    assert client.get("/admin/").status_code == 302
    client.force_login(make_user())
    assert client.get(url(Entry, "changelist")).status_code == 302


def test_a_sign_in_link_works_once(client):
    link = sign_in_path()

    assert client.head(link).status_code == 405  # a preview of the link does not use it up
    response = client.get(link)
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert response["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert client.get("/admin/").status_code == 200

    stranger = Client()
    again = stranger.get(link)
    assert again.status_code == 403
    assert "signin" in again.content.decode()  # how to get another
    assert stranger.get("/admin/").status_code == 302


def test_a_link_that_was_made_in_the_second_of_another_sign_in_works_once_too(client):
    assert client.get(sign_in_path()).status_code == 302
    link = sign_in_path()

    assert [Client().get(link).status_code for _ in range(3)] == [302, 403, 403]


def test_links_for_the_same_account_end_each_other():
    first, second = sign_in_path(), sign_in_path()

    assert Client().get(second).status_code == 302
    assert Client().get(first).status_code == 403


def test_the_account_has_no_password_and_all_rights():
    sign_in_path()
    sign_in_path()

    user = get_user_model().objects.get()
    assert (user.username, user.is_superuser, user.is_staff, user.has_usable_password()) == ("admin", True, True, False)


def test_a_link_is_good_for_a_day(monkeypatch):
    link = sign_in_path()
    now = datetime.now()

    monkeypatch.setattr(tokens, "_now", lambda: now + timedelta(hours=25))
    assert Client().get(link).status_code == 403
    monkeypatch.setattr(tokens, "_now", lambda: now + timedelta(hours=23))
    assert Client().get(link).status_code == 302


def test_links_that_nobody_made_are_refused():
    link = sign_in_path()
    _, _, who, token, _ = link.split("/")
    other = make_user(is_staff=True)
    theirs = tokens.make_token(other)
    forged = [
        f"/sign-in/{who}/{token[:-1]}{'a' if token[-1] != 'a' else 'b'}/",
        f"/sign-in/{who}/{theirs}/",
        f"/sign-in/{who}/x/",
        f"/sign-in/{who}/-/",
        f"/sign-in/{who}/{'9' * 5000}-x/",
        f"/sign-in/x/{token}/",
        f"/sign-in/%00/{token}/",
        f"/sign-in/é/{token}/",
        f"/sign-in/{'OTk5' * 30}/{token}/",
        f"/sign-in/{'OTk5' * 2000}/{token}/",
        f"/sign-in/LTE/{token}/",
        f"/sign-in/_____w/{token}/",
    ]

    refused = {**dict.fromkeys(forged, 403), f"/sign-in/%00/{token}/": 404}
    assert {address: Client().get(address).status_code for address in forged} == refused
    assert Client().get(link).status_code == 302


def test_an_account_that_was_closed_has_no_way_in():
    link = sign_in_path()
    User.objects.update(is_active=False)

    assert Client().get(link).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_that_use_a_link_at_once_one_gets_in():
    link = sign_in_path()
    start = threading.Barrier(4)
    statuses: list[int] = []

    def use() -> None:
        try:
            start.wait(10)
            statuses.append(Client().get(link).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(statuses) == [302, 403, 403, 403]
