"""Lists of one kind: filtered, ordered and turned by their address alone."""

import re
from typing import Any

import pytest

from kb.kinds import KINDS
from tests.factories import make_category, make_entity, make_entry

pytestmark = pytest.mark.django_db


def titles(page: str) -> list[str]:
    return re.findall(r'class="title"><a href="[^"]*">([^<]*)</a>', page)


def get(client, address: str, status: int = 200, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize("info", KINDS.values(), ids=KINDS)
def test_each_kind_has_a_list_of_its_own(client, info):
    for kind in KINDS:
        make_entry(kind=kind, title=f"A {kind}")

    page = get(client, f"/{info.path}/")

    assert titles(page) == [f"A {info.kind}"]
    assert info.lead in page


def test_newest_first_and_the_undated_last(client):
    make_entry(title="undated")
    make_entry(title="in 2021", occurred_on="2021")
    make_entry(title="in May 2024", occurred_on="2024-05")
    make_entry(title="on a day", occurred_on="2023-02-01")

    assert titles(get(client, "/incidents/")) == ["in May 2024", "on a day", "in 2021", "undated"]
    assert titles(get(client, "/incidents/?sort=oldest")) == ["in 2021", "on a day", "in May 2024", "undated"]


def test_by_title_whatever_the_case(client):
    for title in ("beta", "Alpha", "Gamma"):
        make_entry(title=title)

    assert titles(get(client, "/incidents/?sort=title")) == ["Alpha", "beta", "Gamma"]


def test_filters_work_together(client):
    bank = make_entity("Bank")
    wanted: dict[str, Any] = {"tags": ["chatbots"], "entities": {"deployer": [bank]}, "occurred_on": "2024-05"}
    make_entry(title="all of it", categories=[make_category("Loss")], **wanted)
    make_entry(title="other year", **{**wanted, "occurred_on": "2022"})
    make_entry(title="other bank", **{**wanted, "entities": {}})
    make_entry(title="other tag", **{**wanted, "tags": []})

    page = get(client, "/incidents/?tag=chatbots&entity=bank&since=2024&until=2024-05&category=harms-loss")

    assert titles(page) == ["all of it"]
    assert "<strong>1</strong> incident" in page


def test_a_bad_date_is_told_and_nothing_else_is_lost(client):
    make_entry(title="kept", tags=["chatbots"])
    make_entry(title="left out")

    page = get(client, "/incidents/?since=soon&tag=chatbots", 400)

    assert "“soon” is not a date" in page
    assert titles(page) == ["kept"]
    assert 'value="soon"' in page
    assert "Tag: chatbots" in page


@pytest.mark.parametrize(("number", "shown"), [("2", 2), ("99", 3), ("-1", 3), ("0", 3), ("x", 1), ("", 1), ("²", 1)])
def test_a_page_that_is_not_there_gives_the_nearest(client, number, shown):
    for index in range(60):
        make_entry(title=f"Entry {index:02}")

    page = get(client, f"/incidents/?sort=title&page={number}")

    assert f"page {shown} of 3" in page
    assert titles(page)[0] == f"Entry {25 * (shown - 1):02}"
    assert 'href="?sort=title&amp;page=' in page


def test_nothing_found_says_how_to_go_on(client):
    make_entry()

    assert "No incident fits all of this" in get(client, "/incidents/?tag=nothing")
    assert "No notes yet" in get(client, "/notes/")


def test_htmx_gets_the_list_alone_and_caches_know_it(client):
    make_entry(title="One")

    whole = client.get("/incidents/?tag=")
    part = client.get("/incidents/", headers={"HX-Request": "true"})
    restored = client.get("/incidents/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert whole.content.startswith(b"<!doctype html>")
    assert b"<html" not in part.content
    assert b'<div id="results"' in part.content
    assert b"<title>Incidents" in part.content
    assert b"<html" in restored.content
    assert all("HX-Request" in response.headers["Vary"] for response in (whole, part))


def test_drafts_and_what_is_internal_are_for_staff(client):
    make_entry(title="a draft", status="draft")
    make_entry(title="inside", visibility="internal")

    assert titles(get(client, "/incidents/")) == []


def test_staff_see_them_and_see_that_others_do_not(staff):
    make_entry(title="a draft", status="draft")
    make_entry(title="inside", visibility="internal")

    page = get(staff, "/incidents/?sort=title")

    assert titles(page) == ["a draft", "inside"]
    assert page.index(">Draft</span>") < page.index(">Internal</span>")


def test_names_are_shown_and_never_run(client):
    make_entry(title="<script>alert(1)</script>", summary="<b>x</b>", tags=['"><i>'])

    page = get(client, "/incidents/?tag=<script>&since=<script>", 400)
    whole = get(client, "/incidents/")

    assert "<script>alert" not in page + whole
    assert "<script>&" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in whole
    assert '"><i>' not in whole


def facet(page: str, key: str) -> dict[str, int]:
    """What a facet offers, with the counts."""
    found = re.search(rf'<details class="facet" id="facet-{key}".*?(?=<details class="facet"|</aside>)', page, re.S)
    return {
        name: int(count)
        for name, count in re.findall(r'">([^<>]+) <span class="count">(\d+)<', found[0] if found else "")
    }


def test_facets_count_everything_that_entries_have_under_what_is_chosen(client):
    loss, death = make_category("Loss"), make_category("Death")
    make_entry(
        title="both",
        occurred_on="2024",
        tags=["law"],
        entities={"deployer": ["Acme"], "harmed": ["Clerks"]},
        categories=[loss, death],
        ids={"aiid": "1"},
    )
    make_entry(title="one", occurred_on="2023", entities={"developer": ["Acme"]}, categories=[loss], language="fr")
    make_entry(kind="note", tags=["law"], categories=[loss])
    make_entry(title="hidden", occurred_on="2024", tags=["law"], categories=[loss], visibility="internal")

    page = get(client, "/incidents/")

    assert facet(page, "year") == {"2024": 1, "2023": 1}
    assert facet(page, "tag") == {"law": 1}
    assert facet(page, "developer") == facet(page, "deployer") == {"Acme": 1}
    assert facet(page, "harmed") == {"Clerks": 1}
    assert facet(page, "in-harms") == {"Loss": 2, "Death": 1}
    assert facet(page, "namespace") == {"AIID": 1}
    assert facet(page, "language") == {"English": 1, "French": 1}
    assert facet(page, "status") == {}
    narrowed = get(client, "/incidents/?category=harms-loss,harms-death&entity=deployer:acme")
    assert titles(narrowed) == ["both"]
    assert facet(narrowed, "in-harms") == {"Loss": 1, "Death": 1}
    assert 'href="?entity=deployer:acme&amp;category=harms-loss"' in narrowed


def test_staff_choose_by_who_can_read_it(staff):
    make_entry(title="a draft", status="draft")
    make_entry(title="inside", visibility="internal")
    make_entry(title="for all")

    page = get(staff, "/incidents/?status=draft")

    assert titles(page) == ["a draft"]
    assert facet(page, "status") == {"Everybody": 1, "Curators, internal": 1, "Curators, draft": 1}


def test_an_entry_that_says_a_harm_twice_is_counted_once(client):
    make_entry(facts={"harms": ["bias", "Bias ", "fraud"]})
    make_entry(facts={"harms": ["bias"]})

    assert facet(get(client, "/incidents/"), "harm") == {"Bias": 2, "Fraud": 1}


def test_nobody_else_learns_of_them_by_asking(client):
    make_entry(title="a draft", status="draft")

    assert titles(get(client, "/incidents/?status=draft")) == []
    assert "There is no status “x”" in get(client, "/incidents/?status=x", 400)


@pytest.mark.parametrize("view", ["list", "compact", "table"])
def test_a_list_looks_as_its_address_says_and_keeps_the_rest_of_it(client, view):
    make_entry(title="One", tags=["law"], references=["a", "b"], entities={"deployer": ["Acme"]})
    make_entry(title="Two", tags=["law"], references=["a"])
    make_entry(title="Three")

    page = get(client, f"/incidents/?tag=law&sort=reports&view={view}")

    assert titles(page) == ["One", "Two"]
    assert 'href="?tag=law&amp;sort=reports&amp;view=compact"' in page
    assert ('<td class="number">2</td>' in page) == (view == "table")
    assert 'href="?tag=law&amp;sort=reports&amp;format=csv"' in page


def test_a_table_has_everybody_who_had_a_part_once_and_every_tag(client):
    many = [f"Company {number}" for number in range(7)]
    make_entry(
        title="<b>One</b>", entities={"deployer": many, "developer": many[:2]}, tags=[f"tag {n}" for n in range(6)]
    )
    make_entry(title="Two", entities={"deployer": many[:5]})

    cells = re.findall(r'<td class="who">(.*?)</td>', get(client, "/incidents/?view=table&sort=title"), re.DOTALL)

    who, tags, five, _ = (re.sub(r"<[^>]*>", "", cell).strip() for cell in cells)
    assert who == (
        "Company 0, Company 1, Company 2, Company 3"
        "3 more who had a part in &lt;b&gt;One&lt;/b&gt;Company 4, Company 5, Company 6"
    )
    assert tags == "tag 0, tag 1, tag 2, tag 32 more tags of &lt;b&gt;One&lt;/b&gt;tag 4, tag 5"
    assert five == ", ".join(many[:5])
    assert cells[0].count('<a href="/entities/company-') == 7


def test_more_is_shown_below_and_the_address_holds_how_much(client):
    for index in range(60):
        make_entry(title=f"Entry {index:02}")

    page = get(client, "/incidents/?sort=title")
    assert 'href="?sort=title&amp;page=1-2"' in page

    both = get(client, "/incidents/?sort=title&page=1-2")
    assert titles(both) == [f"Entry {index:02}" for index in range(50)]
    assert "pages 1 to 2 of 3" in both
    assert 'href="?sort=title&amp;page=1-3"' in both
    assert "Show 10 more" in both
    part = get(client, "/incidents/?sort=title&page=1-2", **{"HX-Request": "true"})  # type: ignore[arg-type]
    assert re.findall(r"autofocus>([^<]*)<", part) == ["Entry 25"]
    assert "autofocus" not in both


def test_before_a_stretch_of_pages_comes_the_page_before_its_first(client):
    for _ in range(110):
        make_entry()

    assert '<a href=".?page=1" rel="prev">' in client.get("/incidents/?page=2-4").content.decode()
    assert 'rel="prev"' not in client.get("/incidents/?page=1-3").content.decode()
    assert '<a href=".?page=3" rel="prev">' in client.get("/incidents/?page=4").content.decode()


@pytest.mark.parametrize(
    ("written", "first", "count"), [("2-9", 25, 35), ("9-2", 25, 25), ("0-1", 0, 25), ("1-²", 0, 25)]
)
def test_a_stretch_of_pages_that_is_not_there_gives_the_nearest(client, written, first, count):
    for index in range(60):
        make_entry(title=f"Entry {index:02}")

    shown = titles(get(client, f"/incidents/?sort=title&page={written}"))

    assert (shown[0], len(shown)) == (f"Entry {first:02}", count)


@pytest.mark.parametrize(
    "address",
    [
        "/incidents/",
        "/incidents/?tag=a&since=2020&sort=title",
        "/incidents/?view=table&sort=reports&page=1-2",
        "/entities/",
        "/taxonomies/",
        "/taxonomies/harms/",
        "/taxonomies/harms/harms-loss/",
    ],
)
def test_the_number_of_queries_does_not_grow(client, count_queries, address):
    def add(count: int) -> None:
        for _ in range(count):
            make_entry(
                tags=["a", "b"],
                occurred_on="2024",
                entities={"deployer": [make_entity()]},
                ids={"aiid": make_entity().name},
                categories=[make_category("Loss"), make_category()],
            )

    add(10)
    few = count_queries(address)
    add(10)

    assert count_queries(address) == few


def test_what_facts_say_narrows_down_whatever_its_case_or_commas(client):
    both = {"harms": ["Loss of money, and of face", "Injury"], "sector": ["Law"], "country": ["Chile"]}
    make_entry(title="Fined in Chile", facts=both)
    make_entry(title="Hurt at sea", facts={"harms": ["injury"], "technology": ["Sonar"]})
    make_entry(title="Nothing known")
    make_entry(kind="case_study", title="Sorting claims", facts={"industry": "law", "techniques": ["Sonar", "Trees"]})

    def shown(address):
        page = client.get(address).content.decode()
        titles = ("Fined in Chile", "Hurt at sea", "Nothing known", "Sorting claims")
        return [title for title in titles if f">{title}<" in page]

    assert shown("/incidents/?harm=INJURY") == ["Fined in Chile", "Hurt at sea"]
    assert shown("/incidents/?harm=Loss+of+money,+and+of+face&country=chile") == ["Fined in Chile"]
    assert shown("/incidents/?harm=injury&sector=sea") == []
    assert shown("/incidents/?sector=law") == ["Fined in Chile"]
    assert shown("/case-studies/?sector=Law&technique=sonar") == ["Sorting claims"]
    assert shown("/incidents/?technique=sonar") == ["Hurt at sea"]
    page = client.get("/incidents/?harm=INJURY").content.decode()
    assert "Harm: INJURY" in page
    assert 'href="?harm=INJURY&amp;country=Chile"' in page


@pytest.mark.parametrize("value", ["'", '"', "%", "\\", "x') OR 1=1 --", "😀", "$.harms", "a" * 2000])
def test_a_fact_that_no_entry_has_finds_nothing_and_breaks_nothing(client, value):
    make_entry(facts={"harms": ["Injury"]})

    page = client.get("/incidents/", {"harm": value})

    assert page.status_code == 200
    assert page.context["page"].paginator.count == 0


def test_a_fact_is_found_whatever_its_case_in_other_letters_too(client):
    make_entry(facts={"sector": ["École"]})
    make_entry(facts={"sector": ["école "]})
    make_entry(facts={"sector": ["écoles"]})

    assert client.get("/incidents/?sector=ÉCOLE").context["page"].paginator.count == 2
