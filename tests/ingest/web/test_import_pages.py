"""Importing in the browser: sent, looked at, corrected, let happen, tried again."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ingest import locations, pipeline
from ingest.web import uploads
from kb import jobs
from kb.models import Change, Entry, Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db

LIFTS = "Headline,What,Date,Id\nLift fell,Two floors,2024-02-01,1\nLift stuck,Between floors,2024-03,2\n"


@pytest.fixture
def curator() -> Client:
    """Staff, but no superuser."""
    user = make_user(username="ada")
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def sent(text: str = LIFTS, name: str = "lifts.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def look(client: Client, **fields: object) -> Job:
    """Send the form, let the look at it happen, and return its job."""
    response = client.post("/import/", fields)
    assert response.status_code == 302, response.context["form"].errors
    job = Job.objects.latest("pk")
    assert response["Location"] == f"/import/{job.pk}/"
    jobs.run(job.pk, budget_s=None)
    job.refresh_from_db()
    return job


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_a_file_is_sent_looked_at_and_imported(curator):
    job = look(curator, file=sent(), kind="incident", namespace="lifts", status="draft")

    assert not Entry.objects.exists()
    page = text(curator.get(f"/import/{job.pk}/"))
    assert "Would create 2." in page
    assert "lifts.csv" in page
    assert "Lift fell" in page
    assert '<dt>Date</dt><dd><p class="difference"><ins>2024-02-01</ins></p>' in page
    assert "hx-trigger" not in page

    response = curator.post(f"/import/{job.pk}/confirm/")
    done = Job.objects.latest("pk")
    assert response["Location"] == f"/jobs/{done.pk}/"
    assert str(done.created_by) == "ada"
    jobs.run(done.pk, budget_s=None)

    assert {entry.title: entry.status for entry in Entry.objects.all()} == {"Lift fell": "draft", "Lift stuck": "draft"}
    page = text(curator.get(f"/jobs/{done.pk}/"))
    assert "Created 2." in page
    assert f"/changes/?job={done.pk}" in page
    assert "Lift fell" in text(curator.get(f"/changes/?job={done.pk}"))
    assert f'imported by <a href="/jobs/{done.pk}/">' in text(curator.get(f"/import/{job.pk}/"))
    again = curator.post(f"/import/{job.pk}/confirm/")
    assert again["Location"] == f"/jobs/{done.pk}/"
    assert Job.objects.filter(kind="ingest").latest("pk") == done


def test_the_columns_are_shown_as_guessed_and_corrected(curator):
    job = look(curator, file=sent(), kind="incident", namespace="lifts")
    page = curator.get(f"/import/{job.pk}/")
    columns = page.context["columns"]
    assert {field.name: field.column for field in columns.fields}["title"] == "Headline"
    assert set(columns.columns) == {"Headline", "What", "Date", "Id"}

    posted = {"column:title": "What", "column:summary": "Headline", "column:id": "Id", "kind": "note"}
    response = curator.post(f"/import/{job.pk}/again/", {**posted, "namespace": "lifts"})

    again = Job.objects.latest("pk")
    assert response["Location"] == f"/import/{again.pk}/"
    assert again.parameters["options"] == {
        "kind": "note",
        "namespace": "lifts",
        "map": {"title": "What", "summary": "Headline", "id": "Id"},
    }
    assert not Job.objects.filter(pk=job.pk).exists()
    jobs.run(again.pk, budget_s=None)
    assert list(again.changes.order_by("pk").values_list("title", flat=True)) == ["Two floors", "Between floors"]
    assert not Change.objects.filter(job=None).exists()


def test_a_mapping_without_a_title_is_refused_and_the_look_before_stays(curator):
    job = look(curator, file=sent(), kind="incident")

    response = curator.post(f"/import/{job.pk}/again/", {"column:summary": "What"}, follow=True)

    assert response.redirect_chain == [(f"/import/{job.pk}/", 302)]
    assert "ay which column is the title" in response.content.decode()


def test_what_would_be_refused_is_told_and_later_tried_again_alone(curator):
    broken = LIFTS + ",No headline,2024,3\n"
    job = look(curator, file=sent(broken), kind="incident", namespace="lifts")
    page = text(curator.get(f"/import/{job.pk}/"))
    assert "Would create 2, refuse 1." in page
    assert "Records that would be refused" in page
    assert "line 4" in page

    curator.post(f"/import/{job.pk}/confirm/")
    done = Job.objects.latest("pk")
    jobs.run(done.pk, budget_s=None)
    page = text(curator.get(f"/jobs/{done.pk}/"))
    assert "Created 2, refused 1." in page
    assert "Try the 1 refused again" in page
    path = Path(done.parameters["location"])
    path.write_text(broken.replace(",No headline", "Found,No headline"))

    response = curator.post(f"/import/{done.pk}/retry/")
    retried = Job.objects.latest("pk")
    assert response["Location"] == f"/jobs/{retried.pk}/"
    jobs.run(retried.pk, budget_s=None)
    retried.refresh_from_db()
    assert (retried.counts["created"], retried.counts["unchanged"]) == (1, 0)
    assert Entry.objects.filter(title="Found").exists()


def test_changes_of_what_is_there_are_told_word_by_word(curator):
    first = look(curator, file=sent(), kind="incident", namespace="lifts")
    jobs.run(pipeline.confirm(first).pk, budget_s=None)

    job = look(curator, file=sent(LIFTS.replace("Lift fell", "Lift <slid>")), kind="incident", namespace="lifts")

    page = text(curator.get(f"/import/{job.pk}/"))
    assert "Would change 1, leave 1 as they are." in page
    assert "Lift <del>fell</del><ins>&lt;slid&gt;</ins>" in page
    assert Entry.objects.filter(title="Lift fell").exists()


def test_what_was_cancelled_is_gone_on_with(curator):
    preview = look(curator, file=sent(), kind="incident", namespace="lifts")
    curator.post(f"/import/{preview.pk}/confirm/")
    cancelled = Job.objects.latest("pk")
    assert "Import the rest" not in text(curator.get(cancelled.get_absolute_url()))
    curator.post(f"/jobs/{cancelled.pk}/cancel/")
    assert f'action="/import/{cancelled.pk}/go-on/"' in text(curator.get(cancelled.get_absolute_url()))

    response = curator.post(f"/import/{cancelled.pk}/go-on/")

    again = Job.objects.latest("pk")
    assert response["Location"] == again.get_absolute_url()
    jobs.run(again.pk, budget_s=None)
    assert sorted(entry.title for entry in Entry.objects.all()) == ["Lift fell", "Lift stuck"]
    page = text(curator.get(cancelled.get_absolute_url()))
    assert "/go-on/" not in page, "it could undo what is newer"
    response = curator.post(f"/import/{again.pk}/go-on/", follow=True)
    assert f"Job {again.pk} left nothing to go on with." in text(response)


def test_a_preview_is_discarded_with_its_file(curator):
    job = look(curator, file=sent(), kind="incident")
    path = Path(job.parameters["location"])
    assert path.read_text() == LIFTS
    assert uploads.is_upload(str(path))

    response = curator.post(f"/import/{job.pk}/discard/", follow=True)

    assert "Nothing was imported" in response.content.decode()
    assert not path.exists()
    assert not Job.objects.exists()
    assert not Change.objects.exists()


def test_a_file_that_something_is_wrong_with_need_not_be_sent_twice(curator):
    untitled = sent("Alpha,Beta\n1,2\n")
    response = curator.post("/import/", {"file": untitled, "kind": "note"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Which column is the title?" in page
    assert '<option value="Beta">Beta</option>' in page
    assert "--map" not in page
    assert not Job.objects.exists()

    job = look(curator, held=response.context["held"]["word"], kind="note", source="csv", title="Beta")

    assert job.counts["created"] == 1
    assert Path(job.parameters["location"]).name == "lifts.csv"


def test_of_each_kind_some_are_kept_to_look_at_however_many_came_before(curator, monkeypatch):
    monkeypatch.setattr("ingest.logbook.PREVIEWED", 5)
    look(curator, file=sent("id,title\n" + "".join(f"{row},Lift {row}\n" for row in range(8))), namespace="lifts")
    curator.post(f"/import/{Job.objects.latest('pk').pk}/confirm/")
    jobs.run(Job.objects.latest("pk").pk, budget_s=None)
    rows = [f"{row},Lift {row} again\n" for row in range(8)] + ["9,A new one\n"]
    job = look(curator, file=sent("id,title\n" + "".join(rows)), namespace="lifts")

    page = text(curator.get(f"/import/{job.pk}/?action=created"))

    assert 'To be created <span class="count">1</span>' in page
    assert "A new one" in page
    assert job.changes.filter(action="updated").count() == 5


def test_what_would_do_nothing_is_not_offered(curator):
    job = look(curator, file=sent('title\n""\n'), kind="note")

    assert "Discard" in (page := text(curator.get(f"/import/{job.pk}/")))
    assert f"/import/{job.pk}/confirm/" not in page


@pytest.mark.parametrize("word", ["x", "../../secret-key", "a:b:c"])
def test_a_word_for_a_file_that_nobody_gave_is_nothing(curator, word):
    response = curator.post("/import/", {"held": word})

    assert response.status_code == 422
    assert "Say what to import" in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Say what to import."),
        ({"address": "https://a.example/x.csv", "path": "/etc"}, "Give one of"),
        ({"address": "ftp://a.example/x.csv"}, ">ftp://a.example/x.csv is no http or https address."),
        ({"file": sent("?", "thing.bin")}, "It cannot be told what thing.bin is. Choose it here."),
        ({"address": "/etc/passwd"}, "Only superusers"),
        ({"path": "/etc/passwd"}, "Only superusers"),
        ({"address": "https://a.example/x.csv", "namespace": "Not Good"}, "amespace must be"),
        ({"address": "https://a.example/x.csv", "source": "aiid", "sheet": "1"}, "does not take sheet"),
        ({"address": "https://a.example/x.csv", "map": "title"}, "ap must be field=column"),
        ({"address": "https://a.example/x.csv", "source": "starter"}, "Select a valid choice"),
        ({"address": "https://a.example/x.csv", "kind": "poem"}, "Select a valid choice"),
        ({"address": "https://a.example/\0"}, "Null characters are not allowed"),
    ],
)
def test_what_makes_no_sense_is_told_on_the_form(curator, fields, told):
    response = curator.post("/import/", fields)

    assert response.status_code == 422
    assert told in response.content.decode()
    assert not Job.objects.exists()


def test_superusers_may_name_a_path(curator, tmp_path):
    staff = Client()
    staff.force_login(make_user(is_staff=True))
    file = tmp_path / "lifts.csv"
    file.write_text(LIFTS)

    assert "Path on the server" in text(staff.get("/import/"))
    assert "Path on the server" not in text(curator.get("/import/"))
    job = look(staff, path=str(file), kind="incident")

    assert job.counts["created"] == 2
    assert str(file) in text(staff.get(f"/import/{job.pk}/"))
    staff.post(f"/import/{job.pk}/discard/")
    assert file.exists()


def test_an_address_is_taken_as_people_type_it(curator):
    response = curator.post("/import/", {"address": "a.example/lifts.csv", "kind": "incident"})

    assert response.status_code == 302
    assert Job.objects.get().parameters["location"] == "https://a.example/lifts.csv"
    assert Job.objects.get().parameters["source"] == "csv"


def test_what_is_still_being_looked_at_asks_again(curator):
    curator.post("/import/", {"file": sent(), "kind": "incident"})
    job = Job.objects.get()

    page = text(curator.get(f"/import/{job.pk}/"))
    assert 'hx-trigger="every 1s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "confirm" not in page
    assert curator.post(f"/import/{job.pk}/confirm/", follow=True).redirect_chain[0][0] == f"/import/{job.pk}/"
    part = curator.get(f"/import/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="job"')
    assert Job.objects.count() == 1


def test_a_failed_look_says_why(curator):
    curator.post("/import/", {"file": sent(), "kind": "incident"})
    job = Job.objects.get()
    Path(job.parameters["location"]).unlink()
    jobs.run(job.pk)

    page = text(curator.get(f"/import/{job.pk}/"))

    assert "Failed" in page
    assert "lifts.csv" in page
    assert "confirm" not in page
    assert "Discard" in page


def test_what_failed_can_be_said_again(curator):
    curator.post("/import/", {"file": sent(), "kind": "incident", "map": "title=Headline\nsummary=What"})
    job = Job.objects.get()
    Path(job.parameters["location"]).write_text("Other,Columns\n1,2\n")
    jobs.run(job.pk)
    assert f'href="/import/?again={job.pk}"' in text(curator.get(f"/import/{job.pk}/"))

    page = curator.get(f"/import/?again={job.pk}")
    form = page.context["form"]
    assert "lifts.csv was received" in text(page)
    assert (form["kind"].value(), form["source"].value()) == ("incident", "csv")
    assert form["map"].value() == "title=Headline\nsummary=What"
    again = look(curator, held=page.context["held"]["word"], kind="incident", map="title=Other")
    assert again.counts["created"] == 1
    assert curator.get("/import/?again=x").status_code == 200


def test_a_heavy_file_is_opened_by_the_worker(curator, monkeypatch):
    monkeypatch.setattr(locations, "HEAVY", 10)

    curator.post("/import/", {"file": sent("No,columns\n1,2\n"), "kind": "incident"})
    job = Job.objects.get()
    jobs.run(job.pk)

    assert "ay which column is the title" in text(curator.get(f"/import/{job.pk}/"))


ADDRESSES = [("get", ""), ("post", ""), ("get", "1/"), *(("post", f"1/{name}/") for name in ("again", "confirm"))]
ADDRESSES += [("post", "1/discard/"), ("post", "1/retry/")]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize("who", ["nobody", "reader"])
def test_importing_is_for_staff(client, who, method, path):
    if who == "reader":
        client.force_login(make_user())

    response = getattr(client, method)(f"/import/{path}")

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(("method", "path"), [one for one in ADDRESSES if one[0] == "post"])
def test_forged_requests_are_refused(path, method):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_staff=True))

    assert client.post(f"/import/{path}").status_code == 403
    assert client.post("/jobs/1/cancel/").status_code == 403


@pytest.mark.parametrize("name", ["", "again/", "confirm/", "discard/"])
def test_only_previews_have_a_preview(curator, name):
    job = Job.objects.create(kind="ingest", parameters={"source": "csv", "location": "/a", "options": {}})
    method = curator.post if name else curator.get

    assert method(f"/import/{job.pk}/{name}").status_code == 404
    assert method(f"/import/999/{name}").status_code == 404


def test_as_many_queries_for_a_big_preview_as_for_a_small_one(curator):
    def queries(rows: int) -> int:
        table = "Title,Id\n" + "".join(f"Row {number},{number}\n" for number in range(rows))
        job = look(curator, file=sent(table), kind="note")
        with CaptureQueriesContext(connection) as taken:
            text(curator.get(f"/import/{job.pk}/"))
        return len(taken)

    assert queries(15) == queries(6)
