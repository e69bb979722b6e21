"""Rows that hang on an entry, edited on pages of their own: as much a curator's decision as on the entry's page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from kb import curating
from kb.models import Entry


class HangsOnEntry(admin.ModelAdmin):
    """Notes at the entry what was added, changed or taken away, so that no import brings it back."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        former = type(obj)._default_manager.get(pk=obj.pk).entry_id if change else obj.entry_id
        touched = Entry.objects.in_bulk({former, obj.entry_id})
        before = {pk: curating.Snapshot.of(entry) for pk, entry in touched.items()}
        super().save_model(request, obj, form, change)
        for pk, entry in touched.items():
            curating.record_edit(before[pk], entry, request.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        before = curating.Snapshot.of(obj.entry)
        super().delete_model(request, obj)
        curating.record_edit(before, obj.entry, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        entries = Entry.objects.in_bulk(set(queryset.values_list("entry", flat=True)))
        before = {pk: curating.Snapshot.of(entry) for pk, entry in entries.items()}
        super().delete_queryset(request, queryset)
        for pk, entry in entries.items():
            curating.record_edit(before[pk], entry, request.user)
