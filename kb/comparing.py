"""Two things side by side, line by line, and what they share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from kb.change_words import field_label
from kb.kinds import FACTS, KINDS
from kb.labels import as_fact, as_label
from kb.listing import language_label
from kb.models import Entry, Reference, Role
from kb.models.dates import tell_date
from kb.models.entries import SAID
from kb.provenance import FACT

NOTHING = "nothing said"
MOST_SHOWN = 15  # values of one side; where there are more, those that are shared come first


@dataclass(frozen=True)
class Value:
    """One thing said of a side, where it leads, and of how many entries it is said."""

    text: str
    address: str = ""
    count: int = 0
    is_shared: bool = False


@dataclass(frozen=True)
class Line:
    """What is said of both under one heading: (values of the one, values of the other), how many more there are, and
    what stands where there are none."""

    label: str
    sides: tuple[tuple[Value, ...], tuple[Value, ...]]
    left: tuple[int, int] = (0, 0)
    none: tuple[str, str] = (NOTHING, NOTHING)

    @property
    def cells(self) -> list[tuple[str, tuple[Value, ...], int, str]]:
        return list(zip("AB", self.sides, self.left, self.none, strict=True))

    @property
    def shared(self) -> list[Value]:
        return [value for value in self.sides[0] if value.is_shared]


def line(label: str, one: Iterable[Value], other: Iterable[Value]) -> Line | None:
    """A line whose shared values are marked; None where neither side says anything. Case does not count: `Canada` and
    `canada` are shared."""
    sides = [{value.text.casefold(): value for value in values if value.text} for values in (one, other)]
    if not any(sides):
        return None
    shared = sides[0].keys() & sides[1].keys()
    marked = [[replace(value, is_shared=key in shared) for key, value in side.items()] for side in sides]
    for side in marked:
        if len(side) > MOST_SHOWN:
            side.sort(key=lambda value: not value.is_shared)
    first, second = (tuple(side[:MOST_SHOWN]) for side in marked)
    return Line(label, (first, second), (len(marked[0]) - len(first), len(marked[1]) - len(second)))


def lines_of_entries(one: Entry, other: Entry) -> list[Line]:
    """Kind, date, facts, parties, categories, tags and references of two entries that are `whole`."""
    both = (one, other)
    taxonomies = {row.category.taxonomy.name for entry in both for row in entry.classifications.all()}
    found = [
        _line("Kind", both, lambda entry: [Value(entry.info.label, reverse(entry.kind))]),
        _line("Date", both, lambda entry: [Value(tell_date(entry.occurred_on, entry.occurred_precision))]),
        *_lines_of_facts(both),
        *(_line(role.label, both, partial(_parties, role=role)) for role in Role),
        *(_line(name, both, partial(_categories, taxonomy=name)) for name in sorted(taxonomies)),
        _line("Tags", both, _tags),
        Line("References", (_number_of_references(one), _number_of_references(other))),
        _line("Language", both, lambda entry: [Value(language_label(entry.language))]),
    ]
    return [one for one in found if one]


def in_other_roles(one: Entry, other: Entry) -> list[tuple[Any, str, str]]:
    """(entity, its role in the one, its role in the other) of those that both name and in no role alike."""
    first: dict[Any, str] = {}
    second: dict[Any, str] = {}
    for entry, roles in ((one, first), (other, second)):
        for part in entry.roles.all():
            said = part.get_role_display()
            roles[part.entity] = f"{roles[part.entity]}, {said}" if part.entity in roles else said
    alike = {(part.entity_id, part.role) for part in one.roles.all()}
    same = {part.entity for part in other.roles.all() if (part.entity_id, part.role) in alike}
    return [(entity, role, second[entity]) for entity, role in first.items() if entity in second and entity not in same]


def references_of_both(one: Entry, other: Entry) -> list[Reference]:
    """Those that both cite."""
    cited = {citation.reference_id for citation in other.citations.all()}
    return [citation.reference for citation in one.citations.all() if citation.reference_id in cited]


def _line(label: str, both: Sequence[Entry], values: Callable[[Entry], list[Value]]) -> Line | None:
    return line(label, *(values(entry) for entry in both))


def _number_of_references(entry: Entry) -> tuple[Value, ...]:
    return (Value(str(len(entry.citations.all()))),)  # that two are as many is not something that they share


def _lines_of_facts(both: tuple[Entry, Entry]) -> list[Line]:
    """A line for each fact. What kinds call otherwise and lists narrow down by alike, such as the sector of an incident
    and the industry of a case study, is one; what a kind has no place for is told from what nobody said."""
    has = [KINDS[entry.kind].facts.model_fields for entry in both]
    names = dict.fromkeys(name for fields in has for name in fields)
    asked: dict[tuple[str, ...], str] = {}
    for name in names:
        filter, facts = next(((filter, facts) for filter, facts in FACTS.items() if name in facts), ("", (name,)))
        alike = tuple(fact for fact in facts if fact in names)
        asked[alike] = filter.capitalize() if len(alike) > 1 else field_label(FACT + name)
    found = []
    for alike, label in asked.items():
        values = ([value for name in alike for value in _fact(entry, name)] for entry in both)
        if made := line(label, *values):
            found.append(replace(made, none=(_none(both[0], alike), _none(both[1], alike))))
    return found


def _none(entry: Entry, facts: tuple[str, ...]) -> str:
    info = KINDS[entry.kind]
    return NOTHING if set(facts) & info.facts.model_fields.keys() else f"not recorded of {info.plural.lower()}"


def _fact(entry: Entry, name: str) -> list[Value]:
    value = entry.facts.get(name, "")
    said = map(str, value if isinstance(value, list) else [value])
    narrows = next((filter for filter, facts in FACTS.items() if name in facts), "")
    return [Value(as_label(as_fact(part, narrows)) if narrows else part) for part in said]


def _parties(entry: Entry, role: Role) -> list[Value]:
    return [Value(one.entity.name, one.entity.get_absolute_url()) for one in entry.roles.all() if one.role == role]


def _categories(entry: Entry, taxonomy: str) -> list[Value]:
    """Those that somebody put it in; what is only suggested is nobody's word."""
    rows = [one.category for one in entry.classifications.all() if one.origin in SAID]
    return [Value(" / ".join(one.path), one.get_absolute_url()) for one in rows if one.taxonomy.name == taxonomy]


def _tags(entry: Entry) -> list[Value]:
    return [Value(tag.name, f"{reverse(entry.kind)}?{urlencode({'tag': tag.slug})}") for tag in entry.tags.all()]
