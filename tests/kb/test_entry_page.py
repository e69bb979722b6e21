"""The page of one entry: all of it, and nothing that this reader may not see."""

import re

import pytest

from kb.kinds import KINDS
from kb.models import Classification, Link, SlugRedirect
from tests.factories import make_category, make_entity, make_entry, make_reference

pytestmark = pytest.mark.django_db


def get(client, entry, status: int = 200) -> str:
    response = client.get(entry.get_absolute_url())
    assert response.status_code == status
    return response.content.decode()


def test_an_incident_with_all_that_hangs_on_it(client):
    entry = make_entry(
        title="Airline bot",
        summary="It promised a refund.",
        body="## What happened\n\nA bot *promised*.",
        occurred_on="2022-11",
        facts={"harms": ["financial loss"], "country": ["canada"]},
        tags=["chatbots"],
        entities={"deployer": ["Air Canada"], "harmed": ["Jake Moffatt"]},
        ids={"aiid": "639"},
        licence="CC-BY-4.0",
        attribution="The archive",
    )

    page = get(client, entry)

    assert "<h1>Airline bot</h1>" in page
    assert '<time datetime="2022-11">November 2022</time>' in page
    assert '<h2 id="s-what-happened">' in page
    assert "<em>promised</em>" in page
    assert '<dt>Harm</dt><dd><a href="/incidents/?harm=financial%20loss">financial loss</a></dd>' in page
    assert '<dt>Deployer</dt><dd><a href="/entities/air-canada/">Air Canada</a></dd>' in page
    assert 'href="https://incidentdatabase.ai/cite/639/"' in page
    assert 'href="/incidents/?tag=chatbots"' in page
    assert "Text: The archive, " in page
    assert "CC-BY-4.0" in page
    assert "katex" not in page


def test_each_kind_shows_its_own_facts(client):
    study = make_entry(kind="case_study", facts={"industry": "travel", "techniques": ["bandits", "a/b tests"]})
    note = make_entry(kind="note", facts={"resource": "paper", "resource_title": "BM25", "questions": ["Why?"]})

    techniques = (
        '<a href="/case-studies/?technique=bandits">bandits</a>, <a href="/case-studies/?technique=a%2Fb%20tests">'
    )
    assert f"<dt>Techniques</dt><dd>{techniques}A/B tests</a></dd>" in get(client, study)
    page = get(client, note)
    assert "<cite>BM25</cite>, paper" in page
    assert "<li>Why?</li>" in page


def test_a_case_study_is_told_in_brief_by_its_facts(client):
    facts = {"industry": "travel", "problem": "stolen cards", "approach": "friction", "results": "fewer chargebacks"}
    study = make_entry(
        kind="case_study",
        facts=facts,
        occurred_on="2018",
        entities={"company": ["Airbnb"], "system": ["Scorer"]},
        body="## Problem\n\nCards.\n\n## What to learn\n\nCosts first.",
    )

    page = get(client, study)

    assert '</time> <a class="company" href="/entities/airbnb/">Airbnb</a>' in page
    brief = page.split('<h2 id="in-brief">')[1].split("</section>")[0]
    assert [part.split("</dt>")[0] for part in brief.split("<dt>")[1:]] == ["Problem", "Approach", "Results", "Lessons"]
    assert "<dd>fewer chargebacks</dd>" in brief
    assert '<a href="#s-what-to-learn">' in brief
    assert page.count("fewer chargebacks") == 1
    assert '<dt>Industry</dt><dd><a href="/case-studies/?sector=travel">travel</a></dd>' in page
    assert "in-brief" not in get(client, make_entry(kind="case_study", facts={"industry": "travel"}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_entry_is_a_page_too(client, kind):
    assert "<h1>Bare</h1>" in get(client, make_entry(kind=kind, title="Bare"))


@pytest.mark.parametrize("slug", ["qure.ai", "x-(twitter)", "中文-事件", "a'b&c", "50%-off", "what?", "a/b"])
def test_any_slug_is_an_address(client, slug):
    entry = make_entry(slug=slug, title="Found it")

    assert "<h1>Found it</h1>" in get(client, entry)


def test_a_text_that_is_not_licensed_is_quoted_shortly(client):
    reference = make_reference(
        title="The report", publisher="The Paper", published_on="2024-02-14", text="A word. " * 100 + "THE END"
    )

    page = get(client, make_entry(references=[reference]))

    quote = page.split("<blockquote")[1].split(">", 1)[1].split("</blockquote>")[0]
    assert quote.startswith("A word. A word.")
    assert quote.endswith("…")
    assert len(quote) <= 280
    assert "THE END" not in page
    assert 'rel="noopener nofollow ugc">The report</a>' in page
    assert "The Paper" in page
    assert "14 February 2024" in page


def test_a_paper_says_how_long_it_is_and_is_quoted_below_its_title(client):
    paper = make_reference(title="Ferns", text="# Ferns\n\nFerns are # quiet.\n\nVery.", page_starts=[0, 29])

    page = get(client, make_entry(references=[paper]))

    assert "· 2 pages" in page
    assert ">Ferns are # quiet. Very.</blockquote>" in page


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "CC0-1.0", "Apache-2.0", "MIT"])
def test_a_licensed_text_is_there_whole(client, licence):
    reference = make_reference(text="A word. " * 100 + "THE <END>", text_licence=licence)

    page = get(client, make_entry(references=[reference]))

    assert "THE &lt;END&gt;" in page
    assert f"Full text ({licence})" in page
    assert "<blockquote" not in page


def test_a_reference_leads_to_the_web_or_nowhere(client):
    entry = make_entry(references=[make_reference(url="javascript:alert(1)", title="Bad", archive_url="data:x")])

    page = get(client, entry)

    assert "Bad" in page
    assert "javascript:" not in page
    assert "data:x" not in page


