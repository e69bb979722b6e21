"""A search that is saved: opened again with what is new marked, changed by whoever saved it and nobody else."""

import re
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from kb import throttle
from kb.models import Entry
from search import indexing, keeping, query, ranking, saved_searches
from search.models import SavedSearch
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

SAVE = "/search/save/"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def reef() -> Entry:
    reef = make_entry(title="Reef", summary="A ferry hit a reef.", tags=["ships"], occurred_on="2024")
    make_entry(kind="note", title="On ferries", body="A ferry has a pilot.")
    indexing.index_pending()
    return reef


def add(title: str, **fields) -> Entry:
    entry = make_entry(title=title, summary="A ferry hit a quay.", **fields)
    indexing.index_pending()
    return entry


def page(response, status: int = 200) -> str:
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def save(client: Client, **fields) -> str:
    response = client.post(SAVE, {"q": "ferry", "mode": "keyword", **fields})
    assert response.status_code == 302, response.content[:500]
    return response.headers["Location"]


def titles(shown: str) -> list[str]:
    return re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', shown)


def test_the_search_page_saves_what_it_shows(client, reef):
    shown = page(client.get("/search/?q=ferry&kind=incident&tag=ships&since=2020&mode=keyword"))
    form = shown.split(f'action="{SAVE}"')[1].split("</form>")[0]
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    fields.pop("csrfmiddlewaretoken")

    address = client.post(SAVE, fields).headers["Location"]

    row = SavedSearch.objects.get()
    assert address == f"/search/saved/{row.pk}/"
    assert len(row.pk) == 22
    assert row.asked == {"q": "ferry", "kind": "incident", "tag": "ships", "since": "2020", "mode": "keyword"}
    response = Client().get(address)
    shown = page(response)
    assert titles(shown) == ["Reef"]
    assert "Incidents · Tag: ships · Since 2020 · Words only" in shown
    assert "Nothing new since" in shown
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in shown
    assert 'href="/search/feed.atom?q=ferry&amp;kind=incident&amp;tag=ships&amp;since=2020&amp;mode=keyword"' in shown
    assert SAVE not in page(client.get("/search/"))


def test_what_is_new_or_changed_since_is_marked_until_it_was_seen(client, reef):
    address = save(client)
    add("Quay")
    reef.summary = "A ferry hit a reef at night."
    reef.save()
    indexing.index_pending()

    shown = page(client.get(address))

    day = timezone.now().strftime("%-d %b %Y")
    assert "<strong>1</strong> new, <strong>1</strong> changed since" in shown
    marked = re.findall(r"(New|Changed) since " + day + r'</span>.*?class="title"><a[^>]*>([^<]*)</a>', shown, re.S)
    assert sorted(marked) == [("Changed", "Reef"), ("New", "Quay")]
    assert page(client.get(address)).count('class="flag new"') == 2
    assert page(Client().get(address)).count('class="flag new"') == 2

    client.post(address, {"title": "", "seen": "1"})
    shown = page(client.get(address))
    assert "flag new" not in shown
    assert "Nothing new since" in shown


def test_only_whoever_saved_it_may_change_it(client, reef):
    address = save(client, title=" My  <ferries> ")

    shown = page(client.get(address))
    assert "<h1>My &lt;ferries&gt;</h1>" in shown
    other = Client()
    assert "Save a copy of your own" in page(other.get(address))
    for deed in ({"title": "Theirs"}, {"seen": "1"}, {"delete": "1"}):
        assert "not yours to change" in page(other.post(address, deed), 403)
    assert client.post(address, {"title": "Ours"}).status_code == 302
    assert SavedSearch.objects.get().title == "Ours"

    (link,) = re.findall(r'value="http://testserver(/search/saved/[^"]+/edit/[^"]+/)"', shown)
    assert other.get(link[:-3] + "AA/").status_code == 404
    assert other.get(link).headers["Location"] == address
    assert other.post(address, {"delete": "1"}).headers["Location"] == "/search/"
    assert client.get(address).status_code == 404


