"""How well an encoder finds what it should: pairs that were held out, and questions that people judged."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from kb.models import Entry
from search.beir import CollectionError, judgements, queries
from search.encoder import Encoder
from search.engines.base import IndexedPassage, Vectors
from search.engines.local import LocalEngine
from search.indexing import embed
from search.metrics import ndcg
from search.models import Passage
from search.ranking import Mode, rank
from search.tuning.pairs import Pair

DEPTH = 10
# Held-out titles look for their text among so many others; more would take longer and decide nothing else.
MOST_OTHERS = 2_000
# Passages that judged questions are answered from.
MOST_PASSAGES = 4_000
# Fewer questions than this decide nothing.
FEWEST_QUESTIONS = 20
ENCODED_AT_ONCE = 64
ENTRIES_AT_ONCE = 20


def found_again(encoder: Encoder, held: Sequence[Pair], others: Sequence[Pair]) -> Iterator[float]:
    """nDCG@10 of each held-out pair: what is asked should find its text, among the texts of the others, by its meaning
    alone. Other texts of its subject are not counted against it."""
    rows = {pair.text: pair.subject for pair in (*others[:MOST_OTHERS], *held)}
    texts, subjects = list(rows), np.array(list(rows.values()))
    at = {text: row for row, text in enumerate(texts)}
    vectors = _vectors(encoder, texts)
    asked = _vectors(encoder, [pair.asked for pair in held])
    for pair, vector in zip(held, asked, strict=True):
        scores = vectors @ vector
        own = at[pair.text]
        better = (scores > scores[own]) & (subjects != pair.subject)
        place = int(better.sum())
        yield 1 / float(np.log2(place + 2)) if place < DEPTH else 0.0


@dataclass(frozen=True)
class Judged:
    """Questions with the entries that answer them, by slug, and how well they do."""

    name: str
    questions: dict[str, str]
    answers: dict[str, dict[str, int]]


def judged() -> list[Judged]:
    """The judged questions whose answers are in this collection: those that come with Precedent, and each folder of
    `judged/` in the data folder that holds queries.jsonl and qrels.tsv with slugs of entries."""
    folders = [Path(settings.BASE_DIR) / "tests" / "search" / "golden"]
    folders += sorted(path for path in (Path(settings.KB_DATA_DIR) / "judged").glob("*") if path.is_dir())
    found = []
    for folder in folders:
        try:
            asked, answers = queries(folder), judgements(folder)
        except CollectionError:
            continue
        slugs = {slug for grades in answers.values() for slug in grades}
        present = set(Entry.objects.filter(slug__in=slugs).values_list("slug", flat=True))
        complete = {id: grades for id, grades in answers.items() if id in asked and grades.keys() <= present}
        if len(complete) >= FEWEST_QUESTIONS:
            found.append(Judged(folder.name, {id: asked[id] for id in complete}, complete))
    return found


def answered(
    encoder: Encoder, questions: Judged, modes: Sequence[Mode], breathe: Callable[[], None]
) -> dict[str, list[float]]:
    """nDCG@10 of each question in each mode, along the path of the product, in an index beside. `breathe` is called
    every few passages. Vectors are those stored, and are stored."""
    slug_of = dict(Entry.objects.values_list("pk", "slug"))
    found: dict[str, list[float]] = {mode: [] for mode in modes}
    with (
        tempfile.TemporaryDirectory(prefix="judged-") as scratch,
        LocalEngine(scratch, encoder.fingerprint, encoder.dimension, writable=True) as engine,
    ):
        for rows in _passages(questions, slug_of):
            vectors = embed(encoder, [(row.entry.title, row) for row in rows])
            engine.upsert(
                [
                    IndexedPassage(row.pk, row.entry_id, row.entry.title, row.text, "", vectors[row.text_hash])
                    for row in rows
                ]
            )
            breathe()
        for id, text in questions.questions.items():
            for mode in modes:
                ranking = rank(text, engine, encoder, mode=mode, limit=DEPTH)
                slugs = [slug_of[entry.entry_id] for entry in ranking.entries]
                found[mode].append(ndcg(slugs, questions.answers[id], DEPTH))
    return found


def _passages(questions: Judged, slugs: Mapping[int, str]) -> Iterator[list[Passage]]:
    """The passages of all answers and of as many other entries as there is room for, the same ones every time, a few
    at a time."""
    answers = {slug for grades in questions.answers.values() for slug in grades}
    order = sorted(slugs, key=lambda pk: (slugs[pk] not in answers, hashlib.blake2b(slugs[pk].encode()).digest()))
    found = 0
    for first in range(0, len(order), ENTRIES_AT_ONCE):
        rows = Passage.objects.filter(entry__in=order[first : first + ENTRIES_AT_ONCE]).order_by("entry", "pk")
        kept = list(rows.select_related("entry").defer("entry__body", "entry__facts"))
        yield kept
        found += len(kept)
        if found >= MOST_PASSAGES:
            return


def _vectors(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    made = [encoder.encode(texts[at : at + ENCODED_AT_ONCE]) for at in range(0, len(texts), ENCODED_AT_ONCE)]
    return np.concatenate(made) if made else np.empty((0, encoder.dimension), np.float32)
