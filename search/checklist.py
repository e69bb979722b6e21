"""What to ask at the review: drawn from what was found, word for word, and from nowhere else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kb.models import Entry
from search.best_sentence import best_sentences
from search.description import Part
from search.engines.base import Vectors

LESSONS = re.compile(
    r"^#{1,4}[ \t]+(?:what (?:to learn|we learned|they learned|to take away|to keep in mind)|lessons?\b.*|takeaways?"
    r"|recommendations?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
HEADING = re.compile(r"^#{1,4}[ \t]", re.MULTILINE)
MOST_FAILURES = 5
MOST_LESSONS = 6
MOST_QUESTIONS = 4

Sort = Literal["failure", "lesson", "question"]


@dataclass(frozen=True)
class Item:
    """`text` stands in the entries: the name of what went wrong in them, a sentence of what was learnt, or a question
    of a note."""

    sort: Sort
    text: str
    entries: list[Entry]


def lessons_of(body: str) -> str:
    """What the entry says under its heading for what was learnt; "" where there is none."""
    heading = LESSONS.search(body)
    if not heading:
        return ""
    following = HEADING.search(body, heading.end())
    return body[heading.end() : following.start() if following else len(body)].strip()


def checklist(
    failures: Sequence[tuple[str, list[Entry]]],
    learnt: Sequence[tuple[Entry, Part, Vectors | None]],
    notes: Iterable[Entry],
) -> list[Item]:
    """Failures by name with the incidents in which they happened; of each entry in `learnt` the sentence about what was
    learnt that is nearest to the part of the description; questions of the notes."""
    items = [Item("failure", name, entries) for name, entries in failures[:MOST_FAILURES]]
    sections = [(entry, part, vector, lessons_of(entry.body)) for entry, part, vector in learnt]
    sections = [section for section in sections if section[3]][:MOST_LESSONS]
    spans = best_sentences([(text, vector, part.text) for _, part, vector, text in sections])
    for (entry, _, _, text), span in zip(sections, spans, strict=True):
        items.append(Item("lesson", " ".join(text[span.start : span.end].split()), [entry]))
    asked = [Item("question", question, [note]) for note in notes for question in note.facts.get("questions", [])[:2]]
    return items + asked[:MOST_QUESTIONS]
