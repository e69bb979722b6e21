"""Precedents in the starter collection with the real model: what must be found, and what must be called far."""

import pytest
from django.core.management import call_command

from search.precedents import precedents

pytestmark = [pytest.mark.once, pytest.mark.thorough, pytest.mark.django_db]

CLOSE = {
    "a support chatbot that can issue refunds": ("air-canada-chatbot-refund", "lyft-support-agents"),
    "face recognition at the entrance of a stadium": (
        "robert-williams-face-match-arrest",
        "face-recognition-and-base-rates",
    ),
    "an agent with write access to production": ("replit-coding-agent-deleted-database", "prompt-injection"),
    "ranking model for job applicants": (
        "amazon-recruiting-tool-penalised-women",
        "fairness-metrics-and-their-conflicts",
    ),
}
FAR = (
    "how to grow tomatoes",
    "hjkl tyui vbnm qazw sxed crfv",
    "Melt the butter, stir in flour and milk, season the sauce with nutmeg and bake it with macaroni and cheese.",
    "repaint the kitchen walls white",
    "a bookshelf made of oak",
    "yoga for beginners",
    "history of the Roman aqueducts",
)
DESIGN = """# Refund assistant

## Background

The team has six people. Meetings are on Tuesdays, and the office will be repainted in spring.

## Identity

Customers who are not signed in are verified by a short selfie video that is compared with the photo of their
identity document.

## Launch

We begin with five per cent of traffic in an A/B test for two weeks.
"""


def test_what_is_close_is_found_and_what_is_far_is_called_far(real_model):
    call_command("ingest", "starter", now=True, verbosity=0)

    for text, wanted in CLOSE.items():
        found = precedents(text, None)
        assert set(wanted) <= {one.entry.slug for one in found.all}, text
        assert any(item.sort == "lesson" for item in found.checklist)
        assert any(group.label.name for group in found.shelves["incident"].groups)
    assert {text: precedents(text, None).nothing_close for text in FAR} == dict.fromkeys(FAR, True)
    recipe = "\n\n".join(f"## Dish {number}\n\n{FAR[2]} {FAR[0]}." for number in range(60))
    assert precedents(recipe, None).nothing_close

    found = precedents(DESIGN, None)
    because = {one.entry.slug: one.part.text for one in found.all}
    assert because["id-me-verification-beaten-with-wigs"].startswith("## Identity")
    assert because["ab-testing-pitfalls"].startswith("## Launch")
    sentence = next(one.quote.text for one in found.all if one.entry.slug == "ab-testing-pitfalls")
    assert "`" not in sentence
