"""A passage is cut around the words that were asked for, and shown as text."""

import pytest

from search.query import PassageHit
from search.templatetags.results import Span, marked, snippet, window

pytestmark = pytest.mark.once


def passage(text: str, *words: str) -> PassageHit:
    marks = [(text.index(word), text.index(word) + len(word)) for word in words]
    return PassageHit(text, 0, len(text), "body", None, marks, 1.0)


def test_short_text_is_shown_whole():
    assert snippet(passage("A refund.", "refund")) == "A <mark>refund</mark>."


def test_long_text_is_cut_at_words_around_the_marks():
    text = "before " * 100 + "the needle is here " + "after " * 100

    shown = snippet(passage(text, "needle"), 100)

    assert shown.startswith("… before ")
    assert shown.endswith(" …")
    assert "<mark>needle</mark> is here" in shown
    assert len(shown) < 130


def test_without_marks_it_is_the_beginning():
    assert snippet(passage("word " * 100), 50) == "word word word word word word word word word word …"


def test_the_part_with_most_marks_is_shown():
    text = "lone " + "x " * 200 + "one two three " + "y " * 200

    start, end = window(text, [(0, 4), (405, 408), (409, 412), (413, 418)], 60)

    assert text[start:end].count("one two three") == 1


def test_a_text_without_spaces_is_cut_too():
    start, end = window("x" * 1000, [(500, 510)], 100)

    assert start <= 500
    assert 50 <= end - start <= 110


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## Why\n\nIt **broke** [here](https://a.example).", "It broke here."),
        ("- one\n- `two`", "one\ntwo"),
        ("> said __so__, snake__case", "said so, snake__case"),
        ("a [b] c, x[1]", "a [b] c, x[1]"),
        ("2 * 3 # 4", "2 * 3 # 4"),
    ],
)
def test_markdown_signs_are_left_out(text, shown):
    assert snippet(passage(text)) == shown


def test_a_heading_that_was_asked_for_stays():
    assert snippet(passage("## The cause\n\nIt broke.", "cause")) == "The <mark>cause</mark>\n\nIt broke."


def test_a_mark_inside_a_link_leaves_no_rest_of_it():
    assert snippet(passage("See [the reef](https://a.example) now.", "reef")) == "See the <mark>reef</mark> now."


def test_everything_is_escaped():
    text = "<b>&amp; <i>"

    assert marked(text, [(0, 3)], Span(0, len(text))) == "<mark>&lt;b&gt;</mark>&amp;amp; &lt;i&gt;"


def test_marks_that_overlap_or_lie_outside_do_no_harm():
    assert marked("abcdef", [(0, 3), (2, 4), (5, 99)], Span(0, 6)) == "<mark>abcd</mark>e<mark>f</mark>"


def test_code_points_that_stand_for_tags_are_not_taken_from_the_text():
    text = "a \ufdd0b\ufdd1 \ufdd2c\ufdd3 & d"

    shown = marked(text, [(0, 1)], Span(0, len(text)), (0, len(text)), "/e/?a=1&b=2")

    assert shown == '<a class="best" href="/e/?a=1&amp;b=2"><mark>a</mark> b c &amp; d</a>'


def test_the_sentence_is_a_link_with_its_marks_in_it():
    text = "One. Two & two. Three."

    shown = marked(text, [(5, 8), (8, 9), (9, 10), (18, 22)], Span(0, 20), (5, 15), "/e/")

    assert shown == 'One. <a class="best" href="/e/"><mark>Two &amp;</mark> two.</a> Th<mark>re</mark> …'
