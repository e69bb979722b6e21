"""Jobs: what is to be done, how far it is, and what went wrong. The row is the truth; a broker message only rings."""

from django.conf import settings
from django.db import models
from django.urls import reverse


class JobState(models.TextChoices):
    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Job(models.Model):
    """One piece of work that may take longer than a request.

    A worker holds a job by a lease: `lease` is the token of the holder (`host:pid:start`), `leased_until` the time at
    which anybody may take it over. `cursor` and `counts` are written in the same transaction as the work they count.
    `phase` says in words what is being done; a job that waits is not begun before `not_before`.
    """

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.PENDING, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=200, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    cursor = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    phase = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; None while the total is not known."""
        if self.state == JobState.DONE:
            return 100
        return min(100, 100 * self.done // self.total) if self.total else None


class JobProblem(models.Model):
    """What was wrong with one record: why it `failed`, or what of it was left out."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="problems")
    key = models.CharField(max_length=300)
    reason = models.TextField()
    failed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"
