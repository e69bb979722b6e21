"""Classifications: where the record places the entry, in taxonomies that are made as they are named."""

from collections.abc import Sequence

from ingest.records import EntryRecord
from ingest.writing.rows import bring, found
from kb.models import Category, Classification, Entry, Origin, Taxonomy


def write_classifications(pairs: Sequence[tuple[Entry, EntryRecord]], source: str, reason: str = "") -> set[int]:
    """Give each entry the imported classifications of its record; ids of the entries that this changed."""
    categories = _Categories({c.taxonomy for _, record in pairs for c in record.classifications})
    wanted = {
        entry.pk: [
            Classification(
                entry=entry,
                category=categories.at(one.taxonomy, one.category),
                origin=Origin.IMPORTED,
                evidence=one.evidence,
                source=source,
            )
            for one in record.classifications
        ]
        for entry, record in pairs
    }
    present = Classification.objects.filter(origin=Origin.IMPORTED)
    return bring(present, wanted, ("category_id",), source, reason=reason, fresh=("evidence",))


class _Categories:
    """The categories of some taxonomies, by their paths."""

    def __init__(self, taxonomies: set[str]) -> None:
        self.taxonomies = {row.name: row for row in found(Taxonomy.objects.all(), "name", sorted(taxonomies))}
        rows = found(Category.objects.all(), "taxonomy_id", [row.pk for row in self.taxonomies.values()])
        self.categories = {(row.taxonomy_id, row.parent_id, row.name): row for row in rows}

    def at(self, taxonomy: str, path: Sequence[str]) -> Category:
        """The category at the end of the path, made with everything above it if need be."""
        if taxonomy not in self.taxonomies:
            self.taxonomies[taxonomy] = Taxonomy.objects.create(name=taxonomy)
        within = self.taxonomies[taxonomy]
        category: Category | None = None
        for name in path:
            place = (within.pk, category.pk if category else None, name)
            if place not in self.categories:
                self.categories[place] = Category.objects.create(taxonomy=within, parent=category, name=name)
            category = self.categories[place]
        assert category is not None  # a path has at least one name
        return category
