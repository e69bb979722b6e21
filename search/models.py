"""What the database knows of search: passages, their embeddings, and which entries wait to be indexed.

The index is a projection of these tables and can be rebuilt from them at any time.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from kb.models import Entry, Reference

MAX_ATTEMPTS = 5
MAX_NAME = 100
IDS_AT_ONCE = 10_000  # SQLite takes no more than 32,766 values in a statement, as it is usually built
KEPT_DAYS = 365


def random_id() -> str:
    """For an address that nobody can guess: 128 bits."""
    return secrets.token_urlsafe(16)


class Passage(models.Model):
    """A piece of one stored text of an entry: `text` is exactly that text's code points `start` to `end`.

    A passage never changes what it says: other text is another passage with another id, so the ids in an index tell
    whether it is up to date.
    """

    is_computed = True  # so no backup holds it

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

    is_computed = True  # so no backup holds it

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

    is_computed = True

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


class Evaluation(models.Model):
    """The last measurement of a judged collection, as `evaluate --keep` left it; `search.quality` makes the report."""

    is_computed = True

    name = models.CharField(max_length=MAX_NAME, unique=True)
    measured_at = models.DateTimeField()
    report = models.JSONField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EncoderState(models.TextChoices):
    CANDIDATE = "candidate", "Being made"
    KEPT = "kept", "Kept, not in use yet"
    REFUSED = "refused", "Refused"
    IN_USE = "in use", "In use"
    RETIRED = "retired", "Retired"
    DECLINED = "declined", "Declined by a curator"


class TunedEncoder(models.Model):
    """An encoder adapted to this collection: from which base, on what, how, and what came of it.

    `name` is its folder and the beginning of its fingerprint; `base` names the base and its weights. `pairs` counts
    what it was trained on, by kind, and `digest` stands for the pairs and the recipe. `figures` are what was measured
    before and after (search.tuning.verdict.Change); `seconds` is how long each part of the work took, and how much of
    it there was. `previous` was in use before it, None for the base. A proposal that a curator declined is a row too,
    so that it is not made again.
    """

    is_computed = True  # of weights that lie in a folder of this instance

    name = models.CharField(max_length=160, unique=True)
    base = models.CharField(max_length=200, db_index=True)
    digest = models.CharField(max_length=40, blank=True)
    pairs = models.JSONField(default=dict)
    recipe = models.JSONField(default=dict)
    figures = models.JSONField(default=list)
    verdict = models.TextField(blank=True)
    seconds = models.JSONField(default=dict)
    entries = models.PositiveIntegerField(default=0, help_text="entries in the collection then")
    state = models.CharField(max_length=10, choices=EncoderState, default=EncoderState.CANDIDATE, db_index=True)
    previous = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="later")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Audience(models.TextChoices):
    EVERYBODY = "everybody", "Everybody"
    STAFF = "staff", "Staff"


class MapLayout(models.Model):
    """Where entries lie on the map, as `search.map` computed it; `search.map.layout` reads what is in it.

    Where some entries are hidden there are two: that of everybody knows nothing of these. `points` are rows of
    `search.map.layout.POINT`, sorted by entry; `terms` the numbers, in `words`, of the words that each of them has.
    `figures` are those of `search.map.child.Plane`. `fitted` counts the entries that were there when it was computed,
    `placed` those that came or changed later and were put among their neighbours; `changed_at` is another each time
    that any of this is.
    """

    is_computed = True  # so no backup holds it

    audience = models.CharField(max_length=10, choices=Audience, unique=True)
    fingerprint = models.CharField(max_length=200)
    points = models.BinaryField()
    words = models.JSONField(default=list)
    terms = models.BinaryField()
    figures = models.JSONField(default=dict)
    fitted = models.PositiveIntegerField()
    placed = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"map for {self.audience}"


class KeptQuerySet(models.QuerySet):
    def forgotten(self) -> "KeptQuerySet":
        """Those that belong to nobody and that nobody has opened for longer than they are kept."""
        return self.filter(owner=None, opened_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))


class Kept(models.Model):
    """What a reader saved, to be opened again by whoever has its address; search/keeping.py says who may change it.

    `found` maps the id of each entry that was there to the hash of what it said, whether everybody could see it, and
    what else is noted of it; `found_at` says when.
    """

    id = models.CharField(max_length=32, primary_key=True, default=random_id, editable=False)
    edit_digest = models.CharField(max_length=64, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    title = models.CharField(max_length=200, blank=True)
    found = models.JSONField(default=dict, editable=False)
    found_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    opened_at = models.DateTimeField(db_index=True)

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.title or f"Untitled, {self.created_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        raise NotImplementedError


class SavedPrecedents(Kept):
    """What was found for a description; search/saved.py works on it.

    Of each entry that was there its strength is noted too. `ticks` are entry ids, `notes` maps entry ids to what was
    written beside them.
    """

    text = models.TextField()
    ticks = models.JSONField(default=list, editable=False)
    notes = models.JSONField(default=dict, editable=False)

    class Meta(Kept.Meta):
        verbose_name_plural = "saved precedents"

    def get_absolute_url(self) -> str:
        return reverse("saved-precedents", args=[self.pk])

    @property
    def name(self) -> str:
        """The title or, for whoever may read the description, its first words."""
        return self.title or " ".join(self.text[:80].split())


class SavedSearch(Kept):
    """A search; search/saved_searches.py works on it. `asked` are its parameters, as in the address of the search."""

    asked = models.JSONField(default=dict, editable=False)

    class Meta(Kept.Meta):
        verbose_name_plural = "saved searches"

    def get_absolute_url(self) -> str:
        return reverse("saved-search", args=[self.pk])

    @property
    def name(self) -> str:
        """The title or, for whoever may read what was asked, its first words."""
        return self.title or " ".join(str(self.asked.get("q", ""))[:80].split())
