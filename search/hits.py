"""From ranked ids to what a reader sees: entries, the passages that matched, and in each the sentence that did most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet

from kb.among import ByIds
from kb.models import Entry, Reference
from kb.places import place_url
from kb.rights import QUOTE_CHARS, may_show_whole, quoted, sees_hidden
from search import vocabulary
from search.analysis import query_terms
from search.explaining import Weight, best_sentence
from search.highlight import matched_terms, matches
from search.models import Passage
from search.ranking import RankedEntry

# What is told of an entry in a list of results.
FIELDS = ("kind", "title", "slug", "summary", "occurred_on", "occurred_precision", "status", "visibility")

Range = tuple[int, int]


@dataclass(frozen=True)
class PassageHit:
    """A passage that matched: `text` is code points `start` to `end` of the stored text of `source`.

    `marks` are the ranges within `text` whose words were asked for, `sentence` is that of the sentence that matched
    best, and `url` opens the entry there. `page` is the number of the page that the sentence is on, or the first of
    the words, or that the text begins on; None where the source has no pages.
    """

    text: str
    start: int
    end: int
    source: str
    reference: Reference | None
    marks: list[Range]
    score: float
    page: int | None = None
    sentence: Range | None = None
    url: str = ""


@dataclass(frozen=True)
class Hit:
    """An entry that was found, the path of its page, and why: its score from 0 to 1, and what words and meaning each
    gave to it."""

    entry: Entry
    path: str
    score: float
    keyword: float
    semantic: float
    words: list[str]
    passages: list[PassageHit]


def _shown(ids: Iterable[int], hidden_too: bool) -> QuerySet[Entry]:
    # Tags and identifiers are in the JSON alone, and are fetched for it: see `answer`.
    return Entry.objects.shown(hidden_too=hidden_too).filter(pk__among=ids).order_by().only(*FIELDS)


class PassageRow(NamedTuple):
    """What is shown of a passage: as `Passage`, of which a page of results would make dozens."""

    pk: int
    text: str
    start: int
    source: str
    reference_id: int | None
    reference: Reference | None = None


_entries = ByIds(_shown)
_stored = ByIds(lambda ids: Passage.objects.filter(pk__among=ids).order_by().values_list(*PassageRow._fields[:-1]))


def hits(shown: Sequence[RankedEntry], text: str, most: int, user: object) -> list[Hit]:
    """Those of the ranked entries that this reader may see, with what explains them, in a fixed number of queries: of
    each the `most` best passages."""
    entries = {entry.pk: entry for entry in _entries([ranked.entry_id for ranked in shown], sees_hidden(user))}
    passages = _passages([passage.id for ranked in shown for passage in ranked.passages[:most]])
    asked, weight = len(query_terms(text)), vocabulary.current().idf
    found = []
    for ranked in shown:
        entry = entries.get(ranked.entry_id)
        if entry is None:
            continue
        path = entry.get_absolute_url()
        own = [
            passage_hit(path, passages[passage.id], text, passage.score, weight)
            for passage in ranked.passages[:most]
            if passage.id in passages
        ]
        words = _words(entry, own, text)[:asked]
        found.append(Hit(entry, path, ranked.score, ranked.keyword, ranked.semantic, words, own))
    return found


def _passages(ids: Sequence[int]) -> dict[int, PassageRow]:
    """With their references, which few have."""
    passages = {row[0]: PassageRow._make((*row, None)) for row in _stored(ids)}
    cited = {passage.reference_id for passage in passages.values() if passage.reference_id}
    if not cited:
        return passages
    references = Reference.objects.defer("text").in_bulk(cited)
    return {
        pk: passage._replace(reference=references[passage.reference_id]) if passage.reference_id else passage
        for pk, passage in passages.items()
    }


def passage_hit(address: str, passage: Passage | PassageRow, query: str, score: float, weight: Weight) -> PassageHit:
    """A passage of the entry whose page has this address, as it may be shown: of a text that may not be republished a
    quote around the sentence."""
    text, start = passage.text, passage.start
    found = matches(query, text)
    marks = [(a, b) for _, a, b in found]
    sentence: Range | None = best_sentence(text, found, weight)
    if passage.reference and not may_show_whole(passage.reference.text_licence):
        first, last = quoted(text, *_focus(sentence or (0, 0), marks))
        text, start = text[first:last], start + first
        marks = [(a - first, b - first) for a, b in marks if a >= first and b <= last]
        sentence = (max(0, sentence[0] - first), min(sentence[1], last) - first) if sentence else None
    where = sentence or (marks[0] if marks else (0, 0))
    page = passage.reference.page_at(start + where[0]) if passage.reference else None
    here = sentence or (0, len(text))
    url = place_url(address, passage.source, start + here[0], text[slice(*here)], passage.reference_id)
    sentence = tuple(sentence) if sentence else None  # type: ignore[assignment]
    return PassageHit(
        text, start, start + len(text), passage.source, passage.reference, marks, score, page, sentence, url
    )


def _focus(sentence: Range, marks: list[Range]) -> Range:
    """What of a sentence has to be in a quote: all of it, or of a long one the stretch with most of the words."""
    start, end = sentence
    inside = [(a, b) for a, b in marks if start <= a and b <= end]
    if end - start <= QUOTE_CHARS or not inside:
        return sentence
    stretches = [
        (a, max(b for x, b in inside if x >= a and b - a <= max(QUOTE_CHARS, first - a))) for a, first in inside
    ]
    return max(stretches, key=lambda stretch: sum(stretch[0] <= a and b <= stretch[1] for a, b in inside))


def _words(entry: Entry, passages: list[PassageHit], query: str) -> list[str]:
    """The words of the query, as found in the title and the passages shown, each once."""
    texts = [(entry.title, matched_terms(query, entry.title)), *((passage.text, passage.marks) for passage in passages)]
    found = [text[a:b].lower() for text, marks in texts for a, b in marks]
    return list(dict.fromkeys(found))
