"""Provenance in the admin: to be read, but for what a person decides."""

from django.contrib import admin
from django.http import HttpRequest

from kb.models import Attachment, Change, DeletedEntry, EntityRelation, Proposal, Schedule, SourceRecord


class ReadOnly(admin.ModelAdmin):
    """Rows that the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(SourceRecord)
class SourceRecordAdmin(ReadOnly):
    list_display = ["key", "source", "collection", "entry", "seen_at", "vanished_at"]
    list_filter = ["source", "vanished_at"]
    search_fields = ["key", "entry__title"]
    list_select_related = ["entry"]


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    list_display = ["title", "action", "source", "job", "user", "created_at"]
    list_filter = ["action", "source", "preview"]
    search_fields = ["title", "key"]
    list_select_related = ["job", "user"]


@admin.register(Proposal)
class ProposalAdmin(ReadOnly):
    list_display = ["entry", "other", "score", "state", "decided_by"]
    list_filter = ["state"]
    search_fields = ["entry__title", "other__title"]
    list_select_related = ["entry", "other", "decided_by"]


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    list_display = ["source", "location", "every_minutes", "next_at", "is_on", "last_job"]
    list_filter = ["source", "is_on"]
    search_fields = ["location"]
    readonly_fields = ["last_job"]


@admin.register(DeletedEntry)
class DeletedEntryAdmin(admin.ModelAdmin):
    list_display = ["namespace", "value", "title", "deleted_at"]
    list_filter = ["namespace"]
    search_fields = ["value", "title"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly):
    list_display = ["name", "entry", "media_type", "size"]
    search_fields = ["name", "entry__title"]
    list_select_related = ["entry"]


@admin.register(EntityRelation)
class EntityRelationAdmin(admin.ModelAdmin):
    list_display = ["entity", "relation", "other", "source"]
    list_filter = ["relation"]
    search_fields = ["entity__name", "other__name"]
    autocomplete_fields = ["entity", "other"]
    list_select_related = ["entity", "other"]
