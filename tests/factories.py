"""Rows for tests: every argument is optional, so that a test states only what matters to it."""

from itertools import count
from typing import Any

from django.contrib.auth import get_user_model

from kb.dates import parse_date
from kb.models import (
    Category,
    Classification,
    Entity,
    EntityRole,
    Entry,
    EntryReference,
    ExternalId,
    Link,
    Reference,
    Tag,
    Taxonomy,
)

numbers = count(1)


def make_entry(
    *,
    kind: str = "incident",
    title: str = "",
    occurred_on: str | None = None,
    tags: tuple | list = (),
    entities: dict[str, list] | None = None,
    references: tuple | list = (),
    ids: dict[str, str] | None = None,
    categories: tuple | list = (),
    see_also: tuple | list = (),
    **fields: Any,
) -> Entry:
    """An entry with what hangs on it.

    `occurred_on` is written as a source would ("2024-02"); tags are names; `entities` maps a role to names or entities;
    `references` are references or texts of them; `ids` maps a namespace to a value; `see_also` are entries.
    """
    if occurred_on:
        date = parse_date(occurred_on)
        fields |= {"occurred_on": date.date, "occurred_precision": date.precision}
    entry = Entry.objects.create(kind=kind, title=title or f"Entry {next(numbers)}", **fields)
    entry.tags.set([make_tag(name) if isinstance(name, str) else name for name in tags])
    for role, parties in (entities or {}).items():
        for party in parties:
            entity = make_entity(party) if isinstance(party, str) else party
            EntityRole.objects.create(entry=entry, entity=entity, role=role)
    for position, reference in enumerate(references):
        cited = make_reference(text=reference) if isinstance(reference, str) else reference
        EntryReference.objects.create(entry=entry, reference=cited, position=position)
    for namespace, value in (ids or {}).items():
        ExternalId.objects.create(entry=entry, namespace=namespace, value=value)
    for category in categories:
        Classification.objects.create(entry=entry, category=category)
    for target in see_also:
        Link.objects.create(entry=entry, target=target)
    return entry


def make_reference(
    *, url: str | None = None, title: str = "", published_on: str | None = None, **fields: Any
) -> Reference:
    """A reference at an address of its own."""
    number = next(numbers)
    if published_on:
        date = parse_date(published_on)
        fields |= {"published_on": date.date, "published_precision": date.precision}
    address = f"https://news.example/{number}" if url is None else url
    return Reference.objects.create(url=address, title=title or f"Report {number}", **fields)


def make_entity(name: str = "", **fields: Any) -> Entity:
    """The entity of that name, made if it is not there."""
    name = name or f"Entity {next(numbers)}"
    return Entity.objects.filter(name=name).first() or Entity.objects.create(name=name, **fields)


def make_tag(name: str = "") -> Tag:
    """The tag of that name, made if it is not there."""
    return Tag.objects.get_or_create(name=name or f"tag {next(numbers)}")[0]


def make_category(name: str = "", *, taxonomy: str = "Harms", parent: Category | None = None) -> Category:
    """A category of the named taxonomy, made with it if need be."""
    found, _ = Taxonomy.objects.get_or_create(name=taxonomy)
    name = name or f"Category {next(numbers)}"
    return Category.objects.get_or_create(taxonomy=found, parent=parent, name=name)[0]


def make_user(*, username: str = "", is_staff: bool = False, **fields: Any) -> Any:
    """An account; with `is_staff` one that may see everything and everything in the admin."""
    return get_user_model().objects.create_user(
        username or f"user{next(numbers)}", is_staff=is_staff, is_superuser=is_staff, **fields
    )
