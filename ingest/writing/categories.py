"""Taxonomies as their authors define them, and the places of entries in them."""

from collections.abc import Sequence
from typing import Any

from ingest.records import EntryRecord, TaxonomyRecord
from ingest.writing.outcome import By, Differences, Outcome, Written
from ingest.writing.rows import bring, found
from kb import provenance
from kb.models import Category, Classification, Entry, Origin, Taxonomy


def write_classifications(pairs: Sequence[tuple[Entry, EntryRecord]], by: By, differences: Differences) -> None:
    """Give each entry the imported classifications of its record."""
    categories = _Categories({c.taxonomy for _, record in pairs for c in record.classifications})
    wanted = {
        entry.pk: [
            Classification(
                entry=entry,
                category=categories.at(one.taxonomy, one.category),
                origin=Origin.IMPORTED,
                evidence=one.evidence,
                source=by.source,
            )
            for one in record.classifications
        ]
        for entry, record in pairs
    }
    bring(
        "classifications",
        Classification.objects.filter(origin=Origin.IMPORTED).select_related(
            "category__taxonomy", "category__parent__parent"
        ),
        wanted,
        ("category_id",),
        by,
        differences,
        withheld={entry.pk: provenance.removed(entry, "classifications") for entry, _ in pairs},
        fresh=("evidence",),
        show=lambda row: " / ".join((row.category.taxonomy.name, *row.category.path)),
    )


def write_taxonomies(records: Sequence[TaxonomyRecord], by: By) -> list[Written]:
    """Let each taxonomy and its categories say what their authors say, unless somebody here put it otherwise."""
    return [Written(_write(record, by)) for record in records]


def _write(record: TaxonomyRecord, by: By) -> Outcome:
    categories = _Categories({record.name})
    created = record.name not in categories.taxonomies
    taxonomy = categories.taxonomy(record.name)
    changed = False
    if not taxonomy.source:  # it was made as it was named; now somebody defines it
        taxonomy.source = by.source
        taxonomy.save()
        changed = True
    if taxonomy.source == by.source:
        says = {
            "description": record.description,
            "url": record.url,
            "licence": record.licence,
            "attribution": record.attribution,
        }
        changed |= _set(taxonomy, {name: value for name, value in says.items() if value})
        for one in record.categories:
            category = categories.at(record.name, one.path)
            if one.description and category.description != one.description:
                category.description = one.description
                category.save()
                changed = True
    changed |= categories.made > 0
    return Outcome.CREATED if created else Outcome.UPDATED if changed else Outcome.UNCHANGED


def _set(row: Any, values: dict[str, Any]) -> bool:
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    if differing or row._state.adding:
        row.save()
    return bool(differing)


class _Categories:
    """The categories of some taxonomies, by their paths; `made` counts those that were not there."""

    def __init__(self, taxonomies: set[str]) -> None:
        self.made = 0
        self.taxonomies = {row.name: row for row in found(Taxonomy.objects.all(), "name", sorted(taxonomies))}
        by_id = {row.pk: row for row in self.taxonomies.values()}
        rows = list(found(Category.objects.all(), "taxonomy_id", by_id))
        whole = {row.pk: row for row in rows}
        for row in rows:
            row.taxonomy, row.parent = by_id[row.taxonomy_id], whole.get(row.parent_id or 0)
        self.categories = {(row.taxonomy_id, row.parent_id, row.name): row for row in rows}

    def taxonomy(self, name: str) -> Taxonomy:
        """The taxonomy of that name, made if need be."""
        if name not in self.taxonomies:
            self.taxonomies[name] = Taxonomy.objects.create(name=name)
        return self.taxonomies[name]

    def at(self, taxonomy: str, path: Sequence[str]) -> Category:
        """The category at the end of the path, made with everything above it if need be."""
        within = self.taxonomy(taxonomy)
        category: Category | None = None
        for name in path:
            place = (within.pk, category.pk if category else None, name)
            if place not in self.categories:
                self.categories[place] = Category.objects.create(taxonomy=within, parent=category, name=name)
                self.made += 1
            category = self.categories[place]
        assert category is not None  # a path has at least one name
        return category
