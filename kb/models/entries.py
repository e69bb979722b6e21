"""Entries: one table for what went wrong, what worked and what we noted."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from pydantic import ValidationError as FactsError
from simple_history.models import HistoricalRecords

from kb.external import normal_value
from kb.kinds import KINDS, Kind, KindInfo, clean_facts, flatten
from kb.models.dates import Precision, show_date
from kb.models.facts import Fact
from kb.models.references import Reference
from kb.models.slugs import free_slug, slug_address
from kb.rights import sees_hidden
from kb.text import SearchableText

SHORT_DETAIL = 120  # characters; a longer one is an account of its own, and no word to match beside the title


# Whoever reads: `None` stands for everybody.
User = AbstractBaseUser | AnonymousUser | None


class Origin(models.TextChoices):
    """Who says so."""

    HUMAN = "human", "A curator"
    IMPORTED = "imported", "Imported"
    SUGGESTED = "suggested", "Suggested"


# Whose word counts: a suggestion is nobody's yet.
SAID = (Origin.HUMAN, Origin.IMPORTED)


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class Visibility(models.TextChoices):
    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"


# The entries that everybody may read.
SHOWN = models.Q(status=Status.PUBLISHED, visibility=Visibility.PUBLIC)


def normal_tag(name: str) -> str:
    """The form under which two spellings are one tag: case does not count, nor whether words are parted by `-` or `_`.

    >>> normal_tag("Machine Learning") == normal_tag("machine-learning"), normal_tag("C++") == normal_tag("C#")
    (True, False)
    """
    return " ".join(re.sub(r"[-_]", " ", unicodedata.normalize("NFKC", name).casefold()).split())[:300]


class Tag(models.Model):
    """A word that entries are found by, as it was first written; `normal` tells it from others."""

    name = models.CharField(max_length=300, unique=True)
    normal = models.CharField(max_length=300, db_index=True, blank=True, editable=False)
    slug = models.CharField(max_length=200, unique=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or free_slug(Tag, self.name, fallback="tag", taken_by=self.pk)
        self.normal = normal_tag(self.name)
        super().save(*args, **kwargs)


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: User) -> "EntryQuerySet":
        """Those that this reader may see: everything for staff, published and public entries for everybody else."""
        return self.shown(hidden_too=sees_hidden(user))

    def shown(self, *, hidden_too: bool) -> "EntryQuerySet":
        """Those that are published and public, or all."""
        return self if hidden_too else self.filter(SHOWN)

    def hidden_from(self, user: User) -> "EntryQuerySet":
        """All the others."""
        if sees_hidden(user):
            return self.none()
        return self.exclude(SHOWN)

    def for_lists(self) -> "EntryQuerySet":
        """With what a list shows of each entry, in a fixed number of queries."""
        return self.defer("body", "facts").prefetch_related("tags", "external_ids")

    def listed(self, start: int, stop: int, shown: "EntryQuerySet | None" = None) -> list["Entry"]:
        """Those from `start` up to `stop`, with what `shown` reads of entries, else `for_lists`. Their ids alone are
        put in order: SQLite carries through a sort all that is selected."""
        ids = list(self.values_list("pk", flat=True)[start:stop])
        return (Entry.objects.for_lists() if shown is None else shown).in_order(ids)

    def in_order(self, ids: Sequence[int]) -> list["Entry"]:
        """Those of these that are there, in this order."""
        found = self.in_bulk(ids)
        return [found[id] for id in ids if id in found]

    def for_page(self) -> "EntryQuerySet":
        """Whole, but for the texts of references: of these only how they begin."""
        return self.whole(Reference.objects.opened())

    def whole(self, references: models.QuerySet[Reference] | None = None) -> "EntryQuerySet":
        """With what a page or the API says of one entry, in a fixed number of queries."""
        from kb.models.entities import EntityRole  # which, as categories, are about entries in their turn
        from kb.models.taxonomies import Classification

        categories = Classification.objects.select_related("category__taxonomy", "category__parent__parent")
        return self.prefetch_related(
            *("tags", "external_ids", "source_records"),
            models.Prefetch("roles", EntityRole.objects.select_related("entity")),
            models.Prefetch("citations__reference", Reference.objects.all() if references is None else references),
            models.Prefetch("classifications", categories),
        )

    @transaction.atomic(savepoint=False)
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The entries, with the rows of their facts."""
        created = super().bulk_create(objs, *args, **kwargs)
        Fact.objects.follow(created)
        return created

    def update(self, **fields: Any) -> int:
        """As ever, but for facts, whose rows this would pass by."""
        if "facts" in fields:
            raise TypeError("facts are stored by save() or bulk_create()")
        return super().update(**fields)

    def with_external_id(self, namespace: str, value: str) -> "EntryQuerySet":
        return self.filter(external_ids__namespace=namespace, external_ids__value=value)


