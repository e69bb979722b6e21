"""Jobs in the admin, to be read."""

from django.contrib import admin
from django.http import HttpRequest

from kb.models import Job, JobProblem


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """Jobs are read here; what they say is written by whoever does them."""

    list_display = ["id", "kind", "state", "done", "total", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    search_fields = ["parameters", "error"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False


@admin.register(JobProblem)
class JobProblemAdmin(admin.ModelAdmin):
    list_display = ["job", "key", "reason"]
    search_fields = ["key", "reason"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: JobProblem | None = None) -> bool:
        return False
