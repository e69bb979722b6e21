"""The facts of a kind as fields of the admin's form, a field each instead of JSON."""

from typing import Any, get_args, get_origin

from django import forms
from pydantic import ValidationError as FactsError

from kb.admin.forms import KeepsText, as_typed
from kb.kinds import KINDS, clean_facts

PREFIX = "fact_"
LONG = {"problem", "approach", "results", "response", "purpose"}


class FactsForm(KeepsText):
    """An entry of one kind. Of a fact with several values each is a line."""

    kind = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial_facts: dict[str, Any] = dict(self.instance.facts or {})
        for name, value in self.initial_facts.items():
            if PREFIX + name in self.fields:
                self.initial.setdefault(PREFIX + name, _shown(value))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        facts = {name: self._value(name) for name in fact_names(self.kind)}
        try:
            self.instance.facts = clean_facts(self.kind, {name: value for name, value in facts.items() if value})
        except FactsError as error:
            for one in error.errors():
                self.add_error(PREFIX + str(one["loc"][0]), one["msg"])
        return cleaned

    def _value(self, name: str) -> Any:
        """What was typed; where that is what was shown, the fact as it was, line ends within a value included."""
        typed = as_typed(self.cleaned_data.get(PREFIX + name) or "")
        before = self.initial_facts.get(name, "")
        if typed == as_typed(_shown(before)):
            return before
        return [line.strip() for line in typed.splitlines() if line.strip()] if _is_list(name, self.kind) else typed


def facts_form(kind: str) -> type[FactsForm]:
    """The form of a kind, with a field for each of its facts."""
    fields = {PREFIX + name: _field(name, kind) for name in fact_names(kind)}
    return type(f"{kind}_form", (FactsForm,), {"kind": kind, **fields})


def fact_names(kind: str) -> list[str]:
    return list(KINDS[kind].facts.model_fields)


def _field(name: str, kind: str) -> forms.Field:
    label = name.replace("_", " ").capitalize()
    if _is_list(name, kind):
        lines = forms.Textarea(attrs={"rows": 3, "cols": 60})
        return forms.CharField(required=False, label=label, widget=lines, help_text="One a line.")
    if choices := get_args(KINDS[kind].facts.model_fields[name].annotation):
        named = [(value, str(value).capitalize()) for value in choices]
        return forms.ChoiceField(required=False, label=label, choices=[("", "–"), *named])
    text = forms.Textarea(attrs={"rows": 3, "cols": 60}) if name in LONG else forms.TextInput(attrs={"size": 60})
    return forms.CharField(required=False, label=label, widget=text)


def _is_list(name: str, kind: str) -> bool:
    return get_origin(KINDS[kind].facts.model_fields[name].annotation) is list


def _shown(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)