class KindManager(models.Manager["Entry"]):
    """The entries of one kind; what it creates has that kind."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.kind = kind

    def get_queryset(self) -> EntryQuerySet:
        return EntryQuerySet(self.model, using=self._db).filter(kind=self.kind)

    def create(self, **fields: Any) -> "Entry":
        return super().create(**{**fields, "kind": self.kind})


entry_history = HistoricalRecords(excluded_fields=["updated_at", "provenance"])


class Entry(models.Model):
    """An incident, a case study or a note.

    `source` names the import that owns its texts, facts, date and tags ("" for what was written here). Other sources
    that know the same event add identifiers, references and roles, and leave the rest alone. `provenance` says of each
    field where it comes from; kb.provenance reads and writes it.
    """

    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=500)
    slug = models.CharField(max_length=200, unique=True, blank=True)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text="Markdown, with $math$")
    occurred_on = models.DateField(null=True, blank=True, db_index=True)
    occurred_precision = models.CharField(max_length=5, choices=Precision, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PUBLISHED)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    language = models.CharField(max_length=20, default="en")
    licence = models.CharField(max_length=60, blank=True, help_text="SPDX name of the licence of this text")
    attribution = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=40, blank=True, editable=False)
    facts = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True, editable=False)
    content_hash = models.CharField(max_length=64, db_index=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="entries")
    references = models.ManyToManyField(Reference, through="EntryReference", related_name="entries")
    history = entry_history

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_on", "-id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["kind", "-occurred_on", "-id"]),
            # With what is counted of entries, so that counting does not read their texts.
            models.Index(fields=["status", "visibility", "kind", "occurred_on", "language"]),
            models.Index(fields=["source", "licence", "attribution", "occurred_on"]),
            models.Index(fields=["kind", "-updated_at", "-id"]),
            models.Index(fields=["kind", "-created_at", "-id"]),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the entry. Facts that do not fit its kind raise ValidationError: they are checked on every save."""
        self.clean()
        if not self.slug:
            self.slug = free_slug(Entry, self.title, fallback=self.kind or "entry", taken_by=self.pk)
        if self.occurred_on and not self.occurred_precision:
            self.occurred_precision = Precision.DAY
        self.content_hash = self.hash_content()
        stored = kwargs.get("update_fields")
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if stored is None or "facts" in stored:
                Fact.objects.follow([self])

    def get_absolute_url(self) -> str:
        return slug_address("entry", self.slug)

    def clean(self) -> None:
        if self.kind not in KINDS:
            raise ValidationError({"kind": [f"There is no kind “{self.kind}”: choose {', '.join(KINDS)}."]})
        try:
            self.facts = clean_facts(self.kind, self.facts or {})
        except FactsError as error:
            lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise ValidationError({"facts": lines}) from error

    @property
    def info(self) -> KindInfo:
        return KINDS[self.kind]

    @property
    def occurred(self) -> str:
        return show_date(self.occurred_on, self.occurred_precision)

    @property
    def is_hidden(self) -> bool:
        """Whether only staff can see this entry."""
        return self.status != Status.PUBLISHED or self.visibility != Visibility.PUBLIC

    def hash_content(self) -> str:
        """SHA-256 over what the entry says, so that two imports of the same text can be told from a change."""
        content = [self.kind, self.title, self.summary, self.body, self.occurred, self.facts]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def searchable(self) -> list[SearchableText]:
        """The texts of this entry that can be searched, as stored; the title alone where there is nothing else."""
        texts = [SearchableText("summary", self.summary), SearchableText("body", self.body)]
        for reference in self.references.all():
            texts.append(SearchableText("reference", reference.text, reference.pk))
        found = [text for text in texts if text.text.strip()]
        return found or [SearchableText("title", self.title)]

    def search_context(self) -> str:
        """One line of words to match beside title and text: entities, tags, facts and identifiers."""
        words: list[str] = [role.entity.name for role in self.roles.all()]
        words += [tag.name for tag in self.tags.all()]
        words += flatten(self.facts, lambda name: name not in ("resource", "details"))
        words += [detail for detail in self.facts.get("details", ()) if len(detail) <= SHORT_DETAIL]
        words += [f"{external.namespace} {external.value}" for external in self.external_ids.all()]
        return " · ".join(dict.fromkeys(word for word in words if word))


