"""What an entry said before: version by version, and on a day; never what was, or is, hidden."""

import random
import re
from datetime import datetime
from string import ascii_lowercase

import pytest

from kb.differences import MOST_STEPS, Work
from kb.models import Entry
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db


def version(entry: Entry, when: str, **fields: object) -> None:
    """Save the entry with these fields, as if at that time."""
    for name, value in fields.items():
        setattr(entry, name, value)
    entry._history_date = datetime.fromisoformat(when)  # type: ignore[attr-defined]
    entry.save()


@pytest.fixture
def ferry() -> Entry:
    entry = make_entry(title="A ferry hit a reef", slug="ferry")
    Entry.history.filter(id=entry.pk).update(history_date="2024-01-10T12:00:00Z")
    version(entry, "2024-02-10T12:00:00+00:00", title="A ferry hit a wall", body="The <b>pilot</b> slept.")
    return entry


def test_versions_are_told_field_by_field(client, ferry):
    page = client.get("/entries/ferry/history/").content.decode()

    assert "A ferry hit a <del>reef</del><ins>wall</ins>" in page
    assert "The &lt;b&gt;pilot&lt;/b&gt; slept." in page
    assert page.index("10 February 2024") < page.index("10 January 2024")
    assert "First version" in page
    assert 'href="/entries/ferry/history/"' in client.get("/entries/ferry/").content.decode()


def test_a_change_far_into_a_long_text_is_told(client, ferry):
    words = [f"w{number}" for number in range(9_000)]
    version(ferry, "2024-03-01T12:00:00+00:00", body=" ".join(words))
    version(ferry, "2024-03-02T12:00:00+00:00", body=" ".join([*words[:8_000], "NEW", *words[8_001:]]))

    page = client.get("/entries/ferry/history/").content.decode()

    assert "<del>w8000 </del><ins>NEW </ins>w8001" in page
    assert "w100 " not in page.split("<del>w8000")[0]
    assert "not shown" not in page.split("<del>w8000")[0]


def test_what_is_left_out_is_said_with_both_versions(client, ferry):
    old = [f"w{number}" for number in range(9_000)]
    new = ["NEW" if number % 100 == 0 else word for number, word in enumerate(old)]
    version(ferry, "2024-03-01T12:00:00+00:00", body=" ".join(old))
    version(ferry, "2024-03-01T12:30:00+00:00", body=" ".join(new))

    page = client.get("/entries/ferry/history/").content.decode()

    said = page.split("40 more changes are not shown")[1]
    before, after = re.findall(r'href="([^"]*as-of=[^"]*)"', said)[:2]
    assert ">w8900 " not in page
    assert "w8899 w8900 w8901" in client.get(before).content.decode()
    assert "w8899 NEW w8901" in client.get(after).content.decode()
    assert "1 March 2024, 12:30:00 UTC" in client.get(after).content.decode()


def test_of_a_long_list_the_rest_stands_in_the_versions(client, ferry):
    harms = [f"harm {number:02}" for number in range(60)]
    version(ferry, "2024-03-01T12:00:00+00:00", facts={"harms": harms})
    version(ferry, "2024-03-01T12:30:00+00:00", facts={"harms": harms[:9]})

    page = client.get("/entries/ferry/history/").content.decode()

    assert "<del>harm 58</del>" in page
    assert "<del>harm 59</del>" not in page
    said = page.split("1 more is not shown: all of it stands in the version")[1]
    before = re.findall(r'href="([^"]*as-of=[^"]*)"', said)[0]
    assert "harm 59" in client.get(before).content.decode()


def test_an_entry_as_it_was_at_a_moment(client, ferry):
    answers = {
        moment: client.get("/entries/ferry/", {"as-of": moment})
        for moment in ("2024-02-10T11:59:59Z", "2024-02-10T12:00:00Z", "2024-02-10T13:00:00+01:00", "2024-02-10T12:00")
    }

    assert ["hit a reef" in answer.content.decode() for answer in answers.values()] == [True, False, False, False]


