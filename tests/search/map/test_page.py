"""The map's page and its points: what is on them for whom, and what a region has in common."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.filters import EntryFilter
from kb.models import Entry
from search import indexing
from search.map import glimpse
from search.map.seen import seen
from search.models import MapLayout
from tests.factories import make_category, make_entry, make_user

pytestmark = pytest.mark.django_db

LEFT = "left=0&right=500"


def get(client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', page)


def words(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+ of \d+ here, \d+ of \d+ elsewhere)</dd>", page))


def points(client, query: str = "") -> dict[int, tuple[float, int]]:
    """Where each entry lies from left to right, from 0 to 1, and the number of its kind."""
    found = client.get(f"/map/points.json{query}").json()
    return {id: (x / found["units"], kind) for id, x, kind in zip(found["id"], found["x"], found["kind"], strict=True)}


def test_without_a_map_it_is_said_that_one_comes(client):
    assert "There is no map yet" in get(client, "/map/")
    assert client.get("/map/points.json").json() == {}


def test_every_entry_is_a_point_of_its_kind(client, ferries, chatbots, compute):
    compute()

    assert points(client) == {one.pk: (0.1, 0) for one in ferries} | {one.pk: (0.9, 1) for one in chatbots}
    page = get(client, "/map/")
    assert "<strong>8</strong> entries" in page
    assert page.count('<path class="incident"') == 1
    assert 'd="M150 ' in page


def test_how_it_was_made_is_told(client, ferries, compute):
    compute()

    page = get(client, "/map/")

    assert "the first two explain 30.0 % and 10.0 % of the variance" in page
    assert "hashing:256" in page


def test_a_region_has_its_list_and_the_words_it_shares(client, ferries, chatbots, compute):
    compute()

    page = get(client, f"/map/?{LEFT}")

    assert titles(page) == ["Ferry 3", "Ferry 2", "Ferry 1", "Ferry 0"]
    assert words(page)["ferry"] == "4 of 4 here, 0 of 4 elsewhere"
    assert words(page)["ships"] == "4 of 4 here, 0 of 4 elsewhere"
    assert not words(page).keys() & {"chatbot", "chatbots", "refund"}
    assert titles(get(client, "/map/?top=0&bottom=130&left=900&right=0")) == ["Ferry 1", "Ferry 0"]


def test_a_region_can_be_empty(client, ferries, chatbots, compute):
    compute()

    assert "Nothing lies here" in get(client, "/map/?left=300&right=600")


def test_the_table_leads_to_the_lists_of_its_regions(client, ferries, chatbots, compute):
    compute()

    def rows(address: str) -> dict[str, tuple[int, str]]:
        found = re.findall(
            r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th><td class="number">(\d+)</td>', get(client, address)
        )
        return {name: (int(count), link.replace("&amp;", "&")) for link, name, count in found}

    everything, ships = rows("/map/"), rows("/map/?tag=ships&until=2021")

    assert {name: count for name, (count, _) in everything.items()} == {"ships, ferry": 4, "chatbots, refund": 4}
    assert {name: count for name, (count, _) in ships.items()} == {"ships, ferry": 2}
    assert len(titles(get(client, f"/map/{everything['chatbots, refund'][1]}"))) == 4
    assert titles(get(client, f"/map/{ships['ships, ferry'][1]}")) == ["Ferry 1", "Ferry 0"]


def test_filters_keep_what_they_keep_elsewhere(client, ferries, chatbots, compute):
    compute()

    assert points(client, "?kind=case_study").keys() == {one.pk for one in chatbots}
    assert points(client, "?tag=ships&since=2022").keys() == {ferries[2].pk, ferries[3].pk}
    page = get(client, f"/map/?tag=ships&since=2022&{LEFT}")
    assert titles(page) == ["Ferry 3", "Ferry 2"]
    assert "Tag: ships" in page
    assert "<strong>2</strong> entries" in page


def test_what_makes_no_sense_is_told_and_the_rest_is_shown(client, ferries, chatbots, compute):
    compute()

    page = get(client, f"/map/?{LEFT}&top=high&since=soon&colour=mood&bottom=9999", 400)

    assert "“high” is not a place on the map" in page
    assert "“9999” is not a place on the map" in page
    assert "“soon” is not a date" in page
    assert "Points have no colour by “mood”" in page
    assert len(titles(page)) == 4
    wrong = client.get("/map/points.json?kind=poem")
    assert (wrong.status_code, wrong.json()["parameter"]) == (422, "kind")


def test_colours_have_a_legend_with_counts_and_links(client, compute):
    loss = make_category("Financial loss", taxonomy="Kinds of harm")
    for year, categories in (("2024", [loss]), ("2024", [loss]), ("2015", []), (None, [])):
        make_entry(summary="A ferry.", occurred_on=year, categories=categories)
    compute()

    def legend(colour: str) -> list[tuple[str, str]]:
        page = get(client, f"/map/?colour={colour}").split('<ul class="groups"')[1].split("</ul>")[0]
        return re.findall(r'>([^<>]+?)(?:</a>)? <span class="count">(\d+)</span>', page)

    assert legend("kind") == [("Incidents", "4")]
    assert legend("year") == [("2024", "2"), ("Before 2019", "1"), ("No date", "1")]
    assert legend("category") == [("Financial loss", "2"), ("Another or none", "2")]
    page = get(client, "/map/?colour=category")
    assert 'href="?category=kinds-of-harm-financial-loss&amp;colour=category"' in page
    assert client.get("/map/points.json?colour=category").json()["group"] == [0, 0, 7, 7]


def test_what_is_hidden_is_on_the_map_of_staff_alone(client, ferries, chatbots, compute):
    secrets = [
        make_entry(title=f"Zeppelin {n}", summary="A zeppelin over a lake.", visibility="internal") for n in range(4)
    ]
    compute()

    public = get(client, "/map/?left=900&right=900") + client.get("/map/points.json").content.decode()
    assert "eppelin" not in public
    assert "<strong>8</strong> entries" in public
    assert not points(client).keys() & {one.pk for one in secrets}
    assert [client.get(f"/map/points/{one.pk}.json").status_code for one in (secrets[0], ferries[0])] == [404, 200]
    client.force_login(make_user(is_staff=True))
    assert points(client).keys() >= {one.pk for one in secrets}
    response = client.get("/map/points.json")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert client.get(f"/map/points/{secrets[0].pk}.json").json()["title"] == "Zeppelin 0"


def test_what_is_withdrawn_or_deleted_is_gone_at_once_with_its_words(client, ferries, chatbots, compute):
    compute()
    for one in ferries[:3]:
        one.visibility = "internal"
        one.save()
    chatbots[0].delete()

    assert points(client).keys() == {ferries[3].pk, *(one.pk for one in chatbots[1:])}
    page = get(client, "/map/?left=0&right=1000")
    assert len(titles(page)) == 4
    assert "reef" not in page.split("The map as a table")[1], "one entry alone gives no region its name"


def test_unchanged_points_are_not_sent_again(client, ferries, chatbots, compute):
    compute()
    first = client.get("/map/points.json")
    tag = first.headers["ETag"]

    again = client.get("/map/points.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"
    ferries[0].delete()
    assert client.get("/map/points.json", headers={"If-None-Match": tag}).status_code == 200


def test_a_point_says_what_it_is(client, compute):
    ferry = make_entry(title="Ferry <b>", occurred_on="2024-02")

    answer = client.get(f"/map/points/{ferry.pk}.json")

    assert answer.json() == {
        "title": "Ferry <b>",
        "url": "/entries/ferry-b/",
        "kind": "Incident",
        "when": "2024-02",
    }


def test_what_is_new_lies_among_its_neighbours_until_all_is_computed_anew(client, ferries, chatbots, compute):
    compute()
    new = make_entry(title="Another", summary="A ferry ran onto a reef.", tags=["ships"])
    assert "1 more is not on it yet" in get(client, "/map/")

    indexing.index_pending()

    assert points(client)[new.pk][0] == pytest.approx(0.1, abs=0.05)
    page = get(client, f"/map/?{LEFT}")
    assert "1 came or changed since the map was computed" in page
    assert words(page)["ferry"] == "5 of 5 here, 0 of 4 elsewhere"
    compute()
    assert points(client)[new.pk][0] == pytest.approx(0.9)
    assert "came or changed since" not in get(client, "/map/")


def test_a_map_of_another_model_says_so(client, ferries, compute):
    compute()
    MapLayout.objects.update(fingerprint="hashing:64", changed_at=timezone.now() + timedelta(seconds=1))

    assert "The model was changed since this map was made" in get(client, "/map/")


def test_htmx_gets_the_region_alone_and_its_address(client, ferries, chatbots, compute):
    compute()

    response = client.get(f"/map/?{LEFT}&kind=incident", headers={"HX-Request": "true"})

    assert b"<html" not in response.content
    assert b'<section id="region"' in response.content
    assert response.headers["HX-Push-Url"] == "/map/?kind=incident&left=0&right=500&top=0&bottom=1000"


@pytest.mark.parametrize("address", ["/map/", f"/map/?{LEFT}&colour=category&tag=ships", "/map/points.json"])
def test_the_number_of_queries_does_not_grow(client, compute, address):
    def queries() -> int:
        for _ in range(6):
            make_entry(title="Ferry", tags=["ships"], categories=[make_category("Loss")])
            make_entry(kind="note", tags=["ships"])
        compute()
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = queries()
    assert few == queries() <= 20


def test_what_was_withdrawn_while_it_was_read_is_not_kept_in_small(ferries, compute, monkeypatch):
    compute()
    before = seen(EntryFilter(), None)
    with monkeypatch.context() as slow:
        slow.setattr(glimpse, "seen", lambda *_: before)
        ferries[0].visibility = "internal"
        ferries[0].save()
        glimpse.glimpse(None)

    now = glimpse.glimpse(None)
    assert now is not None
    assert len(now["seen"].rows) == len(ferries) - 1


def test_in_small_a_place_has_the_first_word_of_its_name_within_the_picture(ferries, chatbots, compute):
    compute()

    found = glimpse.glimpse(None)

    assert found is not None
    assert {name.text for name, _ in found["names"]} == {"ships", "chatbots"}
    assert all(name.width / 2 <= name.x <= 1500 - name.width / 2 for name, _ in found["names"])


def test_the_table_has_the_parts_in_which_most_of_what_is_chosen_lies_first(client, ferries, chatbots, compute):
    for number in range(3):
        make_entry(title=f"Ferry {number} again", summary="A ferry ran onto a reef.", tags=["ships"])
    Entry.objects.filter(title__startswith="Chatbot").update(occurred_on="2024-01-01")
    compute()

    def counted(address: str) -> list[int]:
        return [row["count"] for row in client.get(address).context["places"]]

    assert counted("/map/") == [7, 4]
    assert counted("/map/?since=2022") == [4, 2]
    assert client.get("/map/?since=2022").context["places"][0]["place"].name.startswith("chatbot")