def test_links_lead_both_ways_and_only_to_what_may_be_seen(client):
    entry, other, hidden = make_entry(), make_entry(title="Other one"), make_entry(title="Hidden", status="draft")
    back = make_entry(title="One that cites", kind="note", see_also=[entry])
    Link.objects.create(entry=entry, target=other, relation="follows_from")
    Link.objects.create(entry=entry, target=hidden)
    Link.objects.create(entry=hidden, target=entry)

    page = get(client, entry)

    assert "Follows from" in page
    assert other.get_absolute_url() in page
    assert "Mentioned by" in page
    assert back.get_absolute_url() in page
    assert "Hidden" not in page


def test_whose_word_a_category_is_stands_beside_it(client):
    entry = make_entry()
    said = {"human": ["Loss", "Doubted"], "imported": ["Bias", "Loss"], "suggested": ["Guess", "Loss", "Bias"]}
    for origin, names in said.items():
        for name in names:
            Classification.objects.create(entry=entry, category=make_category(name), origin=origin)

    groups = re.findall(
        r'<div class="by-(\w+)"><dt>.*?<span class="flag">(.*?)</span></dt><dd>(.*?)</dd>', get(client, entry)
    )

    told = [(origin, flag, re.findall(r">(\w+)</a>", categories)) for origin, flag, categories in groups]
    assert told == [
        ("human", "by a curator", ["Doubted", "Loss"]),
        ("imported", "imported", ["Bias"]),
        ("suggested", "suggested", ["Guess"]),
    ]


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"visibility": "internal"}])
def test_what_is_not_public_is_not_there(client, fields):
    entry = make_entry(slug="secret", **fields)
    SlugRedirect.objects.create(slug="old-secret", entry=entry)

    get(client, entry, 404)
    assert client.get("/entries/old-secret/").status_code == 404
    assert client.get("/entries/nothing/").status_code == 404


def test_staff_see_it_and_can_edit_it(staff):
    for kind in KINDS:
        entry = make_entry(kind=kind, status="draft")
        page = get(staff, entry)
        edit = page.split('class="edit" href="')[1].split('"')[0]
        assert staff.get(edit).status_code == 200


def test_readers_are_offered_no_edit(client):
    assert "Edit" not in get(client, make_entry())


def test_a_former_address_leads_to_the_present_one(client):
    entry = make_entry(slug="new-name-中")
    SlugRedirect.objects.create(slug="old name", entry=entry)

    response = client.get("/entries/old%20name/")

    assert response.status_code == 301
    assert response.headers["Location"] == entry.get_absolute_url()


def test_math_brings_katex_and_stays_readable_without(client):
    page = get(client, make_entry(body="The score $x^2$."))

    assert "vendor/katex/katex.min.js" in page
    assert '<span class="math">x^2</span>' in page


def test_what_is_written_never_runs(client):
    evil = "<script>alert(1)</script>"
    reference = make_reference(title=evil, publisher=evil, authors=[evil], text=evil, text_licence="MIT")
    entry = make_entry(
        title=evil,
        summary=evil,
        body=evil,
        attribution=evil,
        facts={"harms": [evil], "purpose": evil},
        tags=[evil],
        entities={"deployer": [evil]},
        ids={"ours": evil},
        references=[reference],
        categories=[make_category(evil)],
    )

    assert "<script>alert" not in get(client, entry)


def test_the_number_of_queries_does_not_grow(count_queries):
    def made(count: int) -> str:
        entry = make_entry(
            tags=[f"tag {count} {number}" for number in range(count)],
            entities={"deployer": [make_entity() for _ in range(count)]},
            references=[make_reference(text="x") for _ in range(count)],
            ids={f"space{number}": str(count) for number in range(count)},
            categories=[make_category() for _ in range(count)],
            see_also=[make_entry() for _ in range(count)],
        )
        for _ in range(count):
            make_entry(see_also=[entry])
        return entry.get_absolute_url()

    assert count_queries(made(6)) == count_queries(made(3))


def test_a_category_within_another_is_told_with_it(client):
    field = make_category("Rights Violation", taxonomy="CSETv1")
    entry = make_entry(categories=[make_category("no", taxonomy="CSETv1", parent=field), make_category("Physical")])

    page = client.get(entry.get_absolute_url()).content.decode()

    assert 'Rights Violation: <a href="/taxonomies/csetv1/csetv1-no/">no</a>' in page
    assert "<summary>1 field</summary>" in page
    found = client.get(f"/api/v1/entries/{entry.pk}").json()["classifications"]
    assert [one["path"] for one in found] == [["Rights Violation", "no"], ["Physical"]]


def test_facts_lead_to_the_entries_that_share_them(client):
    facts = {"harms": ["loss of money, again"], "sector": ["Law"], "technology": ["R&D"], "country": ["Chile"]}
    entry = make_entry(facts=facts)

    page = client.get(entry.get_absolute_url()).content.decode()

    for address, label in (
        ("harm=loss%20of%20money%2C%20again", "loss of money, again"),
        ("sector=Law", "Law"),
        ("technique=R%26D", "R&amp;D"),
        ("country=Chile", "Chile"),
    ):
        assert f'<a href="/incidents/?{address}">{label}</a>' in page
        assert client.get(f"/incidents/?{address}").context["page"].paginator.count == 1
    study = make_entry(kind="case_study", facts={"industry": "Law", "techniques": ["Trees", "Forests"]})
    page = client.get(study.get_absolute_url()).content.decode()
    assert '<a href="/case-studies/?sector=Law">Law</a>' in page
    assert '<a href="/case-studies/?technique=Forests">Forests</a>' in page
