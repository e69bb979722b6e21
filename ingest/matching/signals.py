"""What speaks for and against two entries being about the same thing, as figures between 0 and 1."""

from math import exp
from typing import NamedTuple

from ingest.matching.pool import Pool, Reading
from ingest.matching.words import spelled
from kb.dates import PartialDate

NEAR_DAYS = 30
FAR_DAYS = 730
WORDS_TOLD = 6
# How much it tells that two dates agree, by how exactly the less exact one is known.
EXACT = {"day": 1.0, "month": 0.6, "year": 0.25}


class Signals(NamedTuple):
    """`title` and `lead`: words in common, the rare ones counting more; `copy`: share of the wording in common;
    `meaning`: how near the embeddings are, None where one is missing; `near` and `far`: the dates; `names`: entities
    in common, `strangers`: both name some, and none in common; `article`: 1 for an article that nobody else cites."""

    title: float
    lead: float
    copy: float
    meaning: float | None
    near: float
    far: float
    names: float
    strangers: float
    article: float


def compare(pool: Pool, one: int, other: int, nearness: float | None) -> Signals:
    """The signals of two entries of the pool, the same in either order."""
    a, b = pool.readings[one], pool.readings[other]
    near, far = dates(a.account.occurred, b.account.occurred)
    return Signals(
        title=pool.words.in_common(a.title, b.title),
        lead=pool.words.in_common(a.lead, b.lead),
        copy=float(a.minhash.jaccard(b.minhash)),
        meaning=nearness,
        near=near,
        far=far,
        names=pool.names.in_common(a.names, b.names),
        strangers=float(bool(a.names and b.names and a.names.isdisjoint(b.names))),
        article=max((2 / max(pool.citing(article), 2) for article in a.articles & b.articles), default=0.0),
    )


def dates(one: PartialDate | None, other: PartialDate | None) -> tuple[float, float]:
    """How near and how far two dates are; neither where one is missing.

    >>> from datetime import date
    >>> dates(PartialDate(date(2024, 2, 1), "month"), PartialDate(date(2024, 2, 14), "day"))
    (0.6, 0.0)
    """
    if one is None or other is None:
        return 0.0, 0.0
    gap = max((max(one.date, other.date) - min(one.last_day(), other.last_day())).days, 0)
    return min(EXACT[one.precision], EXACT[other.precision]) * exp(-gap / NEAR_DAYS), min(gap / FAR_DAYS, 1.0)


def evidence(pool: Pool, one: int, other: int, signals: Signals) -> dict[str, object]:
    """What a curator learns of the comparison, as JSON; kb.proposals puts it into words."""
    a, b = pool.readings[one], pool.readings[other]
    figures = {name: round(value, 3) for name, value in signals._asdict().items() if value is not None}
    return {
        "signals": figures,
        "words": _heaviest(pool, a, b),
        "entities": sorted(_named_in_both(a, b)),
        "articles": sorted(a.articles & b.articles)[:5],
        "dates": [str(reading.account.occurred) for reading in (a, b) if reading.account.occurred],
    }


def _heaviest(pool: Pool, a: Reading, b: Reading) -> list[str]:
    """The words in common that tell most, those of the titles before others, as one of the two spells them."""
    titles = a.title | b.title
    shared = sorted(a.lead & b.lead, key=lambda word: (-pool.words.weight(word), word not in titles, word))
    spelling = spelled(f"{a.account.title}\n{a.account.text}")
    return list(dict.fromkeys(spelling.get(word, word) for word in shared))[:WORDS_TOLD]


def _named_in_both(a: Reading, b: Reading) -> set[str]:
    theirs = {name.casefold() for name in b.account.entities}
    return {name for name in a.account.entities if name.casefold() in theirs}
