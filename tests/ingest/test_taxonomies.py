"""Taxonomies come with their definitions, from whoever defines them, and stay as a curator put them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ingest.records import CategoryRecord, ClassificationRecord, EntryRecord, TaxonomyRecord
from ingest.writing.categories import write_taxonomies
from ingest.writing.entries import write_entries
from ingest.writing.outcome import By
from kb.models import Category, Taxonomy
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def define(description: str = "Kinds of harm.", meaning: str = "To bodies.", source: str = "aiid") -> str:
    category = CategoryRecord(path=("Harm", "Physical"), description=meaning)
    record = TaxonomyRecord(name="Harms", description=description, url="https://h.example/", categories=[category])
    return write_taxonomies([record], By(source))[0].outcome


def name_it(source: str) -> None:
    place = ClassificationRecord(taxonomy="Harms", category=("Harm", "Physical"))
    record = EntryRecord(
        key="1", kind="incident", title="Lift sang", external_ids=[("x", "1")], classifications=[place]
    )
    write_entries([record], By(source))


def meaning() -> str:
    return Category.objects.get(name="Physical").description


def test_definitions_are_taken_and_followed():
    assert [define(), define(), define(meaning="To bodies and limbs.")] == ["created", "unchanged", "updated"]

    taxonomy = Taxonomy.objects.get()
    assert (taxonomy.description, taxonomy.url, taxonomy.source) == ("Kinds of harm.", "https://h.example/", "aiid")
    assert meaning() == "To bodies and limbs."
    assert Category.objects.get(name="Physical", parent__name="Harm")


def test_what_was_only_named_is_defined_by_the_first_who_does():
    name_it("avid")

    assert define() == "updated"
    assert define(description="Something else.", source="avid") == "unchanged"

    assert (Taxonomy.objects.get().description, meaning()) == ("Kinds of harm.", "To bodies.")


@pytest.mark.parametrize("edited", ["taxonomy", "category"])
def test_what_a_curator_says_stays(client: Client, edited):
    define()
    client.force_login(make_user(is_staff=True))
    row: Any = Taxonomy.objects.get() if edited == "taxonomy" else Category.objects.get(name="Physical")
    fields: dict[str, Any] = {
        "name": row.name,
        "slug": row.slug,
        "description": "As we see it.",
        "taxonomy": "",
        "parent": "",
    }
    if edited == "category":
        fields |= {"taxonomy": row.taxonomy_id, "parent": row.parent_id}
    client.post(reverse(f"admin:kb_{edited}_change", args=[row.pk]), fields)

    define(description="Other words.", meaning="Other words.")

    row.refresh_from_db()
    assert row.description == "As we see it."
