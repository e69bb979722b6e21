"""Where things come from: what each source last said, what every import changed, and what is to be decided about it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from kb.models.entries import Entry
from kb.models.jobs import Job
from kb.rights import sees_hidden

MAX_KEY = 360


class SourceRecord(models.Model):
    """A record as a source last had it, and the entry that it is about.

    `collection` is the set it belongs to upstream, such as one folder of notes; `key` what it is known by there, and
    `place` where it stood, in the words of messages. Equal digests mean that the source says the same as before. What
    a complete import of its collection no longer held is marked `vanished_at`, and stays.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="source_records")
    source = models.CharField(max_length=40)
    collection = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=MAX_KEY)
    place = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)
    licence = models.CharField(max_length=60, blank=True)
    attribution = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="seen")
    seen_at = models.DateTimeField(default=timezone.now)
    vanished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["source", "collection", "place"])]
        constraints = [models.UniqueConstraint(fields=["source", "collection", "key"], name="one_record_per_key")]

    def __str__(self) -> str:
        return f"{self.source}: {self.key}"


class Action(models.TextChoices):
    CREATED = "created", "Created"
    UPDATED = "updated", "Changed"
    CONFLICT = "conflict", "Disagrees with a curator"
    MERGED = "merged", "Merged"
    RENAMED = "renamed", "Moved upstream"
    VANISHED = "vanished", "Gone upstream"
    RETURNED = "returned", "Back upstream"
    DELETED = "deleted", "Deleted"


class ChangeQuerySet(models.QuerySet["Change"]):
    def made(self) -> "ChangeQuerySet":
        """What happened, without what a preview says would happen."""
        return self.filter(preview=False)

    def visible_to(self, user: object) -> "ChangeQuerySet":
        """Those of entries that this reader may see, but for what was hidden then. What became of entries that are gone
        is for staff."""
        if sees_hidden(user):
            return self
        # By the entries that are hidden, for they are few: a list of the newest then ends after its page, where one by
        # the entries that are not would gather what all of them ever saw.
        hidden = Entry.objects.hidden_from(None)
        open_then = self.filter(entry__isnull=False, was_hidden=False)
        return open_then.exclude(entry__in=hidden).exclude(action=Action.CONFLICT)

    def with_shown(self) -> "ChangeQuerySet":
        """With what a list shows of each change, in a fixed number of queries and without a join."""
        return self.prefetch_related("job", "user", models.Prefetch("entry", Entry.objects.defer("body", "facts")))


class Change(models.Model):
    """What one import or one curator changed about one entry.

    `fields` tells it by field: `{"from": …, "to": …}` for a value, `{"added": […], "removed": […]}` for rows, and
    `{"kept": …, "offered": …}` for what a curator decided and an import would have otherwise. Long texts are cut; the
    entry's history has them whole. A `preview` row says what would happen. What `was_hidden` tells of an entry that was
    hidden before the change or after it, and stays with those who may see that, whatever becomes of the entry.
    """

    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="changes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    entry = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, blank=True, related_name="changes")
    kind = models.CharField(max_length=12, blank=True)
    title = models.CharField(max_length=500)
    action = models.CharField(max_length=10, choices=Action)
    fields = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=300, blank=True)
    preview = models.BooleanField(default=False)
    was_hidden = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["preview", "-id"]),
            # All that a list can be narrowed by, so that counting what each import did reads no row.
            models.Index(fields=["job", "action", "entry", "preview", "source", "created_at", "was_hidden"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.title}"


class DeletedEntry(models.Model):
    """An identifier of an entry that was deleted here, so that no import brings it back. Delete the row to allow it."""

    namespace = models.CharField(max_length=40)
    value = models.CharField(max_length=300)
    title = models.CharField(max_length=500)
    deleted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deleted entries"
        constraints = [models.UniqueConstraint(fields=["namespace", "value"], name="one_deletion_per_external_id")]

    def __str__(self) -> str:
        return f"{self.namespace} {self.value}: {self.title}"


class ProposalState(models.TextChoices):
    OPEN = "open", "To be decided"
    ACCEPTED = "accepted", "The same"
    DECLINED = "declined", "Not the same"


class Proposal(models.Model):
    """Two entries that may be about the same thing, for a curator to decide. `entry` is the older one.

    `score` is between 0 and 1, higher is likelier; `evidence` says in words and figures what speaks for it. What was
    declined is not proposed again.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="proposals")
    other = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="proposals_as_other")
    score = models.FloatField()
    evidence = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN, db_index=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "other"], name="one_proposal_per_pair"),
            models.CheckConstraint(condition=models.Q(entry__lt=models.F("other")), name="older_entry_first"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} = {self.other}?"


class Schedule(models.Model):
    """An import that is to be repeated: a feed that is polled, a snapshot that is fetched every week."""

    source = models.CharField(max_length=40)
    location = models.CharField(max_length=2000)
    options = models.JSONField(default=dict, blank=True)
    every_minutes = models.PositiveIntegerField(default=360)
    next_at = models.DateTimeField(default=timezone.now, db_index=True)
    is_on = models.BooleanField(default=True)
    last_job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="schedules")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["source", "location"], name="one_schedule_per_location")]

    def __str__(self) -> str:
        return f"{self.source} {self.location}"


class Attachment(models.Model):
    """A picture beside an entry's text, which shows it as `![…](files/NAME)`. Its bytes lie in the data folder."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(default=0)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["entry", "name"], name="one_attachment_per_name")]

    def __str__(self) -> str:
        return self.name
