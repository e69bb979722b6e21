"""Everything that is held, and whether it is what the database says."""

from typing import Any

import numpy as np
from django.db import transaction

from kb import held
from kb.held import Held, Named
from kb.models import Classification, EntityRole, Entry, EntryReference, ExternalId, Fact, Reference
from tests.factories import make_category, make_entry, make_reference

# What is held -> the table that it is read from.
READ: dict[Any, Any] = {
    held.tags: Entry.tags.through,
    held.categories: Classification,
    held.entities: EntityRole,
    held.references: EntryReference,
    held.published: Reference,
    held.namespaces: ExternalId,
    held.facts: Fact,
    held.texts: Entry,
    held.entries: Entry,
    held.days: Entry,
}


def with_everything() -> Entry:
    """An entry with something in every table."""
    return make_entry(
        tags=["law"],
        entities={"author": ["Ann"]},
        categories=[make_category()],
        references=[make_reference(published_on="2024")],
        ids={"aiid": "7"},
        facts={"harms": ["Injury"]},
    )


def as_if_read_anew() -> bool:
    """Whether what is held is what the database says, however it came to be."""
    with transaction.atomic():  # in which nothing is kept
        anew = {read: rows(read()) for read in READ}
    return {read: rows(read()) for read in READ} == anew


def rows(found: Held | Named) -> list[tuple[Any, ...]]:
    if isinstance(found, Named):
        assert set(range(len(found.names))) == set(found.held.things.tolist()), "no name is of nothing"
        return sorted((entry, found.names[at]) for entry, at in zip(*map(np.ndarray.tolist, found.held), strict=True))
    return sorted(zip(*map(np.ndarray.tolist, found), strict=True))
