"""What readers found wrong: a queue for curators."""

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from kb.models.entries import Entry

MAX_WRONG = 4000
MAX_CONTACT = 200


class ErrorState(models.TextChoices):
    OPEN = "open", "Open"
    SETTLED = "settled", "Settled"


class ErrorReport(models.Model):
    """A reader's word that an entry is wrong. Nothing of it is public; `contact` is there only to answer to."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="error_reports")
    wrong = models.TextField("what is wrong", max_length=MAX_WRONG)
    source_url = models.URLField("a source", max_length=2000, blank=True)
    contact = models.CharField(max_length=MAX_CONTACT, blank=True)
    state = models.CharField(max_length=10, choices=ErrorState, default=ErrorState.OPEN, db_index=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.entry}: {self.wrong[:80]}"

    def get_absolute_url(self) -> str:
        return reverse("entry", args=[self.entry.slug])

    def move_to(self, state: str, user: Any) -> None:
        """Settle it, or open it again, and note by whom and when."""
        settled = state == ErrorState.SETTLED
        self.state = state
        self.settled_by_id = user.pk if settled else None
        self.settled_at = timezone.now() if settled else None
        self.save()