def test_somebody_signed_in_owns_it_on_every_machine(reef):
    owner, laptop, phone = make_user(), Client(), Client()
    laptop.force_login(owner)
    phone.force_login(owner)
    address = save(laptop, title="Ours")

    assert f'<a href="{address}">Ours</a>' in page(phone.get("/search/"))
    assert phone.post(address, {"title": "Renamed"}).status_code == 302
    assert "Renamed" not in page(Client().get("/search/"))


def test_a_copy_is_ones_own(client, reef):
    save(client, title="Ferries")
    other = Client()

    copy = save(other, title="Ferries")

    assert other.post(copy, {"title": "Boats"}).status_code == 302
    assert sorted(SavedSearch.objects.values_list("title", flat=True)) == ["Boats", "Ferries"]


def test_hidden_entries_leak_neither_title_nor_count(reef):
    staff = Client()
    staff.force_login(make_user(is_staff=True))
    secret = add("Secret ferry", visibility="internal")
    address = save(staff)
    assert "Secret ferry" in page(staff.get(address))
    add("Another secret ferry", visibility="internal")

    shown = page(Client().get(address))

    assert "ecret" not in shown
    assert "Nothing new since" in shown
    assert "<strong>1</strong> new since" in page(staff.get(address))
    row = SavedSearch.objects.get()
    saved_searches.take_in(row, None)
    assert str(secret.pk) in row.found
    Entry.objects.filter(pk=secret.pk).update(visibility="public")
    indexing.index_pending()
    assert "<strong>1</strong> new since" in page(Client().get(address))


def test_nothing_is_told_new_while_not_everything_is_found(client, reef, monkeypatch):
    address = save(client, mode="")
    add("Quay")
    down = ranking.Ranking([ranking.RankedEntry(reef.pk, 1.0, 1.0, 0.0, [])], [ranking.SEMANTIC_DOWN])
    monkeypatch.setattr(query, "rank", lambda *_, **__: down)

    shown = page(client.get(address))

    assert ranking.SEMANTIC_DOWN in shown
    assert "flag new" not in shown
    assert "Nothing new" not in shown
    assert "What is new cannot be told right now" in shown
    assert ranking.SEMANTIC_DOWN in page(client.post(address, {"seen": "1"}), 503)
    assert ranking.SEMANTIC_DOWN in page(client.post(SAVE, {"q": "ferry"}), 503)
    assert SavedSearch.objects.count() == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_what_cannot_be_saved_is_told(client, text):
    assert "5,000 characters at most" in page(client.post(SAVE, {"q": text}), 400)
    assert SavedSearch.objects.count() == 0


def test_one_address_cannot_save_without_end(client, reef, monkeypatch):
    monkeypatch.setattr(throttle, "SAVED_AN_HOUR", 1)
    save(client)

    response = client.post(SAVE, {"q": "ferry"})

    assert "more than 1 from your address" in page(response, 429)
    assert response.headers["Retry-After"] == "3600"


def test_all_together_cannot_save_without_end(client, reef, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_A_DAY", 1)
    save(client)

    assert "nothing more is taken in" in page(client.post(SAVE, {"q": "ferry"}), 503)
    signed_in = Client()
    signed_in.force_login(make_user())
    save(signed_in)
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 1)
    assert "delete one first" in page(signed_in.post(SAVE, {"q": "ferry"}), 409)


def test_a_kind_that_is_gone_is_left_out(client, reef):
    address = save(client)
    SavedSearch.objects.update(asked={"q": "ferry", "kind": "poem", "mode": "keyword"})

    assert sorted(titles(page(client.get(address)))) == ["On ferries", "Reef"]


@pytest.mark.parametrize("path", ["/search/saved/nothing/", "/search/saved/" + "x" * 500 + "/"])
def test_an_address_that_nobody_was_given_leads_nowhere(client, path):
    assert client.get(path).status_code == 404
    assert client.get(SAVE).status_code == 405
