"""References: the reports, papers, articles and posts that entries rest on."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models.functions import Left
from simple_history.models import HistoricalRecords

from kb.addresses import canonical_url
from kb.models.dates import Precision, show_date
from kb.rights import QUOTE_CHARS, may_show_whole

OPENING = QUOTE_CHARS * 3  # with the headings and blank lines that are not quoted


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def opened(self) -> "ReferenceQuerySet":
        """With the `opening` of each text instead of all of it, which may be a book."""
        return self.defer("text").annotate(opening=Left("text", OPENING))

    def read_what_may_be_shown(self, references: Iterable["Reference"]) -> None:
        """Put the texts that may be shown whole back into references that were only `opened`, in one query."""
        free = {one.pk: one for one in references if may_show_whole(one.text_licence)}
        for pk, text in self.filter(pk__in=free).values_list("pk", "text") if free else ():
            free[pk].text = text


class Reference(models.Model):
    """One report, article, paper or post, shared by every entry that cites it.

    `text` belongs to its publisher: it is stored and indexed here, and shown whole only where `text_licence` says
    that it may be; elsewhere a short quoted passage with the link is all that a page or the API gives. `page_starts`
    are the offsets in `text` at which its pages begin. `canonical_url` is a urn where there is no address.
    """

    url = models.URLField(max_length=2000, blank=True)
    canonical_url = models.CharField(max_length=2000, unique=True, null=True, blank=True, editable=False)
    title = models.CharField(max_length=500, blank=True)
    publisher = models.CharField(max_length=300, blank=True)
    authors = models.JSONField(default=list, blank=True)
    published_on = models.DateField(null=True, blank=True)
    published_precision = models.CharField(max_length=5, choices=Precision, blank=True)
    archive_url = models.URLField(max_length=2000, blank=True)
    language = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    text_licence = models.CharField(max_length=60, blank=True, help_text="SPDX name, empty if not licensed for reuse")
    page_starts = models.JSONField(default=list, blank=True, editable=False)
    source = models.CharField(max_length=40, blank=True, editable=False)
    curated = models.JSONField(default=list, blank=True, editable=False, help_text="fields that a curator decided")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(excluded_fields=["text"])

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["-published_on", "id"]
        indexes = [models.Index(fields=["published_on"])]  # read whole, without the texts

    def __str__(self) -> str:
        return self.title or self.url

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.url:
            self.canonical_url = canonical_url(self.url)
        elif not (self.canonical_url or "").startswith("urn:"):
            self.canonical_url = None
        if self.published_on and not self.published_precision:
            self.published_precision = Precision.DAY
        super().save(*args, **kwargs)

    @property
    def published(self) -> str:
        return show_date(self.published_on, self.published_precision)

    def page_at(self, offset: int) -> int | None:
        """The number of the page, from 1, that this offset in the text is on; None where the text has no pages."""
        return bisect_right(self.page_starts, offset) or None
