"""What the database knows of search: passages, their embeddings, and which entries wait to be indexed.

The index is a projection of these tables and can be rebuilt from them at any time.
"""

from collections.abc import Iterable

import numpy as np
from django.db import models
from django.db.models import F
from django.utils import timezone

from kb.models import Entry, Reference

MAX_ATTEMPTS = 5
IDS_AT_ONCE = 10_000  # SQLite takes no more than 32,766 values in a statement, as it is usually built


class Passage(models.Model):
    """A piece of one stored text of an entry: `text` is exactly that text's code points `start` to `end`.

    A passage never changes what it says: other text is another passage with another id, so the ids in an index tell
    whether it is up to date.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="passages")
    source = models.CharField(max_length=10)
    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, null=True, related_name="passages")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of what is embedded")

    class Meta:
        ordering = ["entry_id", "id"]

    def __str__(self) -> str:
        return self.text[:80]


class Embedding(models.Model):
    """The vector of a text under a model: float32, unit length, little-endian bytes."""

    text_hash = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=200)
    vector = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["text_hash", "fingerprint"], name="one_embedding_per_model")]

    def __str__(self) -> str:
        return f"{self.text_hash[:12]} ({self.fingerprint})"

    def array(self) -> np.ndarray:
        return np.frombuffer(bytes(self.vector), dtype="<f4")


class IndexingQuerySet(models.QuerySet["Indexing"]):
    def pending(self) -> "IndexingQuerySet":
        return self.exclude(wanted=F("indexed"))

    def workable(self) -> "IndexingQuerySet":
        """Pending, without those that failed again and again."""
        return self.pending().filter(attempts__lt=MAX_ATTEMPTS)

    def want(self, ids: Iterable[int]) -> None:
        """These entries changed: raise what is wanted of them. Safe against an indexing that is under way."""
        ids = sorted(set(ids))
        now = timezone.now()
        self.bulk_create([self.model(entry_id=id, changed_at=now) for id in ids], ignore_conflicts=True)
        for first in range(0, len(ids), IDS_AT_ONCE):
            chosen = self.filter(pk__in=ids[first : first + IDS_AT_ONCE])
            chosen.update(wanted=F("wanted") + 1, changed_at=now, attempts=0, error="")


class Indexing(models.Model):
    """How far the index follows an entry: up to date when `indexed` has reached `wanted`.

    No foreign key: the row outlives a deleted entry until the index has forgotten it too.
    """

    entry_id = models.BigIntegerField(primary_key=True)
    wanted = models.PositiveIntegerField(default=0)
    indexed = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = IndexingQuerySet.as_manager()

    class Meta:
        # Every search tells how many entries wait, which are few of many.
        indexes = [models.Index(fields=["entry_id"], condition=~models.Q(wanted=F("indexed")), name="indexing_pending")]

    def __str__(self) -> str:
        return f"entry {self.entry_id}: {self.indexed} of {self.wanted}"
