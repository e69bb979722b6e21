"""What the documentation names exists: commands, settings, files and addresses."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import resolve

from ingest.sources import SOURCES

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
CODE = (
    "\n".join(
        path.read_text() for folder in ("kb", "search", "ingest", "tests") for path in (ROOT / folder).rglob("*.py")
    )
    + (ROOT / "bootstrap.py").read_text()
)


def test_every_command_named_exists():
    named = set(re.findall(r"manage\.py ([a-z_]+)", TEXT))

    assert named >= {"up", "ingest", "search", "doctor", "reindex", "evaluate"}
    assert named - set(get_commands()) == set()


def test_every_make_target_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"`?make ([a-z]+)", TEXT)) - targets - {"of", "it"} == set()


def test_every_setting_named_exists_and_every_setting_is_named():
    named = set(re.findall(r"\bKB_[A-Z_]+", (ROOT / "docs" / "operate.md").read_text()))
    read = set(re.findall(r'env\.\w+\("(KB_[A-Z_]+)"', (ROOT / "kb" / "settings.py").read_text()))

    assert read - named == set()
    assert {name for name in named if name not in CODE} == set()


def test_every_source_has_its_section():
    sections = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "sources.md").read_text(), re.M))

    assert sections == set(SOURCES)


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_file_linked_is_there(document):
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()) if "://" not in link]

    assert [link for link in links if link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/docs", "/api/v1/search", "/jobs/", "/search/"])
def test_every_address_named_is_served(path):
    assert path.rstrip("/") in TEXT
    assert resolve(path)


def test_the_size_of_the_starter_collection_is_told_right():
    folders = {"incidents": "incidents", "case-studies": "case studies", "notes": "notes"}
    counts = {said: len(list((ROOT / "kb" / "starter" / name).glob("*.md"))) for name, said in folders.items()}

    assert f"{sum(counts.values())} entries" in (ROOT / "README.md").read_text()
    *most, last = [f"{count} {name}" for name, count in counts.items()]
    assert f"{', '.join(most)} and {last}" in (ROOT / "CHANGELOG.md").read_text()
