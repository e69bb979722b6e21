"""What an entry can be grouped by: the categories it was given, its facts and its tags, and which of them tell most.

Of several taxonomies, and fields within one, the field is used that says what went wrong and labels most of what was
found. Where only some entries are labelled, the others get the category of their nearest labelled neighbours, as a
suggestion. Where no taxonomy has labels at all, themes are suggested from harms and tags.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from django.db.models import Count, Q

from kb.kinds import Kind, flatten
from kb.models import Classification, Entry, Origin
from kb.models.entries import User
from kb.models.taxonomies import NO_NAME
from search import index, similar
from search.analysis import words
from search.best_sentence import vectors_of
from search.engines.base import Vectors
from search.errors import SearchError
from search.grouping import Grouping, Label, by_category, shared, vote

# How well a field of a taxonomy, by its name, answers the question "what went wrong?"
ANSWERS = (
    (3.0, re.compile(r"fail|went wrong|problem nature|cause|lesson", re.IGNORECASE)),
    (2.0, re.compile(r"harm|risk|hazard|vulnerab|issue|impact|effect|error|ethic|tactic", re.IGNORECASE)),
)
PROSPECTIVE = re.compile(r"potential|possible", re.IGNORECASE)
SAID = (Origin.HUMAN, Origin.IMPORTED)
NEIGHBOURS = 7
PASSAGES_ASKED = 64
MOST_LABELLED = 20_000
# A tag this near to the description, or to a sector or technology that the entries name, says what they are about,
# which the reader knows, and not what went wrong.
SUBJECT = 0.55
NAMED_SUBJECT = 0.75
SUBJECT_FACTS = ("sector", "technology", "country", "industry", "purpose")

Field = tuple[int, int | None]  # a taxonomy and a category within it, or its top


def failures(entries: Sequence[Entry], description: str, vectors: Sequence[Vectors], user: User) -> list[Grouping]:
    """Incidents, nearest first, by what went wrong. `entries` have their classifications and tags prefetched."""
    ids = [entry.pk for entry in entries]
    field = _field(entries, user)
    if field is None:
        labels = {entry.pk: [*_of_facts(entry, "harms"), *_of_tags(entry)] for entry in entries}
        return shared(ids, labels, _weights(entries, labels, Kind.INCIDENT, description, vectors, user))
    said = {entry.pk: _labels(entry, field) for entry in entries}
    unlabelled = [id for id in ids if not said[id]]
    said |= _suggested(unlabelled, field, user)
    return by_category(ids, said)


def approaches(entries: Sequence[Entry], description: str, vectors: Sequence[Vectors], user: User) -> list[Grouping]:
    """Case studies, nearest first, by the techniques they name and the tags they share."""
    labels = {entry.pk: [*_of_facts(entry, "techniques"), *_of_tags(entry)] for entry in entries}
    weights = _weights(entries, labels, Kind.CASE_STUDY, description, vectors, user)
    return shared([entry.pk for entry in entries], labels, weights)


def _of_facts(entry: Entry, name: str) -> list[Label]:
    values = entry.facts.get(name, [])
    return [Label(value.strip().lower().replace("-", " "), "facts") for value in values if value.strip()]


def _of_tags(entry: Entry) -> list[Label]:
    return [Label(tag.name.replace("-", " "), "suggested") for tag in entry.tags.all()]


def _labels(entry: Entry, field: Field) -> list[Label]:
    """The entry's categories in a field, each once: a person's word before an import's before a suggestion."""
    found: dict[str, Label] = {}
    for origin in (*SAID, Origin.SUGGESTED):
        for row in entry.classifications.all():
            if row.origin == origin and (row.category.taxonomy_id, row.category.parent_id) == field:
                name = row.category.name
                if not NO_NAME.fullmatch(name):
                    found.setdefault(name, Label(name, str(row.origin), _field_name(row)))
    labels = list(found.values())
    certain = [label for label in labels if label.origin != Origin.SUGGESTED]
    return certain or labels


def _field_name(row: Classification) -> str:
    return " / ".join([row.category.taxonomy.name, *row.category.path[:-1]])


def _field(entries: Sequence[Entry], user: User) -> Field | None:
    """The field that answers best, weighed by how many of the entries it labels; else of all that the reader sees."""
    counts: Counter[tuple[Field, str, str]] = Counter()
    for entry in entries:
        for row in entry.classifications.all():
            if row.origin in SAID:
                counts[((row.category.taxonomy_id, row.category.parent_id), _field_name(row), row.category.name)] += 1
    if not counts:
        rows = (
            Classification.objects.filter(
                origin__in=SAID, entry__in=Entry.objects.visible_to(user).filter(kind=Kind.INCIDENT)
            )
            .values_list(
                "category__taxonomy", "category__parent", "category__taxonomy__name", "category__parent__name",
                "category__name",
            )
            .annotate(count=Count("pk"))
            .order_by("-count", "category__name")[:500]
        )  # fmt: skip
        for taxonomy, parent, taxonomy_name, parent_name, name, count in rows:
            counts[((taxonomy, parent), f"{taxonomy_name} / {parent_name or ''}", name)] += count
    worth: dict[Field, float] = {}
    for (field, name, category), count in counts.items():
        if not NO_NAME.fullmatch(category):
            worth[field] = worth.get(field, 0.0) + count * _answers(name)
    return max(worth, key=lambda field: (worth[field], -field[0], -(field[1] or 0))) if worth else None


