"""Which entities entries name, and how many entries each."""

from collections.abc import Sequence

from django.db.models.functions import Lower

from kb import held
from kb.models import Entity
from kb.models.entities import EntityQuerySet
from kb.models.entries import EntryQuerySet

Counted = tuple[int, int]
"""The id of an entity, and how many entries name it."""


def named_in(entries: EntryQuerySet, found: EntityQuerySet) -> list[Counted]:
    """Those of `found` that the entries name, those in most of them first."""
    counts = held.commonest(held.entities().within(held.ids(entries)))
    by_name = found.order_by(Lower("name"), "pk").values_list("pk", flat=True)
    return sorted([(pk, counts[pk]) for pk in by_name if pk in counts], key=lambda one: -one[1])


def with_counts(counted: Sequence[Counted]) -> list[Entity]:
    """These entities in their order, each with its `entry_count`."""
    rows = Entity.objects.in_bulk([pk for pk, _ in counted])
    for pk, count in counted:
        if pk in rows:
            rows[pk].entry_count = count  # type: ignore[attr-defined]
    return [rows[pk] for pk, _ in counted if pk in rows]