class Incident(Entry):
    objects = KindManager(Kind.INCIDENT)  # type: ignore[assignment, misc]  # narrower on purpose

    class Meta:
        proxy = True


class CaseStudy(Entry):
    objects = KindManager(Kind.CASE_STUDY)  # type: ignore[assignment, misc]

    class Meta:
        proxy = True
        verbose_name_plural = "case studies"


class ReadingNote(Entry):
    objects = KindManager(Kind.NOTE)  # type: ignore[assignment, misc]

    class Meta:
        proxy = True


class CitationRole(models.TextChoices):
    """What a reference is to the entry that cites it."""

    REPORT = "report", "Report"
    RESPONSE = "response", "Response of those concerned"


class EntryReference(models.Model):
    """A reference cited by an entry, in the order in which the entry lists them."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="citations")
    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="citations")
    position = models.PositiveIntegerField(default=0)
    role = models.CharField(max_length=10, choices=CitationRole, default=CitationRole.REPORT)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["entry", "reference"], name="one_citation_once")]

    def __str__(self) -> str:
        return str(self.reference)


class ExternalId(models.Model):
    """What the outside world calls an entry: AIID 112, an arXiv number, a DOI. One event may have many."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="external_ids")
    namespace = models.CharField(max_length=40)
    value = models.CharField(max_length=300)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["namespace", "value"], name="one_entry_per_external_id")]

    def __str__(self) -> str:
        return f"{self.namespace} {self.value}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.value = normal_value(self.namespace, self.value)


class Link(models.Model):
    """A relation from one entry to another."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="links")
    target = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="backlinks")
    relation = models.CharField(max_length=40, default="see_also")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HUMAN)
    source = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "target", "relation"], name="one_link_once"),
            models.CheckConstraint(condition=~models.Q(entry=models.F("target")), name="no_link_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.relation}: {self.target}"


class UnresolvedLink(models.Model):
    """A link whose target is not here yet: a slug, or an external id. It becomes a Link when that entry arrives."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="unresolved_links")
    relation = models.CharField(max_length=40)
    namespace = models.CharField(max_length=40, blank=True, help_text="empty: `value` is a slug")
    value = models.CharField(max_length=300)
    source = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["namespace", "value"])]
        constraints = [
            models.UniqueConstraint(fields=["entry", "relation", "namespace", "value"], name="one_unresolved_link_once")
        ]

    def __str__(self) -> str:
        return f"{self.relation}: {self.namespace} {self.value}"


class UnresolvedSame(models.Model):
    """Two identifiers that somebody published to name one event, which is not here yet. The first is the publisher's.

    When an entry with one of them arrives, the other becomes an identifier of it too.
    """

    namespace = models.CharField(max_length=40)
    value = models.CharField(max_length=300)
    other_namespace = models.CharField(max_length=40)
    other_value = models.CharField(max_length=300)
    source = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "unresolved samenesses"
        indexes = [models.Index(fields=["other_namespace", "other_value"])]
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "value", "other_namespace", "other_value"], name="one_unresolved_same_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.value} = {self.other_namespace} {self.other_value}"


class SlugRedirect(models.Model):
    """An address that an entry had before it was renamed or merged."""

    slug = models.CharField(max_length=200, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="former_slugs")

    def __str__(self) -> str:
        return self.slug


def first_external_ids(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value a namespace: the first that was given, which is the entry's own and not a merged duplicate's."""
    values: dict[str, str] = {}
    for namespace, value in pairs:
        values.setdefault(namespace, value)
    return values
