"""A collection of any size that is indexed already, made up and written in bulk: for measuring searches.

Embedding a hundred thousand passages takes an hour. Here only the sentences of the starter collection are embedded: the
passages are made of them, and so are their vectors, with noise in the directions in which real vectors differ.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

import numpy as np
from django.db import transaction

from kb import planning
from kb.models import Entry, ExternalId, Tag
from search import index
from search.benchmarks.made_around import Around, facts
from search.benchmarks.made_snapshot import _sentences as starter_sentences
from search.engines.base import Engine, IndexedPassage, Vectors
from search.models import Embedding, Indexing, Passage
from search.text import embedded_text

PASSAGES_EACH = 10
SENTENCES_EACH = 5
# Some sentences are what a text is about, others are said in passing.
WEIGHTS = np.array([1.0, 0.7, 0.5, 0.3, 0.2], np.float32)
NOISE = 0.3
ENTRIES_AT_ONCE = 500
# Slugs of tags, and of how many entries in a hundred each is; the rest of the tags are topics.
SHARES = {"one-percent": 1, "ninety-percent": 90}
TOPICS = 40
KINDS = ("incident", "incident", "incident", "case_study", "note")


class _Made(NamedTuple):
    """An entry with the texts of its passages and the sentences that each of them is made of."""

    entry: Entry
    texts: list[str]
    chosen: list[list[int]]


class Sentences:
    """What everything is made of: sentences with their vectors, and the noise between real ones."""

    def __init__(self) -> None:
        self.texts = starter_sentences()
        self.vectors = index.encoder().encode(self.texts)
        spread = np.cov(self.vectors.T) + 1e-6 * np.eye(self.vectors.shape[1])
        self._noise = np.linalg.cholesky(spread).astype(np.float32).T

    def blend(self, chosen: list[list[int]], chance: np.random.Generator) -> Vectors:
        """A unit vector for each text that is made of these sentences."""
        mixed = np.einsum("nsd,s->nd", self.vectors[np.array(chosen)], WEIGHTS)
        mixed += NOISE * chance.standard_normal(mixed.shape, np.float32) @ self._noise
        return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def fill(passages: int, seed: int = 11) -> None:
    """Write a collection of so many passages, ten to an entry, with its index, into an instance that is empty."""
    assert not Entry.objects.exists(), "only an empty instance is filled"
    chance, sentences = np.random.default_rng(seed), Sentences()
    tags = {
        slug: Tag.objects.create(name=slug, slug=slug) for slug in (*SHARES, *map("topic-{}".format, range(TOPICS)))
    }
    entries = -(-passages // PASSAGES_EACH)
    around = Around(entries, seed)
    with index.rebuild(index.chosen()) as engine:
        made = _entries(entries, sentences, seed)
        while some := list(islice(made, ENTRIES_AT_ONCE)):
            with transaction.atomic():
                _write(some, sentences.blend([row for one in some for row in one.chosen], chance), engine, tags)
                around.write([one.entry for one in some])
    planning.keep_up()


def questions(count: int, seed: int = 5) -> list[str]:
    """Distinct questions of three to sixteen words, of sentences of the starter collection."""
    chance, sentences = random.Random(seed), starter_sentences()  # noqa: S311 - the same ones every time
    found: dict[str, None] = {}
    while len(found) < count:
        first, second = chance.choice(sentences).split(), chance.choice(sentences).split()
        start, length = chance.randrange(max(1, len(first) - 4)), chance.randrange(3, 11)
        words = first[start : start + length] + second[: chance.choice((0, 0, 3, 6))]
        found[" ".join(words).strip(" .,;:?!“”\"'()")] = None
    return list(found)


def _entries(count: int, sentences: Sentences, seed: int) -> Iterator[_Made]:
    chance = random.Random(seed)  # noqa: S311 - the same collection every time
    numbers = range(len(sentences.texts))
    for number in range(1, count + 1):
        chosen = [chance.choices(numbers, k=SENTENCES_EACH) for _ in range(PASSAGES_EACH)]
        texts = [" ".join(sentences.texts[at] for at in row) for row in chosen]
        title = f"{' '.join(sentences.texts[chosen[0][0]].split()[:9])} ({number})"
        kind = chance.choice(KINDS)
        entry = Entry(
            kind=kind,
            title=title,
            slug=f"made-{number}",
            summary=sentences.texts[chosen[0][0]],
            body="\n\n".join(texts),
            occurred_on=date(chance.randrange(2012, 2026), chance.randrange(1, 13), chance.randrange(1, 29)),
            occurred_precision="day",
            licence="CC0-1.0",
            facts=facts(kind, chance),
        )
        entry.content_hash = entry.hash_content()
        yield _Made(entry, texts, chosen)


def _write(some: list[_Made], vectors: Vectors, engine: Engine, tags: dict[str, Tag]) -> None:
    entries = Entry.objects.bulk_create([made.entry for made in some])
    ExternalId.objects.bulk_create([ExternalId(entry=entry, namespace="made", value=entry.slug) for entry in entries])
    Entry.tags.through.objects.bulk_create(
        [Entry.tags.through(entry_id=entry.pk, tag_id=tags[slug].pk) for entry in entries for slug in _tags(entry.pk)]
    )
    Indexing.objects.bulk_create(
        [Indexing(entry_id=entry.pk, wanted=1, indexed=1, changed_at=entry.created_at) for entry in entries]
    )
    rows = Passage.objects.bulk_create([row for made in some for row in _passages(made)])
    fingerprint = index.encoder().fingerprint
    Embedding.objects.bulk_create(
        [
            Embedding(text_hash=row.text_hash, fingerprint=fingerprint, vector=vector.astype("<f4").tobytes())
            for row, vector in zip(rows, vectors, strict=True)
        ],
        ignore_conflicts=True,
    )
    engine.upsert(
        [
            IndexedPassage(row.pk, row.entry_id, row.entry.title, row.text, _context(row.entry), vector)
            for row, vector in zip(rows, vectors, strict=True)
        ]
    )


def _passages(made: _Made) -> Iterator[Passage]:
    start = 0
    for text in made.texts:
        digest = hashlib.sha256(embedded_text(made.entry.title, text).encode()).hexdigest()
        yield Passage(entry=made.entry, source="body", start=start, end=start + len(text), text=text, text_hash=digest)
        start += len(text) + 2


def _tags(number: int) -> list[str]:
    """Spread evenly, so that a share of the entries is that share of any part of them."""
    return [f"topic-{number % TOPICS}", *(slug for slug, share in SHARES.items() if number * 37 % 100 < share)]


def _context(entry: Entry) -> str:
    return " · ".join([*_tags(entry.pk), f"made {entry.slug}"])
