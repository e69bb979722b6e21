"""The order of an event and its reports, and the cards of these: what they say, what they quote, what they read."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models import CitationRole, Reference
from kb.places import place_url
from kb.rights import OPENING_CHARS, opening_of
from kb.timeline import Timeline
from tests.factories import make_entry, make_reference

pytestmark = pytest.mark.django_db


def page_of(client, entry) -> str:
    return client.get(entry.get_absolute_url()).content.decode()


def timeline_of(entry) -> Timeline:
    return Timeline.of(entry, entry.citations.all())


def test_the_event_comes_first_and_its_reports_follow_by_date(client):
    entry = make_entry(
        occurred_on="2024-02-14",
        references=[
            make_reference(title="Later", publisher="The Paper", published_on="2024-05"),
            make_reference(title="Same day", published_on="2024-02-14"),
            make_reference(title="Undated"),
        ],
    )

    told = page_of(client, entry).split('<ol class="moments">')[1].split("</ol>")[0]

    assert told.index("It happened") < told.index("Same day") < told.index("Later")
    assert '<time datetime="2024-05">May 2024</time>' in told
    assert 'The Paper: <a href="#reference-' in told
    assert "Undated" not in told


def test_what_was_foretold_stands_before_the_event():
    entry = make_entry(occurred_on="2024-02-14", references=[make_reference(published_on="2023")])

    assert [one.is_event for one in timeline_of(entry).moments] == [False, True]


@pytest.mark.parametrize(
    ("occurred_on", "dates", "drawn"),
    [
        ("2024-02-14", ["2024-02-15", "2024-03-01"], True),
        (None, ["2024-02-15", "2024-03-01", "2024-03-09"], True),
        ("2024-02-14", ["2024-02-15"], False),
        ("2024-02-14", ["2024-02-14", "2024-02-14"], False),
    ],
)
def test_a_strip_is_drawn_where_there_is_enough_to_draw(client, occurred_on, dates, drawn):
    references = [make_reference(published_on=date) for date in dates]
    entry = make_entry(occurred_on=occurred_on, references=references)

    page = page_of(client, entry)

    assert ('class="strip"' in page) is drawn
    assert '<h2 id="timeline">' in page


def test_the_strip_spans_the_time_and_stacks_what_is_close():
    dates = ["2024-01-01", "2024-01-01", "2024-12-31"]
    entry = make_entry(occurred_on="2024-01-01", references=[make_reference(published_on=date) for date in dates])

    strip = timeline_of(entry).strip

    assert strip is not None
    assert strip.event == "M5.0 36V0"
    assert strip.reports == "M5 36v-12M595 36v-8"


def test_one_date_is_no_timeline(client):
    assert 'id="timeline"' not in page_of(client, make_entry(occurred_on="2024"))
    assert 'id="timeline"' not in page_of(client, make_entry())
    note = make_entry(kind="note", occurred_on="2024", references=[make_reference(published_on="2023")])
    assert 'id="timeline"' not in page_of(client, note)


def test_a_long_one_is_folded(client):
    days = [f"2024-01-{day:02}" for day in range(1, 31)]
    entry = make_entry(occurred_on="2024-01-01", references=[make_reference(published_on=day) for day in days])

    page = page_of(client, entry)

    assert "<summary>25 more reports, until <time" in page
    assert page.count("#reference-") == 30


def test_a_card_says_where_it_is_from_when_by_whom_and_in_which_language(client):
    report = make_reference(
        title="Der Aufzug", url="https://www.zeitung.example/1", authors=["Ada Byrne"], language="de", text="Kurz."
    )

    page = page_of(client, make_entry(references=[report]))

    assert f'<li id="reference-{report.pk}">' in page
    assert '<span class="publisher">zeitung.example</span>' in page
    assert "· Ada Byrne" in page
    assert "· in German" in page
    assert 'lang="de">Kurz.</blockquote>' in page


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Short.", "Short."),
        ("# Head of it\n\n" + "One two three. " * 40, "One two three. " * 13 + "…"),
        ("word " * 100, "word " * 38 + "word…"),
        ("字" * 300, "字" * 199 + "…"),
        ("So. " + "word " * 100, "So. " + "word " * 38 + "word…"),
    ],
)
def test_a_quote_ends_with_a_sentence_or_else_with_a_word(client, text, quoted):
    page = page_of(client, make_entry(references=[text]))

    assert f">{quoted}</blockquote>" in page
    assert len(opening_of(text)) <= OPENING_CHARS + 1


def test_texts_that_may_not_be_shown_are_not_read(client):
    secret = make_reference(text="A word. " * 2000)
    entry = make_entry(references=[secret, make_reference(text="All of it.", text_licence="MIT")])

    with CaptureQueriesContext(connection) as queries:
        page = page_of(client, entry)

    assert "All of it." in page
    whole = [one["sql"] for one in queries if '."text"' in one["sql"] and '"opening"' not in one["sql"]]
    assert len(whole) == 1
    assert f"IN ({secret.pk})" not in whole[0]


def test_licensed_texts_cost_one_query_however_many(count_queries):
    few, many = (
        make_entry(references=[make_reference(text="x", text_licence="MIT") for _ in range(n)]) for n in (2, 9)
    )

    assert count_queries(few.get_absolute_url()) == count_queries(many.get_absolute_url())


def test_a_place_in_a_reference_still_opens_there(client):
    text = "Before. " * 60 + "The lift fell. " + "After. " * 60
    entry = make_entry(references=[make_reference(text="Other. " * 60), text])
    pk = Reference.objects.get(text=text).pk

    page = client.get(place_url(entry.get_absolute_url(), "reference", text.index("The lift"), "The lift fell.", pk))

    assert ">The lift fell.</mark>" in page.content.decode()


def test_responses_stand_apart(client):
    entry = make_entry(
        references=[
            make_reference(title="The news", published_on="2024-02-15"),
            make_reference(title="We are sorry", published_on="2024-02-16"),
        ]
    )
    entry.citations.filter(reference__title="We are sorry").update(role=CitationRole.RESPONSE)

    page = page_of(client, entry)

    assert "<strong>Response</strong> news.example: " in page
    reports, responses = page.split('<h2 id="references">')[1].split('<h2 id="responses">')
    assert ("The news" in reports, "We are sorry" in reports) == (True, False)
    assert "We are sorry" in responses.split("</ol>")[0]


def test_without_responses_no_such_heading(client):
    assert "Responses" not in page_of(client, make_entry(references=["A text."]))


def cards(page: str) -> tuple[list[str], list[str]]:
    """The titles of the references that are shown and of those that are folded away."""
    cited = page.split('<section class="cited"')[1].split("</section>")[0]
    shown, _, rest = cited.partition('<details class="folded"')
    return re.findall(r">(Report [0-9]+)<", shown), re.findall(r">(Report [0-9]+)<", rest)


def test_of_very_many_references_the_first_are_shown_and_the_rest_folded_away(client):
    titles = [f"Report {number}" for number in range(1, 71)]
    entry = make_entry(references=[make_reference(title=title) for title in titles])

    page = page_of(client, entry)

    assert cards(page) == (titles[:12], titles[12:])
    assert "<summary>58 more references</summary>" in page
    assert '<ol class="references" start="13">' in page
    assert 'References <span class="count">70</span>' in page


def test_a_few_more_references_are_not_worth_folding_away(client):
    entry = make_entry(references=[make_reference(title=f"Report {number}") for number in range(15)])

    page = page_of(client, entry)

    assert "more references" not in page
    assert page.count('<li id="reference-') == 15


def test_responses_are_folded_apart_from_reports(client):
    entry = make_entry(references=[make_reference() for _ in range(40)])
    entry.citations.filter(position__gte=20).update(role=CitationRole.RESPONSE)

    page = page_of(client, entry)

    assert "8 more references" in page
    assert "8 more responses" in page


def test_where_a_passage_leads_the_references_are_unfolded(client):
    references = [make_reference(text=f"The lift skipped floor {number}.") for number in range(20)]
    entry = make_entry(references=references)

    first, last = (
        client.get(place_url(entry.get_absolute_url(), "reference", 0, one.text, one.pk)).content.decode()
        for one in (references[0], references[-1])
    )

    assert '<details class="folded"><summary>8 more' in first
    assert '<details class="folded" open><summary>8 more' in last
