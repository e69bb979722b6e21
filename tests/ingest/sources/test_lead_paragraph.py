"""Summaries made of first paragraphs."""

import time

import pytest

from ingest.sources.markdown.lead_paragraph import Lead, split_lead, tidy


def test_the_first_paragraph_is_the_summary_and_its_links_are_kept():
    text = (
        "The [lift](https://example.org/lift) *spoke*.[<sup>\\[1\\]</sup>][1]\nTwice.\n\nIt still does.[2]\n\n"
        '[1]: https://example.org/1 "One"'
    )
    assert split_lead(text) == Lead(
        "The lift spoke. Twice.",
        "It still does.[2]",
        [("https://example.org/lift", "lift"), ("https://example.org/1", "One")],
    )


@pytest.mark.parametrize("text", ["# Heading\n\nText", "- a\n- b", "| a |\n|---|", "```\ncode\n```", "x" * 3000])
def test_what_is_no_paragraph_stays_in_the_text(text):
    assert split_lead(text) == Lead("", text, [])


def test_boxes_become_quotations_and_other_dress_goes():
    text = 'It said<br/>\n<div style="color: red">\n<span>Obey.</span>\nNow.\n</div>\nand we did, x < y.'
    assert tidy(text) == "It said\n\n> Obey.\n> Now.\n\nand we did, x < y."


def test_links_by_reference_stand_where_they_are_used():
    text = (
        "See [it][A] and [that][b], not [this][c].\n\n"
        "[a]: https://example.org/a\n[B]: <https://example.org/b> 'B'\n[d]: https://example.org/d"
    )
    assert tidy(text) == (
        "See [it](https://example.org/a) and [that](https://example.org/b 'B'), not [this][c].\n\n[d]: https://example.org/d"
    )


@pytest.mark.parametrize(
    "text", ["<div>" * 40_000, "[" * 200_000, "[a][" * 50_000, "[a]: \n" * 30_000, "\n \t" * 60_000]
)
def test_hostile_text_takes_bounded_time(text):
    started = time.monotonic()
    split_lead(text)
    assert time.monotonic() - started < 5
