"""What was written in small letters, as sources write facts, as a reader expects to see it."""

import re

ACRONYMS = re.compile(
    r"\b(?:a/b|ai|api|asr|bm25|cctv|gdpr|gpt|gpu|llm|mcp|ml|nlp|ocr|rag|sql|tts)(s?)\b", re.IGNORECASE
)
WORD = re.compile(r"[^\W_]+")
WITHIN_NAMES = {"and", "of", "the"}


def as_label(value: str) -> str:
    """To stand by itself.

    >>> as_label("generative ai"), as_label("llms"), as_label("a/b testing"), as_label("")
    ('Generative AI', 'LLMs', 'A/B testing', '')
    """
    spelled = with_acronyms(value)
    return spelled[:1].upper() + spelled[1:]


def with_acronyms(value: str) -> str:
    """Within a text.

    >>> with_acronyms("a rag pipeline behind an api")
    'a RAG pipeline behind an API'
    """
    return ACRONYMS.sub(lambda found: found[0][: -1 if found[1] else None].upper() + found[1].lower(), value)


def as_place(value: str) -> str:
    """A country that has no capital gets them.

    >>> as_place("united states of america"), as_place("Côte d’Ivoire"), as_place("guinea-bissau")
    ('United States of America', 'Côte d’Ivoire', 'Guinea-Bissau')
    """
    if value != value.lower():
        return value
    return WORD.sub(lambda word: word[0] if word[0] in WITHIN_NAMES and word.start() else word[0].capitalize(), value)


def as_fact(value: str, name: str) -> str:
    """The value of a fact by which lists are narrowed down (`kb.kinds.FACTS`), within a list of several."""
    return as_place(value) if name == "country" else with_acronyms(value)
