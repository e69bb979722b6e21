"""What readers found wrong, as a queue: the open ones first looked at, then settled."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.models import ErrorReport
from kb.models.error_reports import ErrorState


@admin.register(ErrorReport)
class ErrorReportAdmin(admin.ModelAdmin):
    list_display = ["short", "entry_linked", "state", "created_at", "settled_by"]
    list_filter = ["state", "created_at"]
    search_fields = ["wrong", "contact", "entry__title"]
    list_select_related = ["entry", "settled_by"]
    readonly_fields = ["entry_linked", "wrong", "source_url", "contact", "created_at", "settled_by", "settled_at"]
    fields = [*readonly_fields[:5], "state", *readonly_fields[5:]]
    ordering = ["state", "-id"]  # open before settled
    actions = ["settle", "open_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="What is wrong", ordering="wrong")
    def short(self, report: ErrorReport) -> str:
        return report.wrong if len(report.wrong) <= 120 else report.wrong[:119] + "…"

    @admin.display(description="Entry", ordering="entry__title")
    def entry_linked(self, report: ErrorReport) -> SafeString:
        return format_html('<a href="{}">{}</a>', report.entry.get_absolute_url(), report.entry.title)

    def save_model(self, request: HttpRequest, obj: ErrorReport, form: Any, change: bool) -> None:
        if "state" in form.changed_data:
            obj.move_to(obj.state, request.user)

    @admin.action(description="Settled", permissions=["change"])
    def settle(self, request: HttpRequest, chosen: QuerySet[ErrorReport]) -> None:
        self._move(request, chosen, ErrorState.SETTLED)

    @admin.action(description="Open again", permissions=["change"])
    def open_again(self, request: HttpRequest, chosen: QuerySet[ErrorReport]) -> None:
        self._move(request, chosen, ErrorState.OPEN)

    def _move(self, request: HttpRequest, chosen: QuerySet[ErrorReport], state: ErrorState) -> None:
        reports = list(chosen.exclude(state=state))
        for report in reports:
            report.move_to(state, request.user)
        self.message_user(request, f"{len(reports)} {state.label.lower()}.", messages.SUCCESS)
