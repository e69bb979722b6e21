"""Entries in the admin: one table, a page a kind."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kb import curating
from kb.admin.facts import PREFIX, fact_names, facts_form
from kb.admin.forms import KeepsText
from kb.admin.rows import HangsOnEntry
from kb.models import (
    Attachment,
    CaseStudy,
    Classification,
    EntityRole,
    Entry,
    EntryReference,
    ExternalId,
    Incident,
    Link,
    ReadingNote,
    SlugRedirect,
    Tag,
    UnresolvedLink,
    UnresolvedSame,
)
from kb.signals import entries_changed


class CitationInline(admin.TabularInline):
    model = EntryReference
    autocomplete_fields = ["reference"]
    extra = 0


class RoleInline(admin.TabularInline):
    model = EntityRole
    autocomplete_fields = ["entity"]
    extra = 0


class ExternalIdInline(admin.TabularInline):
    model = ExternalId
    extra = 0


class ClassificationInline(admin.TabularInline):
    model = Classification
    autocomplete_fields = ["category"]
    extra = 0


class LinkInline(admin.TabularInline):
    model = Link
    fk_name = "entry"
    autocomplete_fields = ["target"]
    extra = 0


class AttachmentInline(admin.TabularInline):
    """To be read: what belongs to a text comes and goes with its source."""

    model = Attachment
    fields = ["name", "media_type", "size", "source"]
    readonly_fields = ["name", "media_type", "size", "source"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(SimpleHistoryAdmin):
    form = KeepsText
    list_display = ["title", "kind", "occurred", "status", "visibility", "source", "updated_at"]
    list_filter = ["kind", "status", "visibility", "source", "language", "occurred_on", "tags"]
    list_per_page = 50
    search_fields = ["title", "summary", "slug", "external_ids__value"]
    date_hierarchy = "occurred_on"
    filter_horizontal = ["tags"]
    readonly_fields = ["source", "content_hash", "created_at", "updated_at"]
    inlines = [CitationInline, RoleInline, ExternalIdInline, ClassificationInline, LinkInline, AttachmentInline]
    actions = ["reindex", "publish", "withdraw"]
    history_list_display = ["history_change_reason"]
    fieldsets = [
        (None, {"fields": ["kind", "title", "slug", "summary", "body", "tags"]}),
        ("When", {"fields": [("occurred_on", "occurred_precision")]}),
        ("Who may see it", {"fields": [("status", "visibility")]}),
        ("Facts of its kind", {"fields": ["facts"], "classes": ["collapse"]}),
        (
            "Where it comes from",
            {
                "fields": ["language", "licence", "attribution", "source", "content_hash", "created_at", "updated_at"],
                "classes": ["collapse"],
            },
        ),
    ]

    def save_model(self, request: HttpRequest, obj: Entry, form: ModelForm, change: bool) -> None:
        form.before = curating.Snapshot.of(obj) if change else None  # type: ignore[attr-defined]
        former = Entry.objects.values_list("slug", flat=True).get(pk=obj.pk) if change else obj.slug
        super().save_model(request, obj, form, change)
        if change and former != obj.slug:
            SlugRedirect.objects.filter(slug=obj.slug).delete()
            SlugRedirect.objects.update_or_create(slug=former, defaults={"entry_id": obj.pk})

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        before = form.before  # type: ignore[attr-defined]
        if before is None:
            curating.record_new(form.instance, request.user)
        else:
            curating.record_edit(before, form.instance, request.user)

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:
        curating.record_deletion([obj], request.user)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        curating.record_deletion(queryset, request.user)
        super().delete_queryset(request, queryset)

    @admin.display(description="Date", ordering="occurred_on")
    def occurred(self, entry: Entry) -> str:
        return entry.occurred

    @admin.action(description="Index again")
    def reindex(self, request: HttpRequest, chosen: QuerySet[Entry]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        entries_changed.send(sender=Entry, ids=ids)
        self.message_user(request, f"{len(ids)} queued to be indexed again.", messages.SUCCESS)

    @admin.action(description="Publish")
    def publish(self, request: HttpRequest, chosen: QuerySet[Entry]) -> None:
        self._set_status(request, chosen, "published")

    @admin.action(description="Back to draft")
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Entry]) -> None:
        self._set_status(request, chosen, "draft")

    def _set_status(self, request: HttpRequest, chosen: QuerySet[Entry], status: str) -> None:
        for entry in chosen:
            before = curating.Snapshot.of(entry)
            entry.status = status
            entry.save()
            curating.record_edit(before, entry, request.user)
        self.message_user(request, f"{len(chosen)} now {status}.", messages.SUCCESS)


class OneKindAdmin(EntryAdmin):
    """The entries of one kind: the kind is given, not asked for."""

    list_display = ["title", "occurred", "status", "visibility", "source", "updated_at"]
    list_filter = ["status", "visibility", "source", "language", "occurred_on", "tags"]
    kind = ""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Those of every entry, without the kind, and with a field for each fact."""
        facts = [PREFIX + name for name in fact_names(self.kind)]
        return [
            (
                title,
                {**options, "fields": facts if options["fields"] == ["facts"] else _without_kind(options["fields"])},
            )
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), "kind": self.kind}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        kind = self.kind

        class FormOfKind(form):  # type: ignore[valid-type, misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.instance.kind = kind

        return FormOfKind


def _without_kind(fields: Any) -> list[Any]:
    return [name for name in fields if name != "kind"]


@admin.register(Incident)
class IncidentAdmin(OneKindAdmin):
    kind = "incident"
    form = facts_form(kind)


@admin.register(CaseStudy)
class CaseStudyAdmin(OneKindAdmin):
    kind = "case_study"
    form = facts_form(kind)


@admin.register(ReadingNote)
class ReadingNoteAdmin(OneKindAdmin):
    kind = "note"
    form = facts_form(kind)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]


@admin.register(ExternalId)
class ExternalIdAdmin(HangsOnEntry, admin.ModelAdmin):
    list_display = ["namespace", "value", "entry"]
    list_filter = ["namespace"]
    search_fields = ["value", "entry__title"]
    autocomplete_fields = ["entry"]


@admin.register(Link)
class LinkAdmin(HangsOnEntry, admin.ModelAdmin):
    list_display = ["entry", "relation", "target", "origin"]
    list_filter = ["relation", "origin"]
    search_fields = ["entry__title", "target__title"]
    autocomplete_fields = ["entry", "target"]


@admin.register(UnresolvedLink)
class UnresolvedLinkAdmin(admin.ModelAdmin):
    list_display = ["entry", "relation", "namespace", "value"]
    search_fields = ["entry__title", "value"]
    autocomplete_fields = ["entry"]


@admin.register(SlugRedirect)
class SlugRedirectAdmin(admin.ModelAdmin):
    list_display = ["slug", "entry"]
    search_fields = ["slug", "entry__title"]
    autocomplete_fields = ["entry"]


@admin.register(UnresolvedSame)
class UnresolvedSameAdmin(admin.ModelAdmin):
    list_display = ["namespace", "value", "other_namespace", "other_value", "source"]
    list_filter = ["namespace", "other_namespace"]
    search_fields = ["value", "other_value"]
