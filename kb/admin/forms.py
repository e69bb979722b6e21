"""What the admin's forms do with text."""

from typing import Any

from django.forms import ModelForm


class KeepsText(ModelForm):
    """A text that nobody touched stays as it was, to the letter.

    Browsers send line ends as CRLF and Django takes outer spaces off, so that without this every save of a long text
    would be an edit of it.
    """

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for name, typed in self.cleaned_data.items():
            before = getattr(self.instance, name, None) if isinstance(typed, str) else None
            if isinstance(before, str):
                self.cleaned_data[name] = before if as_typed(typed) == as_typed(before) else typed.replace("\r\n", "\n")
        return cleaned


def as_typed(text: str) -> str:
    """A text as it is compared with what a form sends back."""
    return text.replace("\r\n", "\n").strip()
