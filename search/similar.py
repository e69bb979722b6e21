"""What search can say about entries being alike, for whoever asks through kb.similar."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Mod

from kb.among import ByIds
from search import index, vocabulary
from search.engines.base import Ids, Vectors
from search.errors import SearchError
from search.models import Indexing, Passage

log = logging.getLogger(__name__)

# An entry says in its own first passages what it is about; reports that it cites tell more than that.
OWN = ("summary", "body", "title")
FIRST = 4
PASSAGES_PER_ENTRY = 8
AT_ONCE = 500
SAMPLE = 400
ENOUGH = 100

# Of one field, and no two about the same thing.
STRANGERS = (
    "An autopilot took a reef for open water, and a ferry ran aground.",
    "A lender's credit model gave women lower limits than men with the same income.",
    "A chatbot of a pharmacy recommended twice the safe dose of a painkiller.",
    "Face recognition led the police to arrest a man who was in another town that day.",
    "A cloned voice made an accountant transfer money to a stranger.",
    "A hospital's triage software overlooked patients with rare diseases.",
    "A school's grading algorithm marked down pupils from small villages.",
    "Somebody hid instructions in a web page, and a coding agent deleted the files of a company.",
)


def vectors(entry_ids: Sequence[int]) -> dict[int, Vectors]:
    """The mean of the vectors of each entry's first own passages, of unit length; none for what is not indexed.

    Passages that stand in several entries, word for word, count only where an entry has no others.
    """
    chosen = {
        id: pks
        for first in range(0, len(entry_ids), AT_ONCE)
        for id, pks in _passages(entry_ids[first : first + AT_ONCE])
    }
    try:
        stored = index.reader().vectors([pk for pks in chosen.values() for pk in pks])
    except SearchError as error:
        log.warning("nothing is known of meanings: %s", error)
        return {}
    found = {}
    for id, pks in chosen.items():
        if present := [stored[pk] for pk in pks if pk in stored]:
            found[id] = _unit(np.mean(present, axis=0))
    return found


def nearest(entry_ids: Sequence[int], count: int, among: Ids | None = None) -> dict[int, list[int]]:
    """Up to `count` entries with the passages nearest to each of these, `among` rising ids or all; none for what is not
    indexed."""
    found = {}
    for id, vector in vectors(entry_ids).items():
        hits = index.reader().nearest(vector, among, (count + 1) * PASSAGES_PER_ENTRY)
        found[id] = [other for other in dict.fromkeys(hit.entry_id for hit in hits) if other != id][:count]
    return found


def encode(texts: Sequence[str]) -> Vectors:
    """Vectors of texts that are in no index, (n, dimension). Raises SemanticUnavailable without a model."""
    return index.encoder().encode(texts)


def unrelated() -> float:
    """The mean cosine that the model gives to things that have nothing in common; 1 where there is no model."""
    try:
        return _unrelated(index.encoder().fingerprint)
    except SearchError as error:
        log.warning("nothing is known of meanings: %s", error)
        return 1.0


def waiting() -> int:
    """How many entries the index still has to follow, without those that it cannot."""
    return Indexing.objects.workable().count()


@lru_cache(maxsize=4)
def _unrelated(fingerprint: str) -> float:
    made = index.encoder().encode(STRANGERS)
    return float((made @ made.T)[np.triu_indices(len(STRANGERS), 1)].mean())


def common() -> Vectors | None:
    """What all entries say alike, as a direction: the mean over passages of the whole collection. None where there
    are too few to tell. Made anew when the collection has become another."""
    try:
        return _common(index.encoder().fingerprint, str(settings.KB_DATA_DIR), vocabulary.current().stamp)
    except SearchError as error:
        log.warning("nothing is known of meanings: %s", error)
        return None


@lru_cache(maxsize=4)
def _common(fingerprint: str, folder: str, stamp: tuple[int, ...]) -> Vectors | None:
    own = Passage.objects.filter(source__in=OWN).order_by()
    every = max(1, vocabulary.current().passages // SAMPLE)
    chosen = list(own.annotate(part=Mod(F("pk"), every)).filter(part=0).values_list("pk", flat=True)[:SAMPLE])
    stored = index.reader().vectors(chosen) if len(chosen) >= ENOUGH else {}
    return np.mean(list(stored.values()), axis=0) if stored else None


def _own_rows(entry_ids: Iterable[int], with_text: bool) -> QuerySet[Passage, Any]:
    own = Passage.objects.filter(entry__pk__among=entry_ids, source__in=OWN).order_by("entry_id", "-source", "start")
    return own.values_list("entry_id", "pk", *(("text",) if with_text else ()))


_own = ByIds(_own_rows)


def _passages(entry_ids: Sequence[int]) -> list[tuple[int, list[int]]]:
    """The first own passages of each entry, without those that stand in several entries, unless it has no others."""
    recurring = vocabulary.current().recurring
    rows: defaultdict[int, list[int]] = defaultdict(list)
    repeated: defaultdict[int, list[int]] = defaultdict(list)
    for entry_id, pk, *text in _own(entry_ids, bool(recurring)):
        told = repeated if text and vocabulary.key(text[0]) in recurring else rows
        if len(told[entry_id]) < FIRST:
            told[entry_id].append(pk)
    return list({**repeated, **rows}.items())


def _unit(vector: Vectors) -> Vectors:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
