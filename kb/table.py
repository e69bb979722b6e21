"""A list of entries as a table: who had a part in each, its tags, and how many reports it has."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count

from kb.among import ByIds
from kb.models import EntityRole, Entry, EntryReference
from kb.models.slugs import slug_address

Names = list[tuple[str, str]]
"""Each with the address that it leads to, "" where it has none."""

_parties = ByIds(
    lambda ids: EntityRole.objects.filter(entry__pk__among=ids).values_list("entry", "entity__slug", "entity__name")
)
_tags = ByIds(
    lambda ids: (
        Entry.tags.through.objects.filter(entry__pk__among=ids).order_by("tag__name").values_list("entry", "tag__name")
    )
)
_reports = ByIds(
    lambda ids: (
        EntryReference.objects.filter(entry__pk__among=ids).order_by().values_list("entry").annotate(many=Count("pk"))
    )
)


class Line(NamedTuple):
    """An entry with what a table says of it: `parties` each once, whatever their parts were."""

    entry: Entry
    parties: Names
    tags: Names
    reports: int


def lines(entries: Sequence[Entry]) -> list[Line]:
    """A line for each of these, in three queries for all: a hundred objects cost more to make than to look up."""
    ids = [entry.pk for entry in entries]
    parties: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for of, slug, name in _parties(ids):
        parties[of].setdefault(slug, name)
    tags: defaultdict[int, Names] = defaultdict(list)
    for of, name in _tags(ids):
        tags[of].append((name, ""))
    reports = dict(_reports(ids))
    return [
        Line(
            entry,
            [(name, slug_address("entity", slug)) for slug, name in parties[entry.pk].items()],
            tags[entry.pk],
            reports.get(entry.pk, 0),
        )
        for entry in entries
    ]
