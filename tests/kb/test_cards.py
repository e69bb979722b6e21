"""The cards that stand for pages elsewhere: for those who may read them, and quickly, whatever the title."""

import io
import time

import pytest
from PIL import Image

from kb.cards import _fitted, _font, entry_card, shown
from kb.models import Entry, SlugRedirect
from tests.factories import make_entry

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
