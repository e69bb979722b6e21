"""The pages of precedents: ask, read, save, share, change, export, and open again to see what is new."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kb import throttle
from kb.models import Entry
from search import indexing, keeping, saved
from search.description import clean_description
from search.models import SavedPrecedents
from tests.factories import make_entry, make_reference, make_user

pytestmark = pytest.mark.django_db

FERRY = "An autopilot that steers a ferry past the reef into the harbour."
ASK, SAVE, API = "/precedents/", "/precedents/save/", "/api/v1/precedents"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def reef():
    reef = make_entry(
        title="Reef",
        summary="The autopilot steered a ferry onto a reef near the harbour.",
        licence="CC-BY-4.0",
        attribution="Port News",
        occurred_on="2024-02",
    )
    make_entry(kind="note", title="<b>Steering</b>", body="An autopilot steers a *ferry* past a reef into the harbour.")
    for number in range(10):
        make_entry(title=f"Loan {number}", summary=f"A lender refused loans to applicants of district {number}.")
    indexing.index_pending()
    return reef


def add(title: str, **fields) -> Entry:
    entry = make_entry(title=title, summary="The autopilot steered a ferry onto a reef near the harbour.", **fields)
    indexing.index_pending()
    return entry


def page(response, status: int = 200) -> str:
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def save(client: Client, **fields) -> str:
    response = client.post(SAVE, {"text": FERRY, **fields})
    assert response.status_code == 302, response.content[:500]
    return response.headers["Location"]


def test_a_text_is_looked_up_and_kept_nowhere(client, reef):
    response = client.post(ASK, {"text": FERRY})

    shown = page(response)
    assert '<a href="/entries/reef/">Reef</a>' in shown
    assert "The <mark>autopilot</mark>" in shown
    assert "&lt;b&gt;Steering" in shown
    assert "<b>Steering" not in shown
    assert "No case study close" in shown or "no case study close" in shown
    assert SavedPrecedents.objects.count() == 0
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert set(response.headers["Cache-Control"].split(", ")) == {"max-age=600", "private"}
    assert len(response.content) < 100_000
    assert page(client.get(ASK, {"text": FERRY})).count("<article") == shown.count("<article") == 2


def test_what_cannot_be_looked_up_is_told_and_not_lost(client):
    assert "60,000 are the most" in page(client.post(ASK, {"text": "x" * 60_001}), 400)
    assert "one sentence is enough" in page(client.post(ASK, {"text": " "}), 400)
    assert "What are you about to build?" in page(client.get(ASK))


def test_nothing_close_is_said(client, reef):
    shown = page(client.post(ASK, {"text": "hmpf blorp zvk"}))

    assert "Nothing in this collection is close to that." in shown
    assert "<article" not in shown


def test_saved_with_title_ticks_and_notes_it_is_there_for_whoever_has_the_address(client, reef):
    address = save(client, title=" Ferry  review ", tick=reef.pk, **{f"note-{reef.pk}": "Ask the <captain>."})

    row = SavedPrecedents.objects.get()
    assert address == f"/precedents/{row.pk}/"
    assert len(row.pk) == 22
    assert (row.title, row.ticks, row.notes, row.owner) == (
        "Ferry review",
        [reef.pk],
        {str(reef.pk): "Ask the <captain>."},
        None,
    )
    response = Client().get(address)
    shown = page(response)
    assert "<h1>Ferry review</h1>" in shown
    assert "Ask the &lt;captain&gt;." in shown
    assert FERRY in shown
    assert "Save a copy of your own" in shown
    assert "Save changes" not in shown
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in shown


def test_only_whoever_saved_it_may_change_it(client, reef):
    address = save(client, title="Mine")

    assert "not yours to change" in page(Client().post(address, {"title": "Theirs"}), 403)
    assert "not yours to change" in page(Client().post(address, {"delete": "1"}), 403)
    other = save(Client())
    assert client.post(other, {"title": "Theirs"}).status_code == 403
    shown = page(client.get(address))
    assert client.post(address, {"title": "Still mine", "shown": reef.pk, "tick": reef.pk}).status_code == 302
    row = SavedPrecedents.objects.get(title="Still mine")
    assert row.ticks == [reef.pk]

    (link,) = re.findall(r'value="http://testserver(/precedents/[^"]+/edit/[^"]+/)"', shown)
    assert row.edit_digest not in link
    elsewhere = Client()
    assert elsewhere.get(link + "x/").status_code == elsewhere.get(link[:-3] + "AA/").status_code == 404
    assert elsewhere.get(link).headers["Location"] == address
    assert elsewhere.post(address, {"delete": "1"}).headers["Location"] == ASK
    assert client.get(address).status_code == 404


def test_somebody_signed_in_owns_it_on_every_machine(reef):
    owner, laptop, phone = make_user(), Client(), Client()
    laptop.force_login(owner)
    phone.force_login(owner)
    address = save(laptop, title="Ours")

    assert SavedPrecedents.objects.get().owner == owner
    assert f'<a href="{address}">Ours</a>' in page(phone.get(ASK))
    assert phone.post(address, {"title": "Renamed"}).status_code == 302
    assert "Ours" not in page(Client().get(ASK))


def test_what_is_new_changed_and_gone_since(client, reef):
    gone = add("Quay")
    address = save(client, tick=[reef.pk, gone.pk])
    assert "since" not in page(client.get(address)).split('class="shelf-of"', 1)[1]

    new = add("Lighthouse")
    reef.body = "It was night."
    reef.save()
    gone.delete()
    indexing.index_pending()

    shown = page(client.get(address))
    day = timezone.now().strftime("%-d %b %Y")
    assert re.search(rf'Lighthouse</a> <span class="flag new">New here since {day}</span>', shown)
    assert re.search(rf'Reef</a> <span class="flag new">Changed since {day}</span>', shown)
    assert "1 of the entries found then is no longer here to be shown." in shown
    assert "Quay" not in shown

    answer = Client().get(f"/api/v1{address}".rstrip("/")).json()
    assert (answer["new"], answer["changed"], answer["gone"], answer["ticks"]) == ([new.pk], [reef.pk], 1, [reef.pk])

    client.post(address, {"seen": "1"})
    shown = page(client.get(address))
    assert "flag new" not in shown
    assert "no longer here" not in shown


def test_an_entry_that_was_found_stays_though_others_crowd_it_out(client, reef):
    address = save(client, tick=reef.pk)
    for number in range(16):
        make_entry(title=f"Closer {number}", summary=FERRY)
    indexing.index_pending()

    shown = page(client.get(address))

    assert '<a href="/entries/reef/">Reef</a>' in shown
    assert shown.count("New here since") == 12


def test_hidden_entries_leak_neither_title_nor_count_nor_note(reef):
    secret = add("Secret plan", visibility="internal")
    staff = Client()
    staff.force_login(make_user(is_staff=True))
    address = save(staff, tick=[reef.pk, secret.pk], **{f"note-{secret.pk}": "Hush."})
    assert "Hush." in page(staff.get(address))

    public = Client()
    for form in ("", "?as=md", "?as=json"):
        shown = page(public.get(address + form))
        assert "Secret" not in shown
        assert "Hush" not in shown
        assert "no longer" not in shown
    answer = public.get(f"/api/v1{address}".rstrip("/")).json()
    assert (answer["gone"], answer["ticks"], answer["notes_beside"]) == (0, [reef.pk], {})

    reef.visibility = "internal"
    reef.save()
    shown = page(public.get(address))
    assert "Reef" not in shown.split("</form>")[-2].split('class="shelf-of"', 1)[1]
    assert "1 of the entries found then is no longer here" in shown


def test_changing_what_one_sees_leaves_what_one_does_not_see(reef):
    secret = add("Secret plan", visibility="internal")
    owner = make_user(is_staff=True)
    staff = Client()
    staff.force_login(owner)
    address = save(staff, tick=[secret.pk], **{f"note-{secret.pk}": "Hush."})
    owner.is_staff = owner.is_superuser = False
    owner.save()

    assert staff.post(address, {"shown": reef.pk, "tick": reef.pk, "seen": "1"}).status_code == 302

    row = SavedPrecedents.objects.get()
    assert row.ticks == sorted([reef.pk, secret.pk])
    assert row.notes == {str(secret.pk): "Hush."}
    assert str(secret.pk) in row.found


def test_exported_with_who_has_to_be_named(client, reef):
    add("Report", references=[make_reference(text="The ferry steered into the reef of the harbour. " * 40)])
    address = save(client, title="Ferry review", tick=reef.pk, **{f"note-{reef.pk}": "Ask\nlegal."})

    response = client.get(address, {"as": "md"})
    text = response.content.decode()
    assert response.headers["Content-Disposition"] == 'attachment; filename="ferry-review.md"'
    assert text.startswith(f"# Ferry review\n\n<http://testserver{address}>, saved on ")
    assert f"> {FERRY}" in text
    assert re.search(r"- \[x\] \[Reef\]\(http://testserver/entries/reef/\), 2024-02, [a-z ]+ \(0\.\d\d\)", text)
    assert "  Note: Ask legal." in text
    assert r"\<b\>Steering\</b\>" in text
    assert (
        "- Reef: Port News, CC-BY-4.0 <https://creativecommons.org/licenses/by/4.0/>. http://testserver/entries/reef/"
        in text
    )
    assert max(len(line) for line in text.splitlines()) < 700

    answer = json.loads(client.get(address, {"as": "json"}).content)
    assert (answer["title"], answer["text"], answer["ticks"]) == ("Ferry review", FERRY, [reef.pk])
    assert client.post(ASK, {"text": FERRY, "as": "md"}).content.decode().startswith("# Precedents\n\nLooked up on ")


def test_the_api_answers_as_documented_and_saves_when_asked(client, reef):
    response = client.post(API, {"text": FERRY}, content_type="application/json")

    answer = json.loads(page(response))
    assert set(answer) == {
        *("incidents", "case_studies", "notes", "nothing_close", "threshold", "checklist", "notices", "saved")
    }
    (group,) = answer["incidents"]["groups"]
    assert (group["name"], group["origin"], group["taxonomy"]) == ("", "none", "")
    (one,) = group["entries"]
    assert one["entry"]["title"] == "Reef"
    assert one["entry"]["url"] == "http://testserver/entries/reef/"
    assert one["sentence"]["text"] == reef.summary
    assert 'id="passage">The autopilot steered' in page(client.get(one["sentence"]["url"]))
    assert one["attributions"] == [{"attribution": "Port News", "licence": "CC-BY-4.0"}]
    assert one["because"] is None
    assert answer["case_studies"] == {"groups": [], "nothing_close": True, "best": None}
    assert answer["saved"] is None

    kept = client.post(
        API, {"text": FERRY, "save": True, "title": "By a program"}, content_type="application/json"
    ).json()
    assert client.get(f"{API}/{kept['saved']['id']}").json()["title"] == "By a program"
    assert kept["saved"]["edit_token"] not in str(SavedPrecedents.objects.values_list("edit_digest", "text"))
    assert "<h1>By a program</h1>" in page(client.get(kept["saved"]["url"]))


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ('{"text": ""}', 422, "one sentence is enough"),
        (json.dumps({"text": "x" * 60_001}), 422, "60,000 are the most"),
        ("{}", 422, "text: Field required"),
        ("nonsense", 400, ""),
        ('{"text": 7}', 422, "text"),
        ('{"text": "\\ud800 ferry \\u0000"}', 200, None),
    ],
)
def test_the_api_says_what_is_wrong(client, reef, body, status, detail):
    response = client.post(API, body, content_type="application/json")

    assert response.status_code == status, response.content
    if detail is not None:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert detail in response.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/precedents/nothing/", "/api/v1/precedents/nothing", "/precedents/" + "x" * 500 + "/"]
)
def test_an_address_that_nobody_was_given_leads_nowhere(client, path):
    assert client.get(path).status_code == 404


def test_one_address_cannot_ask_or_save_without_end(client, reef, monkeypatch):
    monkeypatch.setattr(throttle, "SAVED_AN_HOUR", 2)
    monkeypatch.setattr(throttle, "LOOKED_UP_A_MINUTE", 4)
    save(client)
    save(client)

    response = client.post(SAVE, {"text": FERRY})
    assert "more than 2 from your address" in page(response, 429)
    assert response.headers["Retry-After"] == "3600"
    assert FERRY in response.content.decode()
    assert client.post(ASK, {"text": FERRY}).status_code == 200
    assert client.post(ASK, {"text": FERRY}, REMOTE_ADDR="9.9.9.9").status_code == 200
    assert client.post(ASK, {"text": FERRY}).status_code == 200
    response = client.post(API, {"text": FERRY}, content_type="application/json")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    assert response.json()["status"] == 429


def test_work_at_once_is_bounded(client, reef, monkeypatch):
    monkeypatch.setattr(throttle, "PATIENCE_S", 0.01)
    with throttle.turn(), throttle.turn():
        assert "Many descriptions are being looked up" in page(client.post(ASK, {"text": FERRY}), 429)
    assert client.post(ASK, {"text": FERRY}).status_code == 200


def test_whom_a_proxy_names_is_counted_and_nobody_else_is_believed(rf):
    def address(remote: str, forwarded: str = "") -> str:
        return throttle.address_of(rf.get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded}))

    assert address("8.8.4.4", "9.9.9.9") == "8.8.4.4"
    assert address("127.0.0.1", "1.2.3.4, 9.9.9.9") == "9.9.9.9"
    assert address("127.0.0.1", "nonsense") == "127.0.0.1"
    assert address("127.0.0.1") == "127.0.0.1"


def test_what_belongs_to_nobody_is_bounded_and_forgotten(client, reef, monkeypatch):
    old = save(client)
    mine = Client()
    mine.force_login(make_user())
    owned = save(mine)
    SavedPrecedents.objects.update(opened_at=timezone.now() - timedelta(days=366))
    monkeypatch.setattr(keeping, "MOST_A_DAY", 1)

    kept = save(client)

    assert client.get(old).status_code == 404
    assert mine.get(owned).status_code == 200
    assert SavedPrecedents.objects.get(pk=owned.split("/")[2]).opened_at.date() == timezone.now().date()
    assert "nothing more is taken in for now" in page(client.post(SAVE, {"text": FERRY}), 503)
    assert save(mine)
    assert client.get(kept).status_code == 200
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 1)
    assert "delete one first" in page(mine.post(SAVE, {"text": FERRY}), 409)


def test_the_admin_names_what_is_kept_and_not_what_was_described(admin_client, client, reef):
    address = save(client)

    listed = page(admin_client.get("/admin/search/savedprecedents/"))
    assert "Untitled, " in listed
    assert "autopilot" not in listed
    its_own = reverse("admin:search_savedprecedents_change", args=[quote(address.split("/")[2])])
    assert "autopilot" not in page(admin_client.get(its_own))


def test_the_number_of_queries_of_a_saved_page_does_not_grow(client):
    def queries() -> int:
        for _ in range(4):
            for kind in ("incident", "case_study", "note"):
                make_entry(kind=kind, summary=FERRY, tags=["a", "b"], references=["A ferry report."])
        indexing.index_pending()
        address = save(client)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert page(client.get(address)).count("<article") >= 12
        return len(captured)

    assert queries() == queries()


def test_signs_that_a_database_cannot_keep_are_left_out():
    marks = saved.Marks.of("A\0 title", [1], {1: "a\0 note", 2: "\0"})

    assert (marks.title, marks.notes) == ("A title", {1: "a note"})
    assert clean_description("a bot \ud800 that pays") == "a bot ? that pays"
