"""The questions of all notes that a reader may see, on one page."""

import re

import pytest

from tests.factories import make_entry

pytestmark = pytest.mark.django_db

ADDRESS = "/notes/questions/"


def get(client, address: str = ADDRESS, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def asking(*questions: str, **fields):
    return make_entry(kind="note", facts={"questions": list(questions)}, **fields)


def test_note_by_note_the_newest_first(client):
    asking("Why does it drift?", "Who <notices>?", title="Drift", occurred_on="2023", tags=["drift"])
    asking("What is it?", title="Calibration", occurred_on="2024")
    make_entry(kind="note", title="Says, and does not ask")
    make_entry(title="An incident")

    page = get(client)

    assert re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', page) == ["Calibration", "Drift"]
    assert "<ul><li>Why does it drift?</li><li>Who &lt;notices&gt;?</li></ul>" in page
    assert "<strong>2</strong> notes with questions" in page


def test_narrowed_down_by_a_tag(client):
    asking("Why?", title="Drift", tags=["drift"])
    asking("What?", title="Other", tags=["other"])

    page = get(client, f"{ADDRESS}?tag=drift")

    assert "Why?" in page
    assert "What?" not in page
    assert "Tag: drift" in page
    assert "No note with questions fits" in get(client, f"{ADDRESS}?tag=none")
    get(client, f"{ADDRESS}?since=soon", 400)


def test_what_is_hidden_asks_nothing(client):
    asking("A secret?", status="draft")

    page = get(client)

    assert "A secret?" not in page
    assert "No note asks anything yet" in page


def test_staff_see_those_too(staff):
    asking("A secret?", visibility="internal")

    assert "A secret?" in get(staff)


def test_page_by_page(client):
    for number in range(26):
        asking(f"Question {number}?", occurred_on=f"20{number:02}")

    assert "page 1 of 2" in get(client)
    assert "<li>Question 0?</li>" in get(client, f"{ADDRESS}?page=2")


def test_the_list_of_notes_and_a_note_lead_there(client):
    note = asking("Why?")

    assert f'href="{ADDRESS}"' in get(client, "/notes/")
    assert f'href="{ADDRESS}"' in get(client, note.get_absolute_url())
    assert f'href="{ADDRESS}"' not in get(client, "/incidents/")


def test_the_number_of_queries_does_not_grow(client, count_queries):
    for number in range(3):
        asking("Why?", tags=[f"a{number}", "same"])
    few = count_queries(ADDRESS)
    for number in range(6):
        asking("Why?", tags=[f"b{number}", "same"])

    assert count_queries(ADDRESS) == few
