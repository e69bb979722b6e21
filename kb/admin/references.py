from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from kb.admin.forms import KeepsText
from kb.models import EntryReference, Reference


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


@admin.register(EntryReference)
class EntryReferenceAdmin(admin.ModelAdmin):
    list_display = ["entry", "reference", "position"]
    search_fields = ["entry__title", "reference__title"]
    autocomplete_fields = ["entry", "reference"]
