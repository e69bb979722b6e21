"""What pages about the whole collection narrow it down by: kind, time, tag, and chips for what is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kb import held
from kb.filters import EntryFilter
from kb.kinds import KINDS
from kb.listing import Address, Chip, Choice, chips, tag_choices
from kb.models import Entry
from kb.rights import sees_hidden
from kb.unless_written import unless_written


@dataclass(frozen=True)
class Narrowing:
    """For the template `_narrowing.html`. `kept` are the parameters that its form hands on, `all` the address without
    filters but for the kind."""

    path: str
    kind: str
    kinds: list[tuple[str, str]]
    typed: dict[str, str]
    kept: dict[str, str]
    chips: list[Chip]
    tags: list[Choice]
    all: str

    @classmethod
    def of(cls, request: HttpRequest, filter: EntryFilter, kept: Mapping[str, str], address: Address) -> "Narrowing":
        """For a page whose address with another filter is `address(filter)`, and that has `kept` beside the filter."""
        user: Any = request.user
        entries, is_staff = Entry.objects.visible_to(user), sees_hidden(user)
        return cls(
            path=request.path,
            kind=filter.kind,
            kinds=[("", "Everything"), *((kind, info.plural) for kind, info in KINDS.items())],
            typed={name: request.GET.get(name, "") for name in ("since", "until")},
            kept={**filter.named, **kept},
            chips=chips(filter, address),
            tags=unless_written(
                ("tags", request.path, filter, tuple(kept.items()), is_staff),
                lambda: tag_choices(held.ids(filter.apply(entries)), filter, address),
            ),
            all=address(EntryFilter(kind=filter.kind)),
        )
