"""Entities: the people, companies, groups and systems that entries are about, and the part each had."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from kb.models.slugs import free_slug, slug_address
from kb.roles import Role

MAX_NAME = 300


def normal_name(name: str) -> str:
    """The form under which two spellings of a name are equal: case, accents' encoding and spaces do not count.

    Some characters become many under it, so it is cut to the length that the column has.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:MAX_NAME]


class EntityQuerySet(models.QuerySet["Entity"]):
    def current(self) -> "EntityQuerySet":
        """Without those that were merged into another."""
        return self.filter(merged_into=None)

    def called(self, text: str) -> "EntityQuerySet":
        """Those with a name or another name that contains `text`; all of them for an empty text."""
        name = normal_name(text.replace("\0", ""))
        return self.filter(pk__in=EntityAlias.objects.filter(normal__contains=name).values("entity")) if name else self


class Entity(models.Model):
    name = models.CharField(max_length=300)
    slug = models.CharField(max_length=200, unique=True, blank=True)
    description = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    history = HistoricalRecords()

    objects = EntityQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "entities"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        if not self.slug:
            self.slug = free_slug(Entity, self.name, fallback="entity", taken_by=self.pk)
        super().save(*args, **kwargs)
        self.aliases.get_or_create(normal=normal_name(self.name), namespace="", defaults={"name": self.name})

    def get_absolute_url(self) -> str:
        return slug_address("entity", self.slug)

    def clean(self) -> None:
        """Refuse a merge that leads back to this entity: its page would lead nowhere."""
        if self.pk and self.merged_into and self.merged_into.resolved().pk == self.pk:
            raise ValidationError({"merged_into": "An entity cannot be merged into itself, directly or by others."})

    def resolved(self) -> "Entity":
        """The entity that this one stands for after merges; a circle, which save refuses, ends before it closes."""
        entity, seen = self, {self.pk}
        while entity.merged_into and entity.merged_into_id not in seen:
            entity = entity.merged_into
            seen.add(entity.pk)
        return entity


class EntityAlias(models.Model):
    """Another name of an entity; with a namespace, the name that one source knows it by."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=300)
    normal = models.CharField(max_length=MAX_NAME, db_index=True, editable=False)
    namespace = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "entity aliases"
        indexes = [models.Index(fields=["namespace", "key"])]  # SQLite looks nothing up in the partial one below
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "key"], condition=~models.Q(key=""), name="one_entity_per_source_key"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normal = normal_name(self.name)
        super().save(*args, **kwargs)


class EntityRelation(models.Model):
    """How two entities hang together: `entity` owns, is part of, is known as … `other`."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="relations_back")
    relation = models.CharField(max_length=40)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "other", "relation"], name="one_entity_relation_once"),
            models.CheckConstraint(condition=~models.Q(entity=models.F("other")), name="no_relation_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.relation} {self.other}"


class EntityRole(models.Model):
    """The part that an entity had in an entry."""

    entry = models.ForeignKey("kb.Entry", on_delete=models.CASCADE, related_name="roles")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=10, choices=Role)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["role", "entity", "entry"])]  # with all that is read of them in one role
        constraints = [models.UniqueConstraint(fields=["entry", "entity", "role"], name="one_role_once")]

    def __str__(self) -> str:
        return f"{self.entity} ({self.role})"
