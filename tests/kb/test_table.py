"""A list as a table: everybody who had a part, once, with the address that they have, every tag, and all reports."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.table import lines
from tests.factories import make_entity, make_entry, make_user

pytestmark = pytest.mark.django_db

ODD = ("x-(twitter)-users", "qure.ai", "滴滴", "50%-off", "a&b's", "what?", "a b")


def page(client) -> str:
    response = client.get("/incidents/?view=table")
    assert response.status_code == 200
    return response.content.decode()


def test_a_line_says_who_had_a_part_once_in_the_order_of_their_parts_with_tags_and_reports():
    acme, bank = make_entity("Acme"), make_entity("Bank & Sons")
    entry = make_entry(
        title="Reef",
        tags=["ships", "reefs"],
        entities={"developer": [acme], "deployer": [bank, acme], "harmed": ["<b>"]},
        references=["One.", "Two."],
    )
    bare = make_entry(title="Bare")

    first, second = lines([entry, bare])

    assert first == (
        entry,
        [("Acme", "/entities/acme/"), ("Bank & Sons", "/entities/bank-sons/"), ("<b>", "/entities/b/")],
        [("reefs", ""), ("ships", "")],
        2,
    )
    assert second == (bare, [], [], 0)


def test_the_address_of_a_party_is_that_of_its_page(client):
    odd = [make_entity(f"Odd {number}", slug=slug) for number, slug in enumerate(ODD)]
    entry = make_entry(entities={"harmed": odd})

    [line] = lines([entry])

    assert [address for _, address in line.parties] == [one.get_absolute_url() for one in odd]
    assert client.get(line.parties[0][1]).status_code == 200


def test_names_are_text_and_not_markup(client):
    make_entry(title="Reef", tags=['"><script>'], entities={"harmed": ["<img src=x>", "Smith & Sons"]})

    shown = page(client)

    assert "<img" not in shown
    assert "&lt;img src=x&gt;</a>" in shown
    assert "Smith &amp; Sons</a>" in shown
    assert "&quot;&gt;&lt;script&gt;" in shown


def test_what_is_hidden_is_in_the_table_of_staff_alone(client):
    make_entry(title="Seen", occurred_on="2024-01")
    make_entry(title="Hidden", visibility="internal", entities={"harmed": ["Somebody"]}, occurred_on="2024-02")

    assert "Somebody" not in page(client)
    client.force_login(make_user(is_staff=True))
    found = re.findall(r'<th scope="row" class="title"><a [^>]*>(\w+)', page(client))
    assert found == ["Hidden", "Seen"]


@pytest.mark.parametrize("view", ["list", "compact", "table"])
def test_as_many_queries_for_many_entries_as_for_few(client, view):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(f"/incidents/?view={view}").status_code == 200
        return len(captured)

    def add(many: int) -> None:
        for _ in range(many):
            make_entry(tags=["ships", "reefs"], entities={"harmed": ["Ada", "Bob"]}, references=["One."])

    add(3)
    few = queries()
    add(6)

    assert queries() == few
