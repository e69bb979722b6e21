"""Examples in docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("kb", "search", "ingest")
    for path in (ROOT / folder).rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_what_an_example_says_comes_out(module):
    found = doctest.testmod(import_module(module))

    assert found.attempted
    assert not found.failed
