"""Measure search on an instance as it stands: graded questions whose answers are entries, named by their slugs.

A folder holds the questions as `queries.jsonl` (`{"_id", "text", "style"}`) and the grades as `qrels.tsv`. There is no
corpus in it: the entries of the instance are what is searched, the way a reader would search them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kb.models import Entry
from kb.models.entries import User
from search import index
from search.beir import CollectionError, judgements, queries
from search.evaluation import MEASURES, Measurement, Scores
from search.models import Passage
from search.progress import Told
from search.query import MAX_LIMIT, MODES, SearchQuery, search


@dataclass(frozen=True)
class Answered:
    """A question, the grades of the entries that answer it, and the slugs that each mode found, best first."""

    id: str
    text: str
    style: str
    grades: dict[str, int]
    found: dict[str, list[str]]

    def value(self, mode: str, measure: str) -> float:
        """What `mode` reached for this question; `measure` is one of `search.evaluation.MEASURES`."""
        function, k = MEASURES[measure]
        return function(self.found[mode], self.grades, k)


def evaluate_instance(folder: Path | str, user: User = None, progress: Told | None = None) -> Scores:
    """How well the entries that `user` may see are found, in the form of `search.evaluation.evaluate`.

    Raises CollectionError naming file and line, or when the instance holds none of the graded entries.
    """
    return scores(ask(folder, user, progress=progress))


def measure_instance(folder: Path | str, user: User = None, progress: Told | None = None) -> Measurement:
    """Like `evaluate_instance`, query by query. What is counted of documents and passages is what `user` may see."""
    answered = ask(folder, user, progress=progress)
    entries = Entry.objects.visible_to(user)
    return Measurement(
        name=Path(folder).resolve().name,
        engine=str(index.store()),
        fingerprint=index.fingerprint(),
        documents=entries.count(),
        passages=Passage.objects.filter(entry__in=entries).count(),
        queries={each.id: each.text for each in answered},
        values={mode: {name: [each.value(mode, name) for each in answered] for name in MEASURES} for mode in MODES},
    )


def ask(folder: Path | str, user: User = None, depth: int = MAX_LIMIT, progress: Told | None = None) -> list[Answered]:
    """Every question of the folder, asked in every mode; `depth` entries of each answer are kept, at most 100.

    A graded entry that `user` cannot see counts as not there, and a question with none left is not asked.
    """
    folder, report = Path(folder), progress or (lambda *_: None)
    texts, graded, styles = queries(folder), judgements(folder), _styles(folder)
    named = {slug for grades in graded.values() for slug in grades}
    there = set(Entry.objects.visible_to(user).filter(slug__in=named).values_list("slug", flat=True))
    known = {id: {slug: grade for slug, grade in grades.items() if slug in there} for id, grades in graded.items()}
    asked = {id: texts[id] for id, grades in known.items() if grades and id in texts}
    if not asked:
        raise CollectionError(f"{folder}: this instance has none of the entries that the judgements name")
    answered = []
    for done, (id, text) in enumerate(asked.items(), 1):
        found = {mode: _found(text, mode, depth, user) for mode in MODES}
        answered.append(Answered(id, text, styles.get(id, ""), known[id], found))
        report("search", done, len(asked))
    return answered


def scores(answered: Iterable[Answered], measures: Iterable[str] = tuple(MEASURES)) -> Scores:
    """Averages over the questions, by mode and measure."""
    answered, measures = list(answered), list(measures)
    return {
        mode: {name: sum(each.value(mode, name) for each in answered) / len(answered) for name in measures}
        for mode in MODES
    }


def worst(answered: Iterable[Answered], count: int, mode: str = "hybrid", measure: str = "ndcg@10") -> list[Answered]:
    """The questions for which least was reached, the worst first."""
    return sorted(answered, key=lambda each: each.value(mode, measure))[:count]


def _found(text: str, mode: str, depth: int, user: User) -> list[str]:
    query = SearchQuery(text, mode=mode, limit=depth)  # type: ignore[arg-type]
    return [hit.entry.slug for hit in search(query, user).hits]


def _styles(folder: Path) -> dict[str, str]:
    """How each question is asked, as its line says; the lines were checked when the texts were read."""
    lines = (folder / "queries.jsonl").read_text("utf-8-sig").split("\n")
    rows = [json.loads(line) for line in lines if line.strip()]
    return {str(row["_id"]): str(row.get("style", "")) for row in rows}
