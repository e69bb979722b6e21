"""The product on its own collection, with the real model: what people ask, and the entries they would want first."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from search import golden, health
from search.golden import Answered
from search.query import SearchQuery, search

pytestmark = [pytest.mark.once, pytest.mark.thorough, pytest.mark.django_db]

GOLDEN = Path(__file__).parent / "golden"
MODEL = "all-MiniLM-L6-v2"
# nDCG@10, a little below what is reached: what is lost below these is lost by a change, not by chance. Raise them with
# what is reached.
FLOOR = {"keyword": 0.59, "vector": 0.62, "hybrid": 0.685}
FLOOR_OF_STYLE = {"keywords": 0.755, "question": 0.685, "description": 0.615}

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


@pytest.fixture(scope="module")
def indexed(django_db_setup, django_db_blocker, tmp_path_factory, prepared_models):
    """The starter collection, embedded once for all tests here and taken back after them; the data folder it is in."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "models").symlink_to(prepared_models)
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(KB_DATA_DIR=folder, KB_EMBEDDER=MODEL):
            call_command("ingest", "starter", now=True, verbosity=0)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def collection(indexed, settings):
    settings.KB_DATA_DIR, settings.KB_EMBEDDER = indexed, MODEL


def test_questions_in_peoples_own_words_find_what_is_meant(collection):
    missed = {}
    for question, wanted in QUESTIONS.items():
        found = [hit.entry.slug for hit in search(SearchQuery(question, limit=FIRST), user=None).hits]
        if wanted not in found:
            missed[question] = found
    assert missed == {}
    assert health.examine().problems() == []


def test_a_hit_explains_itself(collection):
    """The passage that matched is the stored text, its words are marked, and the parts of the score add up."""
    hit = search(SearchQuery("airline chatbot refund", limit=1), user=None).hits[0]

    assert hit.entry.slug == "air-canada-chatbot-refund"
    assert hit.score == pytest.approx(hit.keyword + hit.semantic)
    assert {"airline", "chatbot"} <= {word.removesuffix("'s") for word in hit.words}
    for passage in hit.passages:
        stored = passage.reference.text if passage.reference else getattr(hit.entry, passage.source)
        assert stored[passage.start : passage.end] == passage.text


def test_graded_questions_are_answered_as_well_as_before(collection):
    answered = golden.ask(GOLDEN, depth=10)
    reached = {mode: values["ndcg@10"] for mode, values in golden.scores(answered, ["ndcg@10"]).items()}
    of_style = {style: _hybrid(each for each in answered if each.style == style) for style in FLOOR_OF_STYLE}
    told = f"reached {reached}, hybrid by style {of_style}; worst:\n{_worst(answered)}"

    assert all(reached[mode] >= floor for mode, floor in FLOOR.items()), told
    assert all(of_style[style] >= floor for style, floor in FLOOR_OF_STYLE.items()), told
    assert reached["hybrid"] >= max(reached["keyword"], reached["vector"]) + 0.03, told


def _hybrid(answered) -> float:
    return golden.scores(answered, ["ndcg@10"])["hybrid"]["ndcg@10"]


def _worst(answered: list[Answered]) -> str:
    return "\n".join(
        f"{each.value('hybrid', 'ndcg@10'):.2f}  {each.id}  {each.text[:60]}\n"
        f"      wanted {[slug for slug, grade in each.grades.items() if grade == 3]}\n"
        f"      found  {each.found['hybrid'][:5]}"
        for each in golden.worst(answered, 10)
    )
