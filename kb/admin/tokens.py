"""API tokens in the admin: listed and withdrawn; `manage.py token` makes them."""

from django.contrib import admin
from django.http import HttpRequest

from kb.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    list_display = ["name", "user", "created_at", "last_used_on"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
