"""Which column is which field, as a form: as it was guessed, and as a person corrects it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.sources.tables.mapping_guesses import FACT, GUESSES
from kb.change_words import field_label
from kb.kinds import KINDS

PREFIX = "column:"
LABELS = {"body": "Text", "date": "Date", "url": "Address", "id": "Identifier", "slug": "Short name"}


@dataclass(frozen=True)
class ColumnChoice:
    """A field of ours, and the column that it is read from; "" for none."""

    name: str
    label: str
    column: str

    @property
    def key(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class ColumnForm:
    """The fields that a table can fill, those of every entry and the facts of its kind, and the table's columns."""

    fields: list[ColumnChoice]
    facts: list[ColumnChoice]
    columns: list[str]

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> "ColumnForm | None":
        """Of what an import noted about itself; None where it read no table."""
        if "mapping" not in parameters:
            return None
        mapping: Mapping[str, str] = parameters["mapping"]
        kind = parameters.get("options", {}).get("kind", "")
        known = [FACT + name for name in _facts(kind)]
        others = [name for name in mapping if name.startswith(FACT) and name not in known]
        columns = list(dict.fromkeys([*mapping.values(), *parameters.get("unmapped", [])]))
        return cls(
            [_choice(name, mapping) for name in GUESSES],
            [_choice(name, mapping) for name in [*known, *others]],
            columns,
        )


def chosen_columns(posted: Mapping[str, str]) -> dict[str, str]:
    """The mapping that the form was sent with."""
    return {name.removeprefix(PREFIX): column for name, column in posted.items() if name.startswith(PREFIX) and column}


def _choice(name: str, mapping: Mapping[str, str]) -> ColumnChoice:
    return ColumnChoice(name, LABELS.get(name) or field_label(name), mapping.get(name, ""))


def _facts(kind: str) -> list[str]:
    """Of the kind, or of all kinds where none was given."""
    kinds = [kind] if kind in KINDS else list(KINDS)
    return list(dict.fromkeys(name for one in kinds for name in KINDS[one].facts.model_fields))
