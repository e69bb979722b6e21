"""What search keeps, for reading: the worker writes it, and `reindex` makes it again."""

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from kb.models import Entry
from kb.signals import entries_changed
from search.models import Embedding, Evaluation, Indexing, Passage, SavedPrecedents, SavedSearch, TunedEncoder


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Passage)
class PassageAdmin(ReadOnlyAdmin):
    list_display = ["id", "entry", "source", "start", "end", "__str__"]
    list_filter = ["source", "entry__kind"]
    list_select_related = ["entry"]
    search_fields = ["text", "entry__title"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Not here; but whoever deletes an entry or a reference elsewhere is asked about its passages, which go too."""
        own = reverse("admin:search_passage_changelist")
        return obj is not None and not request.path.startswith(own)


@admin.register(Embedding)
class EmbeddingAdmin(ReadOnlyAdmin):
    list_display = ["text_hash", "fingerprint"]
    list_filter = ["fingerprint"]
    search_fields = ["text_hash"]
    fields = ["text_hash", "fingerprint"]


class WaitingFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("failed", "Failed"), ("indexed", "Indexed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Indexing]) -> QuerySet[Indexing]:
        match self.value():
            case "waiting":
                return queryset.exclude(wanted=F("indexed")).filter(error="")
            case "failed":
                return queryset.exclude(error="")
            case "indexed":
                return queryset.filter(wanted=F("indexed"))
        return queryset


@admin.register(Indexing)
class IndexingAdmin(ReadOnlyAdmin):
    list_display = ["entry_id", "wanted", "indexed", "attempts", "changed_at", "error"]
    list_filter = [WaitingFilter]
    search_fields = ["entry_id", "error"]
    actions = ["again"]

    @admin.action(description="Index again", permissions=["view"])
    def again(self, request: HttpRequest, chosen: QuerySet[Indexing]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        entries_changed.send(sender=Entry, ids=ids)
        self.message_user(request, f"{len(ids)} queued to be indexed again.", messages.SUCCESS)


@admin.register(TunedEncoder)
class TunedEncoderAdmin(ReadOnlyAdmin):
    list_display = ["name", "state", "verdict", "entries", "created_at", "decided_at"]
    list_filter = ["state"]
    search_fields = ["name", "base", "verdict"]


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """What `evaluate --keep` kept; deleting one takes it off /status/quality/."""

    list_display = ["name", "measured_at"]
    search_fields = ["name"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(SavedPrecedents)
class SavedPrecedentsAdmin(ReadOnlyAdmin):
    """What readers saved. What they described is theirs: staff sees that it exists, and may remove it."""

    list_display = ["__str__", "owner", "created_at", "opened_at"]
    list_filter = ["created_at", "opened_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "owner__username"]
    fields = ["title", "owner", "created_at", "opened_at", "found_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedPrecedents]:
        return super().get_queryset(request).defer("found", "notes")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(SavedSearch)
class SavedSearchAdmin(SavedPrecedentsAdmin):
    """The same of searches."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedSearch]:  # type: ignore[override]
        return ReadOnlyAdmin.get_queryset(self, request).defer("found")
