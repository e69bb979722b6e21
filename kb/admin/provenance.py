"""Provenance in the admin: to be read, but for what a person decides."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kb import proposals
from kb.models import Attachment, Change, DeletedEntry, EntityRelation, Entry, Proposal, Schedule, SourceRecord


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
    """Two titles side by side with what speaks for them; what is chosen is merged or declined."""

    list_display = ["score_shown", "first", "second", "evidence_shown", "state", "decided_by"]
    list_display_links = ["score_shown"]
    list_filter = [("state", admin.ChoicesFieldListFilter)]
    search_fields = ["entry__title", "other__title"]
    list_select_related = ["entry", "other", "decided_by"]
    list_per_page = 50
    actions = ["accept", "decline"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        return super().get_queryset(request).prefetch_related("entry__external_ids", "other__external_ids")

    @admin.display(description="Score", ordering="score")
    def score_shown(self, proposal: Proposal) -> str:
        return f"{proposal.score:.2f}"

    @admin.display(description="Older", ordering="entry__title")
    def first(self, proposal: Proposal) -> SafeString:
        return _linked(proposal.entry)

    @admin.display(description="Newer", ordering="other__title")
    def second(self, proposal: Proposal) -> SafeString:
        return _linked(proposal.other)

    @admin.display(description="Evidence")
    def evidence_shown(self, proposal: Proposal) -> SafeString:
        return format_html_join(SafeString("<br>"), "{}", ((line,) for line in proposals.evidence_lines(proposal)))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Merging deletes one of two entries: who may not change entries may look."""
        return request.user.has_perms(["kb.change_proposal", "kb.change_entry"])

    @admin.action(description="They are the same: merge into the one that says more", permissions=["decide"])
    def accept(self, request: HttpRequest, chosen: QuerySet[Proposal]) -> None:
        self._decide(request, chosen, "merged", lambda one: proposals.accept(one, request.user, proposals.fuller(one)))

    @admin.action(description="They are not the same: never propose them again", permissions=["decide"])
    def decline(self, request: HttpRequest, chosen: QuerySet[Proposal]) -> None:
        self._decide(request, chosen, "declined", lambda one: proposals.decline(one, request.user))

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[Proposal], done: str, decide: Callable[[Proposal], object]
    ) -> None:
        count = 0
        # By id: deciding one may have merged an entry of the next.
        for pk in list(chosen.values_list("pk", flat=True)):
            proposal = Proposal.objects.select_related("entry", "other").filter(pk=pk).first()
            try:
                if proposal is not None:
                    decide(proposal)
                    count += 1
            except proposals.Decided as error:
                self.message_user(request, str(error), messages.WARNING)
        self.message_user(request, f"{count} {done}.", messages.SUCCESS)


def _linked(entry: Entry) -> SafeString:
    """The title with what tells it from the other one, leading to the entry's page."""
    known = ", ".join(str(external) for external in entry.external_ids.all())
    said = " · ".join(filter(None, (entry.get_kind_display(), entry.occurred, known)))
    return format_html('<a href="{}">{}</a><br><small>{}</small>', entry.get_absolute_url(), entry.title, said)


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
