"""Facts that sources write in small letters are shown as they are spelled, and asked for as they are written."""

import pytest

from kb.labels import as_fact, as_label, with_acronyms
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("large language models", "large language models"),
        ("llm-as-judge", "LLM-as-judge"),
        ("llms behind apis", "LLMs behind APIs"),
        ("Rag and bone", "RAG and bone"),
        ("email", "email"),
        ("chai", "chai"),
        ("xGPT", "xGPT"),
        ("AI", "AI"),
        ("a/b tests", "A/B tests"),
        ("人工智能 ai", "人工智能 AI"),
    ],
)
def test_acronyms_are_written_in_capitals_where_they_are_words(written, spelled):
    assert with_acronyms(written) == spelled


def test_a_label_begins_with_a_capital_and_a_country_has_them_where_it_had_none():
    assert as_label("ai agents in law") == "AI agents in law"
    assert [as_fact(name, "country") for name in ("united kingdom", "USA", "isle of man", "the gambia")] == [
        *("United Kingdom", "USA", "Isle of Man", "The Gambia"),
    ]
    assert as_fact("united front", "sector") == "united front"


def test_pages_spell_them_and_ask_for_what_is_written(client):
    entry = make_entry(facts={"country": ["united states"], "technology": ["llm agents"]})

    page = client.get(entry.get_absolute_url()).content.decode()
    shown = client.get("/incidents/?country=united+states&technique=llm+agents").content.decode()

    assert '<a href="/incidents/?country=united%20states">United States</a>' in page
    assert '<a href="/incidents/?technique=llm%20agents">LLM agents</a>' in page
    assert "Country: United States" in shown
    assert "Technique: LLM agents" in shown
    assert entry.title in shown
