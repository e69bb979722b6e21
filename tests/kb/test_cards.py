"""The cards that stand for pages elsewhere: for those who may read them, and quickly, whatever the title."""

import io
import time
from typing import Any

import pytest
from PIL import Image

from kb.cards import SIZES_OVER_COUNTS, Named, _as_many, _fitted, _font, entry_card, named_card, shown
from kb.models import Classification, Entry, SlugRedirect
from kb.views.entities import entity_as_read
from kb.views.taxonomies import category_as_read
from tests.factories import make_category, make_entity, make_entry, make_user

pytestmark = pytest.mark.django_db

CARD = "/entries/ferry/card.png"


def colours(content: bytes) -> set:
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    return {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}


def test_an_entry_has_a_card_in_the_colour_of_its_kind(client):
    make_entry(kind="case_study", title="Ferry", slug="ferry", occurred_on="2024-02")

    answer = client.get(CARD)

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert Image.open(io.BytesIO(answer.content)).convert("RGB").getpixel((600, 5)) == (0x1D, 0x6A, 0x4B)
    assert len(answer.content) < 60_000


def test_a_card_is_sent_again_only_when_it_says_something_else(client):
    entry = make_entry(title="Ferry", slug="ferry")
    etag = client.get(CARD)["ETag"]

    again = client.get(CARD, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    entry.body = "More of it."
    entry.save()
    assert client.get(CARD, headers={"If-None-Match": etag}).status_code == 304
    entry.title = "Boat"
    entry.save()
    assert client.get(CARD, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"visibility": "internal"}], ids=str)
def test_what_is_hidden_has_a_card_for_curators_alone(client, admin_client, hidden):
    make_entry(title="Secret", slug="ferry", **hidden)

    assert client.get(CARD).status_code == 404
    answer = admin_client.get(CARD)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")


def test_an_entry_that_moved_has_its_card_where_it_is(client):
    entry = make_entry(title="Ferry", slug="boat")
    SlugRedirect.objects.create(slug="ferry", entry=entry)

    assert client.get(CARD)["Location"] == "/entries/boat/card.png"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        (" A  ferry\nhit a reef ", "A ferry hit a reef"),
        ("Größe “à la carte” – 5 €", "Größe “à la carte” – 5 €"),
        ("Cafe\u0301", "Café"),
        ("Паром сел на мель", "Паром сел на мель"),
        ("Ferry \U0001f6a2 aground", "Ferry aground"),
        ("سفينة على الشعاب", ""),
        ("船は岩礁に乗り上げた", ""),
        ("H\u0335\u0321\u034ee\u0336\u0321 comes", ""),
        ("\u202eyrref A", "yrref A"),
        ("", ""),
    ],
)
def test_a_card_has_what_the_font_can_write(title, words):
    assert shown(title) == words


def test_a_long_title_ends_with_its_words():
    words = shown("The ferry left the harbour " * 400)
    size, lines = _fitted(words)

    assert len(words) <= 241
    assert words.endswith("…")
    assert (size, len(lines)) == (54, 5)
    assert lines[-1].endswith("…")
    assert set(" ".join(lines).rstrip("…").split()) <= {"The", "ferry", "left", "the", "harbour"}
    assert all(_font(size, 600).getlength(line) <= 1040 for line in lines)


@pytest.mark.parametrize(
    "title", ["x" * 10_000, "word " * 2_000, "e\u0301\u0302\u0303" * 3_000, "שלום " * 2_000, "\u202e" * 10_000]
)
def test_however_strange_the_title_the_card_is_quick(title):
    entry_card("incident", "Incident", "warm", "")
    began = time.process_time()

    entry_card("incident", "Incident", title, "2024")

    assert time.process_time() - began < 1.5


def test_what_cannot_be_written_gives_a_card_without_a_title():
    plain = entry_card("note", "Note", "", "2024")

    assert entry_card("note", "Note", "船は岩礁に乗り上げた", "2024") == plain
    assert (0x55, 0x46, 0x9C) in colours(plain)


