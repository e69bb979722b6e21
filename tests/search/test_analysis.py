"""How text becomes words."""

from pathlib import Path

import pytest

from search.analysis import query_terms, word_spans, words

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chatbots refunded a refund", ["chatbot", "refund", "a", "refund"]),
        ("GPT-4's api/v1 a:b C++", ["gpt", "4", "api", "v1", "a", "b", "c"]),
        ("naïve CAFÉ Straße İstanbul", ["naiv", "cafe", "strass", "istanbul"]),
        ("cafe\u0301s", ["cafe"]),
        ("it’s don't l'université", ["it", "don't", "l", "universit"]),
        ("人工智能 2024年", ["人", "工", "智", "能", "2024", "年"]),
        ("हिन्दी", ["हिन्दी"]),
        ("🙂 -- \0 \ud800", []),
        ("x\0y", ["x", "y"]),
        ("z" * 101, []),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]):
    assert words(text) == expected


def test_spans_are_code_points_of_the_text_as_given():
    text = "🙂 naïve cafe\u0301s 人工"
    spans = word_spans(text)
    assert [(stem, text[start:end]) for stem, start, end in spans] == [
        ("naiv", "naïve"),
        ("cafe", "cafe\u0301s"),
        ("人", "人"),
        ("工", "工"),
    ]


def test_a_query_is_its_words_without_stop_words():
    assert query_terms("What went wrong with the chatbots of the airline?") == {
        "went": 1,
        "wrong": 1,
        "chatbot": 1,
        "airlin": 1,
    }


def test_words_asked_twice_count_twice():
    assert query_terms("refund the refunds") == {"refund": 2}


def test_a_query_of_stop_words_keeps_them():
    assert query_terms("to be or not to be") == {"to": 2, "be": 2, "or": 1, "not": 1}


def test_query_syntax_is_words():
    assert query_terms('title:x AND "half NOT (') == {"titl": 1, "x": 1, "half": 1}
    assert query_terms("") == {}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Refunds for GPT-4's refund, café", {"refund", "cafe", "4"}),
        ("返金 for Система refunds", {"refund", "金"}),
        ("He's dying; they lie, tied and lying. T's t, don't, 't", {"die", "lie", "tie", "t", "s", "don't"}),
        ("A policy, policies: POLICED. Skies, sky; us, use, USING", {"polici", "polic", "sky", "us", "use"}),
        ("", {"refund"}),
    ],
)
def test_the_spans_of_some_words_are_those_among_all(text: str, wanted: set[str]):
    assert word_spans(text, frozenset(wanted)) == [span for span in word_spans(text) if span[0] in wanted]


def test_every_word_of_the_starter_collection_is_found_by_its_stem():
    """Words are looked for by what their stems begin with, which has to hold of every word that there is."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "kb" / "starter").rglob("*.md"))]
    assert len(texts) > 200
    for text in texts:
        spans = word_spans(text)
        assert word_spans(text, frozenset(stem for stem, _, _ in spans)) == spans
