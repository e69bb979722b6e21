"""What somebody is about to build, in their own words, and the parts of it that are compared one by one."""

from dataclasses import dataclass

from search.chunking import passages

MAX_CHARS = 60_000
# Two or three sentences: of a longer part, one telling sentence hardly moves the vector.
PART_CHARS = 480


class BadDescription(ValueError):
    """A description that cannot be looked up; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the description that can be shown as it was written; `number` counts from 1."""

    number: int
    text: str


def clean_description(text: str) -> str:
    """The text as it is looked up and kept: lines end in one way, nothing around it. Raises BadDescription.

    >>> clean_description(" a bot\\r\\nthat pays ")
    'a bot\\nthat pays'
    """
    text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs are no text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").strip()
    if not text:
        raise BadDescription("Say what you are about to build: one sentence is enough.")
    if len(text) > MAX_CHARS:
        raise BadDescription(
            f"This description has {len(text):,} characters, and {MAX_CHARS:,} are the most that can be looked up: "
            "leave out what is not about the system itself."
        )
    return text


def parts_of(text: str) -> list[Part]:
    """The description cut where its headings, paragraphs and sentences end; at least one part, in order."""
    spans = passages(text, PART_CHARS)
    return [Part(number, text[span.start : span.end]) for number, span in enumerate(spans, start=1)]
