"""A small collection behind a real server, and a browser that complains about nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from search import indexing
from tests.factories import make_category, make_entry, make_reference

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"


@pytest.fixture
def collection(transactional_db) -> None:
    """Entries of every kind, enough for two pages of incidents, with long words, math and a table."""
    case = make_entry(
        kind="case_study",
        title="A bank ships a support assistant",
        summary="The assistant quotes the fee table.",
        tags=["chatbots"],
        facts={"industry": "finance", "techniques": ["retrieval"]},
        occurred_on="2025",
    )
    note = make_entry(
        kind="note",
        title="Calibration",
        slug="calibration",
        body="A score $p$ with\n\n$$\\frac{1}{n}\\sum_i (p_i - y_i)^2"
        + " + x_i" * 60
        + "$$\n\nand $\\frac{1}{$ broken, "
        "for $5 and $6.\n\n```python\nprint('" + "long " * 40 + "')\n```\n\n| " + " | ".join(["column"] * 12) + " |\n"
        "|" + "--|" * 12 + "\n| " + " | ".join(["value"] * 12) + " |\n",
        facts={"resource": "paper", "questions": ["What is calibration?"]},
        occurred_on="2024",
    )
    make_entry(
        title=f"Airline bot promised a refund, {LONG}",
        slug="airline-bot",
        summary="A chatbot promised a refund that the airline did not pay.",
        body="## What happened\n\nThe chatbot was wrong.\n\n## Why\n\nNobody compared its answers with the rules.",
        tags=["chatbots", "airlines", LONG.lower()],
        entities={"deployer": ["Air Canada"], "harmed": [LONG]},
        ids={"aiid": "639"},
        categories=[make_category("Financial loss")],
        references=[
            make_reference(
                url="https://news.example/" + "long-path/" * 20, title="", text="The tribunal said so. " * 40
            ),
            make_reference(title="Post-mortem", text="All of it. " * 40, text_licence="CC-BY-4.0"),
        ],
        see_also=[case, note],
        occurred_on="2024-02-14",
    )
    for number in range(30):
        make_entry(
            title=f"Ferry {number:02}", summary="A ferry hit a reef.", tags=["ships"], occurred_on=str(1990 + number)
        )
    indexing.index_pending()


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that fails its test when a script fails or the content policy is broken."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.set_default_timeout(10_000)
    yield page
    assert wrong == []
