"""The form by which a reader says what is wrong with an entry."""

from typing import Any

from django import forms
from django.core.validators import URLValidator

from kb.models.error_reports import MAX_CONTACT, MAX_WRONG, ErrorReport

WEB = URLValidator(schemes=["http", "https"])


class ErrorReportForm(forms.Form):
    """What is wrong and, if the reader likes, where that can be read and how to answer.

    `website` is hidden from people: who fills it in is a program.
    """

    wrong = forms.CharField(
        label="What is wrong?", max_length=MAX_WRONG, widget=forms.Textarea(attrs={"rows": 7, "autofocus": True})
    )
    source_url = forms.CharField(label="Address of a source (optional)", max_length=2000, required=False)
    contact = forms.CharField(label="How to reach you (optional)", max_length=MAX_CONTACT, required=False)
    website = forms.CharField(required=False)

    def clean_source_url(self) -> str:
        written = self.cleaned_data["source_url"]
        if written:
            WEB(written)
        return written

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.data.get("website"))

    def save(self, entry: Any) -> ErrorReport:
        """Into the queue. Only of a form that is valid."""
        told = {name: self.cleaned_data[name] for name in ("wrong", "source_url", "contact")}
        return ErrorReport.objects.create(entry=entry, **told)
