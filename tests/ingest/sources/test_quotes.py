"""Quotations are short, plain and whole words."""

import pytest

from ingest.sources.quotes import quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", ""),
        ("Short.", "Short."),
        ("# A title\n\n> Quoted *words* and `code`\n- one\n2. two", "Quoted words and code one two"),
        ("a" * 400, "a" * 279 + "…"),
        ("word " * 100, "word " * 55 + "word…"),
        ("x" * 278 + ", and more", "x" * 278 + "…"),
        ("x" * 279 + " y", "x" * 279 + "…"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_quotes(text, quoted):
    assert quote(text) == quoted
    assert len(quote(text)) <= 280


def test_a_quotation_is_quick_to_make():
    assert len(quote("* " * 5_000_000)) <= 280
