"""Every hit shows the sentence that matched best, and its link opens the entry there, in whatever text it stands."""

import re

import pytest

from kb.markdown import render
from kb.places import Place, place_url
from kb.rights import QUOTE_CHARS, quoted
from search import indexing
from search.explaining import best_sentence
from search.highlight import matches
from search.query import SearchQuery, search
from search.sentences import sentences
from tests.factories import make_entry, make_reference, make_user

BODY = """## What happened

The ferry left at noon. Its **autopilot** took a reef for `open water`, said Mr. Reed of the U.S. Navy. Nobody steered.

- The chart was old.
- The pilot slept.

| part | state |
|---|---|
| rudder | broken |

```
reef = water
```
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One came. Two went! Three?", ["One came.", "Two went!", "Three?"]),
        (
            "Mr. A, e.g. J. Doe, came to the U.S. Navy. He left.",
            ["Mr. A, e.g. J. Doe, came to the U.S. Navy.", "He left."],
        ),
        ("我们来了。他们走了！", ["我们来了。", "他们走了！"]),
        ("## Why\n\n> - [ ] A task. And more", ["A task.", "And more"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("Text.\n\n```\nx. Y\n```", ["Text.", "```\nx. Y\n```"]),
        ("# Only a heading", ["Only a heading"]),
        (" \n", []),
    ],
)
def test_sentences(text, found):
    assert [text[start:end] for start, end in sentences(text)] == found


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("who slept?", "The pilot slept."),
        ("autopilot and reef", "Its **autopilot** took a reef for `open water`, said Mr. Reed of the U.S. Navy."),
        ("broken rudders", "| rudder | broken |"),
        ("zebra", "The ferry left at noon."),
    ],
)
def test_the_sentence_with_most_words_or_else_the_first(query, best):
    start, end = best_sentence(BODY, matches(query, BODY), lambda stem: 1.0) or (0, 0)

    assert BODY[start:end] == best


def test_a_rare_word_tells_more_than_two_common_ones():
    text = "A camera follows the ball. It took a bald head."
    weights = {"camera": 1.0, "follow": 1.0, "bald": 3.0}

    start, end = best_sentence(text, matches("camera follows bald", text), weights.__getitem__) or (0, 0)

    assert text[start:end] == "It took a bald head."


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (
            "Its **autopilot** took a reef for `open water`, said Mr. Reed of the U.S. Navy.",
            '<mark class="here" id="passage">Its </mark><strong><mark class="here">autopilot</mark></strong>'
            '<mark class="here"> took a reef for <code>open water</code>, said Mr. Reed of the U.S. Navy.</mark> N',
        ),
        ("The pilot slept.", '<li><mark class="here" id="passage">The pilot slept.</mark></li>'),
        ("| rudder | broken |", '<tr class="here" id="passage">'),
        ("reef = water\n", '<pre><code class="here" id="passage">'),
        ("## What happened", '<h2 id="s-what-happened"><mark class="here" id="passage">What happened</mark></h2>'),
    ],
)
def test_a_place_is_marked_in_what_is_rendered_and_changes_nothing_else(place, shown):
    start = BODY.index(place)

    html = render(BODY, (start, start + len(place)))

    assert shown in html
    assert html.count('id="passage"') == 1
    unmarked = re.sub(r'</?mark[^>]*>| class="here"| id="passage"', "", html)
    assert unmarked == render(BODY)


def test_of_equal_sentences_the_one_that_is_meant_is_marked():
    assert (
        render("So it is. So it is.", (10, 19)) == '<p>So it is. <mark class="here" id="passage">So it is.</mark></p>\n'
    )


@pytest.mark.parametrize("start", [0, 100, 500, 990])
def test_a_quote_is_short_and_holds_what_it_is_cut_for(start):
    text = "A few words, then. " * 60

    first, last = quoted(text, start, start + 30)

    assert last - first <= QUOTE_CHARS
    assert first <= start < start + 30 <= last
    assert first == 0 or text[first - 2 : first] == ". "


@pytest.fixture
def ferry(db):
    entry = make_entry(
        title="Ferry",
        summary="A ferry hit a reef. It sank <slowly>.",
        body=BODY,
        references=[
            make_reference(
                title="Closed", text="Long before. " * 60 + "The lighthouse was dark. " + "After that. " * 60
            ),
            make_reference(title="Open", text="It rained.\n\nThe anchor held. " * 30, text_licence="CC-BY-4.0"),
        ],
    )
    indexing.index_pending()
    return entry


def url_of(query: str, source: str, user=None) -> tuple[str, str]:
    """The sentence found in that source, and the address that leads to it."""
    for passage in search(SearchQuery(query, mode="keyword"), user).hits[0].passages:
        if passage.source == source and passage.marks:
            return passage.text[slice(*(passage.sentence or (0, 0)))], passage.url
    raise AssertionError(f"nothing of {source}")


@pytest.mark.parametrize(
    ("query", "source", "sentence", "shown"),
    [
        ("sank slowly", "summary", "It sank <slowly>.", "reef. {}It sank &lt;slowly&gt;.</mark></p>"),
        ("chart", "body", "The chart was old.", "<li>{}The chart was old.</mark></li>"),
        ("lighthouse", "reference", "The lighthouse was dark.", "{}The lighthouse was dark.</mark> After"),
        ("anchor", "reference", "The anchor held.", "{}The anchor held.</mark>"),
    ],
)
def test_the_link_of_a_hit_opens_the_entry_at_its_sentence(client, ferry, query, source, sentence, shown):
    found, url = url_of(query, source)
    page = client.get(url).content.decode()

    assert found == sentence
    assert url.startswith("/entries/ferry/?at=")
    assert url.endswith("#passage")
    assert shown.format('<mark class="here" id="passage">') in page
    assert page.count('id="passage"') == 1
    assert ('<details class="text" open>' in page) == (query == "anchor")


def test_the_page_shows_the_sentence_in_its_context_and_links_it(client, ferry):
    page = client.get("/search/", {"q": "chart", "mode": "keyword"}).content.decode()

    assert re.search(
        r'<a class="best" href="/entries/ferry/\?at=body[^"]+#passage">The <mark>chart</mark> was old\.</a>', page
    )


def test_an_address_of_what_is_not_there_any_more_opens_the_entry(client, ferry):
    _, url = url_of("chart", "body")
    ferry.body = ferry.body.replace("The chart was old", "A chart was old")
    ferry.save()

    for address in (
        url,
        "/entries/ferry/?at=body.0-5.00000000",
        "/entries/ferry/?at=" + "9" * 5000,
        "/entries/ferry/?at=reference-7.0-1.00000000",
    ):
        response = client.get(address)
        assert response.status_code == 200
        assert 'id="passage"' not in response.content.decode()


def test_a_text_that_may_not_be_shown_is_not_opened_by_counting_on(client, ferry):
    """Who lacks the words of a closed text cannot name a place in it, and a long place is still a short quote."""
    closed = ferry.references.get(title="Closed")
    everything = place_url("/entries/ferry/", "reference", 0, closed.text, closed.pk)

    assert Place.find(ferry, f"reference-{closed.pk}.0-200.00000000") is None
    shown = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", client.get(everything).content.decode(), re.DOTALL)
    assert shown
    assert len(re.sub(r"<[^>]+>| …|… ", "", shown[1])) <= QUOTE_CHARS


def test_a_place_in_an_internal_entry_is_not_there_for_the_public(client, db):
    make_entry(title="Secret", body="The password is swordfish.", visibility="internal")
    indexing.index_pending()
    _, url = url_of("swordfish", "body", make_user(is_staff=True))

    assert client.get(url).status_code == 404