def test_names_and_reasons_are_for_staff(client, ferry):
    Entry.history.filter(id=ferry.pk).update(history_user=make_user(username="anna"), history_change_reason="Secret")

    page = client.get("/entries/ferry/history/").content.decode()

    assert "by a curator" in page
    assert "anna" not in page
    assert "Secret" not in page
    client.force_login(make_user(is_staff=True))
    assert "by anna · Secret" in client.get("/entries/ferry/history/").content.decode()


@pytest.mark.parametrize(
    ("day", "title"),
    [
        ("2024-01-10", "A ferry hit a reef"),
        ("2024-02-09", "A ferry hit a reef"),
        ("2024-02-10", "A ferry hit a wall"),
    ],
)
def test_an_entry_as_it_was_on_a_day(client, ferry, day, title):
    page = client.get(f"/entries/ferry/?as-of={day}").content.decode()

    assert f"<h1>{title}</h1>" in page
    assert 'href="/entries/ferry/">What it says now</a>' in page


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2024-01-09", 404),
        ("x", 400),
        ("", 400),
        ("9999-12-31", 400),
        ("9999-12-31T23:59:59-12:00", 400),
        ("0001-01-01", 404),
        ("0001-01-01T00:00+12:00", 400),
    ],
)
def test_a_day_on_which_there_is_nothing_to_read(client, ferry, day, status):
    assert client.get("/entries/ferry/", {"as-of": day}).status_code == status


def test_before_there_was_anything_it_is_said_so_with_the_way_to_what_there_is(client, ferry):
    version(ferry, "2024-03-01T12:00:00+00:00", visibility="internal")
    version(ferry, "2024-04-01T12:00:00+00:00", visibility="public")

    before, hidden = (client.get("/entries/ferry/", {"as-of": day}) for day in ("2020-01-01", "2024-03-05"))

    assert "On 2020-01-01 there was nothing of it to be read here." in before.content.decode()
    assert 'href="/entries/ferry/history/">All its versions</a>' in before.content.decode()
    assert hidden.content.decode().replace("2024-03-05", "2020-01-01") == before.content.decode()


def test_what_was_hidden_then_or_is_now_stays_hidden(client, ferry):
    version(ferry, "2024-03-01T12:00:00+00:00", visibility="internal", body="Of the house.")
    version(ferry, "2024-04-01T12:00:00+00:00", visibility="public", body="Public again.")

    page = client.get("/entries/ferry/history/").content.decode()

    assert "Public again." in page
    assert "Of the house." not in page
    assert client.get("/entries/ferry/?as-of=2024-03-05").status_code == 404
    assert client.get("/entries/ferry/?as-of=2024-04-05").status_code == 200

    version(ferry, "2024-05-01T12:00:00+00:00", status="draft")
    assert client.get("/entries/ferry/?as-of=2024-04-05").status_code == 404
    assert client.get("/entries/ferry/history/").status_code == 404


def test_the_number_of_queries_does_not_grow(count_queries, ferry):
    before = count_queries("/entries/ferry/history/")
    for number in range(10):
        version(ferry, f"2024-06-{number + 1:02}T12:00:00+00:00", title=f"Version {number}")

    assert count_queries("/entries/ferry/history/") == before


def test_all_versions_of_a_page_share_what_comparing_may_take(client, ferry, monkeypatch):
    work = Work()
    monkeypatch.setattr("kb.versions.Work", [work].pop)  # there is but one
    for number in range(20):
        letters = random.Random(number).choices(ascii_lowercase, k=600)
        version(ferry, f"2024-03-01T12:{number:02}:00+00:00", body=" ".join(letters))

    page = client.get("/entries/ferry/history/").content.decode()

    assert page.count("<dt>Text</dt>") == 20
    assert 0 <= work.left < MOST_STEPS * 0.9


def test_what_surrounds_a_change_is_short_in_a_text_without_spaces(client, ferry):
    body = "\n\n".join("漢字" * 2_500 + "。" for _ in range(20))
    for number in range(10, 30):
        version(ferry, f"2024-03-01T12:{number}:00+00:00", body=f"{body}\n\n{number}")

    page = client.get("/entries/ferry/history/").content.decode()

    assert "<del>28</del><ins>29</ins>" in page
    assert len(page) < 60_000
