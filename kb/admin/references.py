"""References in the admin, with the entries that cite each."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kb import curating
from kb.admin.forms import KeepsText
from kb.admin.rows import HangsOnEntry
from kb.models import EntryReference, Reference

# What a source tells of a reference: what a curator edits of these is the curator's, and no import overwrites it again.
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
        if before:
            edited = {name for name in OWNED if getattr(before, name) != getattr(obj, name)}
            obj.curated = sorted({*obj.curated, *edited})
        if before and before.text != obj.text:
            obj.page_starts = []  # nobody knows where the pages of the new text begin
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        citing = list(form.instance.entries.all())
        before = [curating.Snapshot.of(entry) for entry in citing]
        super().save_related(request, form, formsets, change)
        for entry, was in zip(citing, before, strict=True):
            curating.record_edit(was, entry, request.user)


@admin.register(EntryReference)
class EntryReferenceAdmin(HangsOnEntry, admin.ModelAdmin):
    list_display = ["entry", "reference", "position"]
    search_fields = ["entry__title", "reference__title"]
    autocomplete_fields = ["entry", "reference"]
