"""The product on its own collection, with the real model: people's questions and the entries they would want first."""

import pytest
from django.core.management import call_command

from search import health
from search.query import SearchQuery, search

pytestmark = [pytest.mark.once, pytest.mark.django_db]

QUESTIONS = {
    "a chatbot that promised a customer something the company would not honour": "air-canada-chatbot-refund",
    "someone held by police because software took him for another man": "robert-williams-face-match-arrest",
    "attorney handed the court citations that the AI made up": "lawyers-cite-chatgpt-invented-cases",
    "hiring software that preferred men": "amazon-recruiting-tool-penalised-women",
    "coding assistant wiped the production database": "replit-coding-agent-deleted-database",
    "employees pasted confidential code into a public chatbot": "samsung-source-code-pasted-into-chatgpt",
    "hospital model that should warn of infections but does not": "epic-sepsis-model-missed-cases",
    "fake video conference with colleagues to get money transferred": "deepfake-cfo-video-call-transfer",
    "government wrongly demanded money back from people on benefits": "robodebt-automated-welfare-debt-notices",
    "self-driving car killed someone crossing the street": "uber-self-driving-test-car-kills-pedestrian",
    "transcription software adds sentences nobody said": "whisper-invents-text-in-medical-transcripts",
    "camera operator replaced by AI keeps following a bald man": "football-camera-follows-bald-head",
    "recipe suggestions that would poison you": "meal-planner-chlorine-gas-recipe",
    "students accused of cheating by an AI text detector": "turnitin-flags-student-essays",
    "malicious dependency got into a machine learning framework": "compromised-pytorch-nightly-dependency",
    "house buying company lost money with its price model": "zillow-offers-price-forecast-losses",
    "let analysts ask questions of the data warehouse in English": "pinterest-text-to-sql",
    "suggest the rest of the sentence while somebody writes an e-mail": "gmail-smart-compose",
    "use a language model to tag columns that hold personal data": "grab-llm-data-classification",
    "how many minutes until the table is free": "yelp-restaurant-wait-times",
    "detect fraud on card top ups": "monzo-top-up-fraud",
    "why does attention use several heads": "multi-head-attention",
    "how does the model know the order of words": "positional-encoding",
    "how is the next word chosen from all possible words": "how-autocomplete-picks-words",
    "reduce the number of dimensions of a data set": "principal-component-analysis",
    "when should I invert a matrix for least squares": "matrix-inversion",
    "serve a large transformer at low latency": "efficiently-scaling-transformer-inference",
    "LLM that plans which tools to call": "chameleon-llm-tool-planning",
    "is the predicted probability trustworthy": "calibration-of-predicted-probabilities",
    "hidden instructions in a document make the assistant do something else": "prompt-injection",
}
FIRST = 5


@pytest.fixture
def collection(real_model):
    call_command("ingest", "starter", now=True, verbosity=0)


def test_questions_in_peoples_own_words_find_what_is_meant(collection):
    missed = {}
    for question, wanted in QUESTIONS.items():
        found = [hit.entry.slug for hit in search(SearchQuery(question, limit=FIRST), user=None).hits]
        if wanted not in found:
            missed[question] = found
    assert missed == {}
    assert health.examine().problems() == []
    _explains_itself()


def _explains_itself():
    """The passage that matched is the stored text, its words are marked, and the parts of the score add up."""
    hit = search(SearchQuery("airline chatbot refund", limit=1), user=None).hits[0]

    assert hit.entry.slug == "air-canada-chatbot-refund"
    assert hit.score == pytest.approx(hit.keyword + hit.semantic)
    assert {"airline", "chatbot"} <= {word.removesuffix("'s") for word in hit.words}
    for passage in hit.passages:
        stored = passage.reference.text if passage.reference else getattr(hit.entry, passage.source)
        assert stored[passage.start : passage.end] == passage.text