def _answers(name: str) -> float:
    worth = next((weight for weight, pattern in ANSWERS if pattern.search(name)), 0.2)
    return worth / 2 if PROSPECTIVE.search(name) else worth


def _suggested(ids: Sequence[int], field: Field, user: User) -> dict[int, list[Label]]:
    """The category of the nearest entries that have one, for each of these where they agree."""
    if not ids:
        return {}
    taxonomy, parent = field
    rows = Classification.objects.filter(
        Q(category__taxonomy=taxonomy, category__parent=parent, origin__in=SAID),
        entry__in=Entry.objects.visible_to(user).filter(kind=Kind.INCIDENT),
    )
    named: dict[int, list[str]] = {}
    titles = rows.values_list("entry", "category__name", "category__taxonomy__name", "category__parent__name")
    title = ""
    for entry_id, name, taxonomy_name, parent_name in titles.order_by("entry")[:MOST_LABELLED]:
        if not NO_NAME.fullmatch(name):
            named.setdefault(entry_id, []).append(name)
            title = " / ".join(filter(None, (taxonomy_name, parent_name)))
    try:
        own, least, engine = similar.vectors(ids), similar.unrelated(), index.reader()
        labelled = np.array(sorted(named), np.int64)
        found = {}
        for id, vector in own.items():
            nearest: dict[int, float] = {}
            for hit in engine.nearest(vector, labelled, PASSAGES_ASKED) if labelled.size else []:
                if hit.entry_id != id and len(nearest) < NEIGHBOURS:
                    nearest.setdefault(hit.entry_id, hit.score)
            name = vote((score - least, named[other]) for other, score in nearest.items())
            if name:
                found[id] = [Label(name, "suggested", title)]
    except SearchError:
        return {}
    return found


def _weights(
    entries: Sequence[Entry],
    labels: Mapping[int, Iterable[Label]],
    kind: str,
    description: str,
    vectors: Sequence[Vectors],
    user: User,
) -> dict[str, float]:
    """How telling each label is: common among entries of this kind, rarer elsewhere, and not what they are about."""
    names = sorted({label.name for own in labels.values() for label in own})
    subjects = sorted({value.lower() for entry in entries for value in _subjects(entry)})
    lifts = _lifts(names, kind, user)
    asked, about = set(words(description)), [set(words(subject)) for subject in subjects]
    to_description, to_subjects = _nearness(names, vectors, subjects)
    weights = {}
    for name in names:
        stems = set(words(name))
        if stems and (stems <= asked or stems in about):
            weights[name] = 0.0
            continue
        known = max(to_description.get(name, 0.0) / SUBJECT, to_subjects.get(name, 0.0) / NAMED_SUBJECT)
        weights[name] = lifts.get(name, 1.0) * max(0.0, 1 - known)
    return weights


def _subjects(entry: Entry) -> list[str]:
    return flatten({name: entry.facts[name] for name in SUBJECT_FACTS if entry.facts.get(name)})


def _lifts(names: Sequence[str], kind: str, user: User) -> dict[str, float]:
    """Of each tag, from 0.5 to 2, how much commoner it is among entries of this kind than among the others."""
    visible = Entry.objects.visible_to(user)
    totals = dict(visible.order_by().values_list("kind").annotate(Count("pk")))
    spelled = {name.replace(" ", "-"): name for name in names} | {name: name for name in names}
    rows = (
        Entry.tags.through.objects.filter(tag__name__in=spelled, entry__in=visible)
        .values_list("tag__name", "entry__kind")
        .annotate(count=Count("pk"))
    )
    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for tag, of_kind, count in rows:
        (inside if of_kind == kind else outside)[spelled[tag]] += count
    here = totals.get(kind, 0)
    elsewhere = sum(totals.values()) - here
    return {
        name: min(
            2.0, max(0.5, 1 + math.log10((inside[name] + 0.5) / (here + 1) / ((outside[name] + 0.5) / (elsewhere + 1))))
        )
        for name in set(inside) | set(outside)
    }


def _nearness(
    names: Sequence[str], vectors: Sequence[Vectors], subjects: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """The best cosine of each name with a part of the description, and with a subject; none without a model."""
    if not names or not len(vectors):
        return {}, {}
    try:
        known = vectors_of([*names, *subjects])
    except SearchError:
        return {}, {}
    own = np.stack([known[name] for name in names])
    to_description = (own @ np.stack(list(vectors)).T).max(axis=1).tolist()
    to_subjects = (own @ np.stack([known[one] for one in subjects]).T).max(axis=1).tolist() if subjects else []
    return dict(zip(names, to_description, strict=True)), dict(zip(names, to_subjects, strict=False))
