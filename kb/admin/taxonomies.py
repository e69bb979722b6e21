"""Taxonomies in the admin, and what is placed in them."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from kb.admin.rows import HangsOnEntry
from kb.models import Category, Classification, Taxonomy
from kb.models.taxonomies import CURATED


@admin.register(Taxonomy)
class TaxonomyAdmin(admin.ModelAdmin):
    list_display = ["name", "url", "source"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: Taxonomy, form: ModelForm, change: bool) -> None:
        """Store what the curator says; no import says otherwise from then on."""
        if form.changed_data:
            obj.source = CURATED
        super().save_model(request, obj, form, change)


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "taxonomy", "parent"]
    list_filter = ["taxonomy"]
    search_fields = ["name", "taxonomy__name"]
    autocomplete_fields = ["taxonomy", "parent"]

    def save_model(self, request: HttpRequest, obj: Category, form: ModelForm, change: bool) -> None:
        """Store what the curator says; no import defines this taxonomy from then on."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            Taxonomy.objects.filter(pk=obj.taxonomy_id).update(source=CURATED)


@admin.register(Classification)
class ClassificationAdmin(HangsOnEntry, SimpleHistoryAdmin):
    list_display = ["entry", "category", "origin"]
    list_filter = ["origin", "category__taxonomy"]
    search_fields = ["entry__title", "category__name"]
    autocomplete_fields = ["entry", "category"]
