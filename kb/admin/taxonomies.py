"""Taxonomies in the admin, and what is placed in them."""

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from kb.admin.rows import HangsOnEntry
from kb.models import Category, Classification, Taxonomy


@admin.register(Taxonomy)
class TaxonomyAdmin(admin.ModelAdmin):
    list_display = ["name", "url"]
    search_fields = ["name"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "taxonomy", "parent"]
    list_filter = ["taxonomy"]
    search_fields = ["name", "taxonomy__name"]
    autocomplete_fields = ["taxonomy", "parent"]


@admin.register(Classification)
class ClassificationAdmin(HangsOnEntry, SimpleHistoryAdmin):
    list_display = ["entry", "category", "origin"]
    list_filter = ["origin", "category__taxonomy"]
    search_fields = ["entry__title", "category__name"]
    autocomplete_fields = ["entry", "category"]
