"""The filters that browsing, search and the API share: one value object, read from a query string."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date

from django.db.models import Q

from kb.dates import parse_date
from kb.kinds import KINDS
from kb.models import Entity
from kb.models.entries import EntryQuerySet

NAMED = ("tag", "entity", "category", "namespace")


class BadFilter(ValueError):
    """A filter's value makes no sense. `name` is the parameter, the message is for the person who typed it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class EntryFilter:
    """Which entries are meant. Empty fields do not restrict; `since` and `until` are inclusive."""

    kind: str = ""
    tag: str = ""
    entity: str = ""
    category: str = ""
    namespace: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "EntryFilter":
        """From a query string or JSON. Raises BadFilter for a kind or a date that does not exist."""
        kind = params.get("kind", "").strip().replace("-", "_")
        if kind and kind not in KINDS:
            raise BadFilter("kind", f"There is no kind “{kind}”: choose {', '.join(KINDS)}.")
        return cls(
            kind=kind,
            **{name: params.get(name, "").strip().replace("\0", "") for name in NAMED},
            since=_day(params, "since", last=False),
            until=_day(params, "until", last=True),
        )

    def apply(self, entries: EntryQuerySet) -> EntryQuerySet:
        """`entries`, restricted. Tag, entity and category are slugs; an entity that was merged means what it became."""
        conditions = Q()
        if self.kind:
            conditions &= Q(kind=self.kind)
        if self.since:
            conditions &= Q(occurred_on__gte=self.since)
        if self.until:
            conditions &= Q(occurred_on__lte=self.until)
        entries = entries.filter(conditions)
        if self.tag:
            entries = entries.filter(tags__slug=self.tag)
        if self.entity:
            entity = Entity.objects.filter(slug=self.entity).first()
            entries = entries.filter(roles__entity=entity.resolved()) if entity else entries.none()
        if self.category:
            entries = entries.filter(classifications__category__slug=self.category)
        if self.namespace:
            entries = entries.filter(external_ids__namespace=self.namespace)
        joins = self.entity or self.category or self.namespace
        return entries.distinct() if joins else entries

    @property
    def is_empty(self) -> bool:
        return self == EntryFilter()

    def without(self, name: str) -> "EntryFilter":
        return replace(self, **{name: getattr(EntryFilter(), name)})

    @property
    def named(self) -> dict[str, str]:
        """Those set that a reader chooses by following a link, for a form that has no field for them."""
        return {name: value for name in NAMED if (value := getattr(self, name))}

    def params(self) -> dict[str, str]:
        """What is set, as strings for an address."""
        return {name: str(value) for name, value in asdict(self).items() if value}


def _day(params: Mapping[str, str], name: str, *, last: bool) -> date | None:
    raw = params.get(name, "").strip()
    if not raw:
        return None
    try:
        partial = parse_date(raw)
    except ValueError as error:
        raise BadFilter(name, f"“{raw}” is not a date: write 2024, 2024-02 or 2024-02-14.") from error
    return partial.last_day() if last else partial.date
