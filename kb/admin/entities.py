"""Entities in the admin, with their names and the merge of two that are one."""

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kb.admin.rows import HangsOnEntry
from kb.merging import merge_entities
from kb.models import Entity, EntityAlias, EntityRole


class AliasInline(admin.TabularInline):
    model = EntityAlias
    extra = 0


@admin.register(Entity)
class EntityAdmin(SimpleHistoryAdmin):
    list_display = ["name", "entry_count", "merged_into"]
    search_fields = ["name", "aliases__name"]
    list_filter = [("merged_into", admin.EmptyFieldListFilter), "roles__role"]
    autocomplete_fields = ["merged_into"]
    inlines = [AliasInline]
    actions = ["merge"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entity]:
        return super().get_queryset(request).annotate(entry_count=Count("roles__entry", distinct=True))

    @admin.display(description="Entries", ordering="entry_count")
    def entry_count(self, entity: Entity) -> int:
        return entity.entry_count  # type: ignore[attr-defined]  # annotated above

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        entity = form.instance
        if "merged_into" in form.changed_data and entity.merged_into:
            into, entity.merged_into = entity.merged_into, None
            merge_entities(entity, into)

    @admin.action(description="Merge into the one with the most entries")
    def merge(self, request: HttpRequest, chosen: QuerySet[Entity]) -> None:
        if len(chosen) < 2:
            self.message_user(request, "Choose two or more entities to merge.", messages.WARNING)
            return
        kept, *others = sorted(chosen, key=lambda entity: (-entity.entry_count, entity.pk))  # type: ignore[attr-defined]
        kept = kept.resolved()
        others = [entity for entity in others if entity.resolved() != kept]
        for gone in others:
            if gone.resolved() != kept:  # two of them may have been one already
                merge_entities(gone, kept)
        self.message_user(request, f"{len(others)} merged into {kept.name}.", messages.SUCCESS)


@admin.register(EntityAlias)
class EntityAliasAdmin(admin.ModelAdmin):
    list_display = ["name", "entity", "namespace", "key"]
    list_filter = ["namespace"]
    search_fields = ["name", "key", "entity__name"]
    autocomplete_fields = ["entity"]


@admin.register(EntityRole)
class EntityRoleAdmin(HangsOnEntry, admin.ModelAdmin):
    list_display = ["entity", "role", "entry"]
    list_filter = ["role"]
    search_fields = ["entity__name", "entry__title"]
    autocomplete_fields = ["entry", "entity"]
