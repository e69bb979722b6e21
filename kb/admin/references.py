"""References in the admin, with the entries that cite each."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kb.admin.forms import KeepsText
from kb.models import EntryReference, Reference

# What a source tells of a reference: a curator who edits one of these takes it over, and no import overwrites it again.
OWNED = (
    *("url", "title", "publisher", "authors", "published_on", "published_precision"),
    *("archive_url", "language", "text", "text_licence"),
)


class CitedByInline(admin.TabularInline):
    model = EntryReference
    autocomplete_fields = ["entry"]
    extra = 0
    verbose_name = "entry that cites it"
    verbose_name_plural = "entries that cite it"


@admin.register(Reference)
class ReferenceAdmin(SimpleHistoryAdmin):
    form = KeepsText
    list_display = ["__str__", "publisher", "published", "language", "text_licence"]
    list_filter = ["language", "text_licence", "published_on"]
    search_fields = ["title", "url", "publisher"]
    readonly_fields = ["canonical_url"]
    inlines = [CitedByInline]

    def save_model(self, request: HttpRequest, obj: Reference, form: ModelForm, change: bool) -> None:
        before = Reference.objects.get(pk=obj.pk) if change else None
        if before and any(getattr(before, name) != getattr(obj, name) for name in OWNED):
            obj.source = ""
        super().save_model(request, obj, form, change)


@admin.register(EntryReference)
class EntryReferenceAdmin(admin.ModelAdmin):
    list_display = ["entry", "reference", "position"]
    search_fields = ["entry__title", "reference__title"]
    autocomplete_fields = ["entry", "reference"]
