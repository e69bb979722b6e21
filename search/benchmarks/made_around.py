"""What hangs on made-up entries: five references each, entities half as many as entries, categories, facts."""

import random
from collections.abc import Sequence
from datetime import date

from kb.models import Category, Classification, Entity, EntityRole, Entry, EntryReference, Reference, Taxonomy
from kb.models.entries import Origin
from kb.roles import Role

REFERENCES_EACH = 5
ROLES = (Role.DEVELOPER, Role.DEPLOYER, Role.HARMED)
CATEGORIES = 24
HARMS, SECTORS, TECHNIQUES = 30, 20, 60
REFERENCE_CHARS = 3000


def facts(kind: str, chance: random.Random) -> dict:
    """What an entry of this kind says of itself."""
    sector = f"Sector {_common(chance, SECTORS)}"
    techniques = [f"Technique {_common(chance, TECHNIQUES)}" for _ in range(2)]
    if kind == "incident":
        return {"harms": [f"Harm {_common(chance, HARMS)}"], "sector": [sector], "technology": techniques}
    return {"industry": sector, "techniques": techniques} if kind == "case_study" else {"resource": "paper"}


class Around:
    """Writes it for entries as they come. `entries` is how many there will be."""

    def __init__(self, entries: int, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - the same ones every time
        names = [f"Party {number}" for number in range(1, max(2, entries // 2) + 1)]
        self._parties = Entity.objects.bulk_create(
            [Entity(name=name, slug=name.lower().replace(" ", "-")) for name in names]
        )
        taxonomy = Taxonomy.objects.create(name="Made harms", slug="made")
        self._categories = Category.objects.bulk_create(
            [
                Category(taxonomy=taxonomy, name=f"Category {number}", slug=f"made-{number}")
                for number in range(1, CATEGORIES + 1)
            ]
        )

    def write(self, entries: Sequence[Entry]) -> None:
        """For these entries, which have ids."""
        self._cite(entries)
        roles, classes = [], []
        for entry in entries:
            parties = {role: self._parties[_common(self._chance, len(self._parties)) - 1] for role in ROLES}
            roles += [EntityRole(entry=entry, entity=entity, role=role) for role, entity in parties.items()]
            for category in self._chance.sample(self._categories, 2):
                classes.append(Classification(entry=entry, category=category, origin=Origin.IMPORTED))
        EntityRole.objects.bulk_create(roles)
        Classification.objects.bulk_create(classes)

    def _cite(self, entries: Sequence[Entry]) -> None:
        references = Reference.objects.bulk_create(
            [self._reference(entry, number) for entry in entries for number in range(REFERENCES_EACH)]
        )
        EntryReference.objects.bulk_create(
            [
                EntryReference(entry=entries[at // REFERENCES_EACH], reference=reference, position=at % REFERENCES_EACH)
                for at, reference in enumerate(references)
            ]
        )

    def _reference(self, entry: Entry, number: int) -> Reference:
        address = f"https://paper{self._chance.randrange(200)}.example/{entry.slug}/{number}"
        return Reference(
            url=address,
            canonical_url=address,
            title=f"{entry.title} {number}",
            publisher=address.split("/")[2],
            authors=[f"Author {self._chance.randrange(900)}"],
            published_on=date(self._chance.randrange(2012, 2026), self._chance.randrange(1, 13), 1),
            published_precision="month",
            text=(entry.body * 2)[:REFERENCE_CHARS],
        )


def _common(chance: random.Random, many: int) -> int:
    """A number from 1 to `many`, small ones more often: a few are in much, and most in little."""
    return 1 + int(many * chance.random() ** 3)
