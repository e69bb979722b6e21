"""People use other words than an entry does: the model knows them, so no list of synonyms is kept."""

from pathlib import Path

import pytest

import kb
from search import indexing
from search.query import SearchQuery, search
from tests.factories import make_entry

pytestmark = [pytest.mark.once, pytest.mark.thorough, pytest.mark.django_db, pytest.mark.usefixtures("real_model")]

STARTER = Path(kb.__file__).parent / "starter"
# What is asked, and the entry that is meant, which has none of the words that tell it from the others.
ASKED = {
    "LLM assistant misinformed a passenger": "air-canada-chatbot-refund",
    "facial identification led to wrongful detention": "robert-williams-face-match-arrest",
    "attorneys filed fabricated references": "lawyers-cite-chatgpt-invented-cases",
    "autonomous vehicle fatally struck a cyclist": "uber-self-driving-test-car-kills-pedestrian",
    "recruitment algorithm biased against female candidates": "amazon-recruiting-tool-penalised-women",
    "physicians' speech to text makes things up": "whisper-invents-text-in-medical-transcripts",
    "renter screening discriminates": "saferent-tenant-scores-housing-vouchers",
    "plagiarism checker blames pupils": "turnitin-flags-student-essays",
    "soccer broadcast tracks hairless referee": "football-camera-follows-bald-head",
}


def test_what_is_asked_in_other_words_is_found_first():
    for slug in ASKED.values():
        text = next(STARTER.glob(f"*/{slug}.md")).read_text("utf-8").split("---\n", 2)
        lines = dict(line.split(": ", 1) for line in text[1].splitlines() if line.startswith(("title: ", "summary: ")))
        make_entry(slug=slug, title=lines["title"], summary=lines["summary"], body=text[2])
    indexing.index_pending()

    found = {question: search(SearchQuery(question, limit=2), None).hits for question in ASKED}

    firsts = {question: hits[0].entry.slug for question, hits in found.items()}
    assert firsts == ASKED
