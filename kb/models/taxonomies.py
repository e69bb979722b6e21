"""Taxonomies: the category systems that entries are classified in, and who said so."""

import re
from typing import Any

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from kb.models.entries import Origin
from kb.models.slugs import free_slug

CURATED = "curator"
# Names that say nothing without the question that they answer.
NO_NAME = re.compile(r"yes|no|maybe|true|false|none|n/?a|unclear|unknown|other|\W*|[\d.,-]+", re.IGNORECASE)


class Taxonomy(models.Model):
    """A category system. `source` is who defines it: an import, CURATED once somebody here edited it or one of its
    categories, "" as long as it is only named."""

    name = models.CharField(max_length=300, unique=True)
    slug = models.CharField(max_length=200, unique=True, blank=True)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=2000, blank=True)
    licence = models.CharField(max_length=60, blank=True)
    attribution = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "taxonomies"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or free_slug(Taxonomy, self.name, fallback="taxonomy", taken_by=self.pk)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("taxonomy", args=[self.slug])


class Category(models.Model):
    """One class of a taxonomy, possibly within another."""

    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="categories")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=300)
    slug = models.CharField(max_length=200, unique=True, blank=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["taxonomy", "name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="one_subcategory_per_name"),
            models.UniqueConstraint(
                fields=["taxonomy", "name"], condition=models.Q(parent=None), name="one_top_category_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(Category, f"{self.taxonomy.slug} {self.name}", fallback="category", taken_by=self.pk)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.taxonomy.slug, self.slug])

    @property
    def path(self) -> list[str]:
        """Its name with those that it is within before it: many are called `yes`."""
        return [*(self.parent.path if self.parent else []), self.name]


class Classification(models.Model):
    """An entry is in a category, according to a person, an import or a suggestion. The three are never mixed."""

    entry = models.ForeignKey("kb.Entry", on_delete=models.CASCADE, related_name="classifications")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="classifications")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HUMAN)
    evidence = models.TextField(blank=True)
    source = models.CharField(max_length=40, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "category", "origin"], name="one_classification_per_origin")
        ]

    def __str__(self) -> str:
        return f"{self.category} ({self.origin})"