def test_the_site_has_a_card(client):
    answer = client.get("/card.png")

    assert colours(answer.content)
    assert client.get("/card.png", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert Entry.objects.count() == 0


def test_the_card_of_an_entity_says_in_how_many_entries_it_is_as_what(client):
    acme = make_entity("Acme")
    make_entry(entities={"deployer": [acme], "developer": [acme]})
    make_entry(entities={"deployer": [acme]})
    make_entry(kind="case_study", entities={"company": [acme]})

    card = entity_as_read(acme, make_user())["card"]

    assert card.name == "Acme"
    assert card.counts == (("incident", "2 incidents"), ("case_study", "1 case study"))
    assert card.rest == ("Deployer in 2", "Developer in 1", "Company in 1")
    answer = client.get("/entities/acme/card.png")
    assert answer.content == named_card(card)
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert {(0xA8, 0x32, 0x1F), (0x1D, 0x6A, 0x4B)} <= colours(answer.content)
    assert client.get("/entities/acme/card.png", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_the_card_of_a_category_says_what_it_is_within_and_what_somebody_put_there(client):
    field = make_category("Rights")
    yes = make_category("yes", parent=field)
    make_category("certain", parent=yes)
    make_entry(categories=[yes])
    Classification.objects.create(entry=make_entry(), category=yes, origin="suggested")

    card = category_as_read(yes, make_user())["card"]

    assert (card.within, card.name) == ("Harms / Rights", "yes")
    assert card.counts == (("incident", "1 incident"),)
    assert card.rest == ("1 category within it",)
    assert client.get("/taxonomies/harms/harms-yes/card.png").content == named_card(card)


@pytest.mark.parametrize("address", ["/entities/acme/card.png", "/taxonomies/harms/harms-loss/card.png"])
def test_what_is_hidden_is_on_no_card_but_the_curators(client, admin_client, address):
    told: dict[str, Any] = {"entities": {"deployer": ["Acme"]}, "categories": [make_category("Loss")]}
    make_entry(**told)
    before = client.get(address).content
    make_entry(**told, visibility="internal")
    make_entry(**told, status="draft")

    assert client.get(address).content == before
    answer = admin_client.get(address)
    assert answer.content != before
    assert answer["Cache-Control"] == "private, no-store"


def test_an_entity_in_nothing_but_hidden_entries_has_no_card(client, admin_client):
    make_entry(entities={"deployer": ["Acme"]}, visibility="internal")

    assert client.get("/entities/acme/card.png").status_code == 404
    assert admin_client.get("/entities/acme/card.png").status_code == 200
    assert client.get("/entities/nobody/card.png").status_code == 404


def test_a_card_is_where_its_page_is(client):
    make_entity("Old", merged_into=make_entity("Acme"))
    make_entry(entities={"deployer": ["Acme"]})
    make_category("Loss")

    assert client.get("/entities/old/card.png")["Location"] == "/entities/acme/card.png"
    there = client.get("/taxonomies/other/harms-loss/card.png")["Location"]
    assert there == "/taxonomies/harms/harms-loss/card.png"


@pytest.mark.parametrize("name", ["word " * 2_000, "x" * 300, "שלום " * 60, "船" * 300, "\u202e" * 300])
def test_however_strange_a_name_its_card_has_the_numbers(name):
    told = Named("Entity", "", name, (("note", "2 notes"),), ("Author in 2",))

    card = named_card(told)

    assert (0x55, 0x46, 0x9C) in colours(card)
    assert card != named_card(told._replace(counts=(("note", "3 notes"),)))
    assert card != named_card(told._replace(rest=("Author in 3",)))


def test_a_long_name_leaves_room_for_the_numbers():
    size, lines = _fitted(shown("A name of many words " * 20), SIZES_OVER_COUNTS)

    assert 160 + len(lines) * size * 1.24 < 425
    assert lines[-1].endswith("…")


def test_a_card_has_as_many_parts_as_fit():
    assert _as_many(("Deployer in 2", "Author in 1"), _font(30, 400)) == "Deployer in 2 · Author in 1"
    assert _as_many(tuple(f"Part {number} in 1,000" for number in range(9)), _font(30, 400)).endswith("Part 3 in 1,000")
    assert _as_many((), _font(30, 400)) == ""
